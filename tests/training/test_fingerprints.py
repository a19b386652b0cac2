"""Fingerprints: what decides the weights is in them, and nothing else is."""

from dataclasses import replace

import pytest
from datasets import DatasetDict

from speakor_common.storage import write_json
from speakor_common.training.fingerprints import (
    RUN_FILE,
    data_hash,
    decoding_fingerprint,
    find_trained,
    finished_run,
    training_fingerprint,
    weights_sha256,
)
from speakor_common.training.preset import LanguageModels
from tests.builders import prepared
from tests.training.small import ctc_experiment


def relabelled(split):
    data = prepared()
    texts = ["다른 말", *data[split]["text"][1:]]
    changed = data[split].remove_columns("text").add_column("text", texts)
    return DatasetDict({**data, split: changed})


@pytest.mark.parametrize(
    ("changes", "seed", "data", "equal"),
    [
        ({}, 1, prepared, True),
        ({"learning_rate": 1e-5}, 1, prepared, False),
        ({"epochs": 4}, 1, prepared, False),
        ({}, 2, prepared, False),
        ({}, 1, lambda: relabelled("train"), False),
        ({}, 1, lambda: relabelled("valid"), False),
        ({}, 1, lambda: relabelled("test"), True),
    ],
)
def test_what_decides_the_weights_is_in_the_fingerprint(ctc_base, changes, seed, data, equal):
    plain = training_fingerprint(ctc_experiment(ctc_base), prepared(), 1)
    other = training_fingerprint(ctc_experiment(ctc_base, **changes), data(), seed)
    assert (plain == other) is equal


def test_names_and_decoding_are_not_in_it(ctc_base):
    used = ctc_experiment(ctc_base)
    other = replace(
        used, name="other", title="o", note="o", compared_with=(), decoding=LanguageModels(order=3)
    )
    data = prepared()
    assert training_fingerprint(used, data, 1) == training_fingerprint(other, data, 1)
    assert decoding_fingerprint(used, data, 1) is None
    longer = replace(other, decoding=LanguageModels(order=4))
    assert decoding_fingerprint(other, data, 1) != decoding_fingerprint(longer, data, 1)
    with_natives = DatasetDict({**data, "native_train": data["test"]})
    assert decoding_fingerprint(other, data, 1) != decoding_fingerprint(other, with_natives, 1)


def model(directory, fingerprint, content=b"weights", **facts):
    directory.mkdir(parents=True)
    (directory / "model.safetensors").write_bytes(content)
    facts = {"fingerprint": fingerprint, "weights_sha256": weights_sha256(directory)} | facts
    write_json(directory / RUN_FILE, facts)
    return directory


def test_trained_weights_are_found_beside_a_place_under_any_name(tmp_path):
    output = tmp_path / "asked for"
    assert (
        find_trained("a", output) is None and find_trained("a", tmp_path / "no" / "where") is None
    )
    other = model(tmp_path / "z other", "a")
    assert find_trained("a", output) == other and find_trained("b", output) is None
    assert find_trained("a", model(output, "a")) == output  # itself first


def test_what_has_other_weights_or_is_unfinished_is_not_found(tmp_path):
    merged = model(tmp_path / "exp05-merged", "a")
    (merged / "model.safetensors").write_bytes(b"other weights")
    exported = model(tmp_path / "exp05-onnx", "a")
    (exported / "model.safetensors").unlink()
    model(tmp_path / "exp05.partial", "a")
    model(tmp_path / "earlier-version", "a", weights_sha256=None)
    (tmp_path / "empty").mkdir()
    assert find_trained("a", tmp_path / "exp05") is None
    assert finished_run(tmp_path / "empty") is None


def test_a_data_hash_follows_ids_texts_and_order():
    plain = data_hash(["a", "b"], ["가", "나"])
    assert plain == data_hash(iter(["a", "b"]), iter(["가", "나"]))
    others = [data_hash(["b", "a"], ["나", "가"]), data_hash(["a", "b"], ["가", "다"])]
    assert plain not in others
    with pytest.raises(ValueError, match="shorter"):
        data_hash(["a", "b"], ["가"])
