"""Where checkpoints are found, and what they are."""

import json

import pytest

from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import (
    adapter_base,
    find_checkpoint,
    model_type,
    public_name,
    weights_hash,
)
from tests.builders import write


def model(folder, kind="wav2vec2"):
    write(folder / "config.json", json.dumps({"model_type": kind}).encode())
    return folder


def test_a_directory_comes_first_then_a_name_under_models(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    named = model(tmp_path / "models" / "exp05")
    assert find_checkpoint("exp05") == named.resolve()
    assert find_checkpoint(named) == named


def test_what_is_nowhere_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    for name, complaint in (
        ("nobody/nothing", r"was not found: directory nobody/nothing; .*not in the cache"),
        ("not//an//id", "is no Hub id"),
        ("base-tiny", "git checkout -- models/base-tiny"),
    ):
        with pytest.raises(CheckpointError, match=complaint):
            find_checkpoint(name)


def test_a_hub_model_may_be_pinned_to_a_revision(tmp_path, monkeypatch):
    asked = []

    def download(name, **options):
        unsafe = any("bin" in pattern for pattern in options["allow_patterns"])
        asked.append((name, options["revision"], unsafe))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert find_checkpoint("user/model@abc123") == find_checkpoint("user/model") == tmp_path
    assert asked == [("user/model", "abc123", False), ("user/model", None, False)]


def test_an_adapter_has_the_model_type_of_its_base(tmp_path):
    base = model(tmp_path / "base", "whisper")
    adapter = tmp_path / "adapter"
    content = json.dumps({"base_model_name_or_path": str(base)}).encode()
    write(adapter / "adapter_config.json", content)
    assert (adapter_base(adapter), model_type(adapter)) == (base, "whisper")
    assert (adapter_base(base), model_type(base)) == (None, "whisper")
    assert model_type(tmp_path) is None


def test_an_adapter_of_whisper_base_finds_it_under_models(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    base = model(tmp_path / "models" / "whisper-base", "whisper")
    for name in ("whisper-base", public_name("whisper-base"), "openai/whisper-base"):
        content = json.dumps({"base_model_name_or_path": name}).encode()
        write(tmp_path / "adapter" / "adapter_config.json", content)
        assert adapter_base(tmp_path / "adapter") == base.resolve()
    assert public_name("whisper-base") == "openai/whisper-base"
    assert public_name("somebody/model") == "somebody/model"


def test_weights_and_language_models_make_the_hash_and_nothing_else(tmp_path):
    hashes = []
    for name in ("model.safetensors", "README.md", "lm.arpa", "decoder.json", "model.onnx"):
        write(tmp_path / name, name.encode())
        hashes.append(weights_hash(tmp_path))
    assert hashes[0] == hashes[1] and len(set(hashes)) == 4
