"""Fingerprints: what decides the weights is in them, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest
from datasets import DatasetDict

from speakor_common.audio import encode_wav
from speakor_common.storage import write_json
from speakor_common.training import fingerprints
from speakor_common.training.fingerprints import (
    RUN_FILE,
    augmentation_hash,
    clips_hash,
    data_hash,
    decoding_fingerprint,
    find_trained,
    finished_run,
    training_fingerprint,
    weights_sha256,
)
from speakor_common.training.preset import LanguageModels
from tests.builders import prepared, tone, write
from tests.training.small import ctc_experiment


def relabelled(split):
    data = prepared()
    texts = ["다른 말", *data[split]["text"][1:]]
    changed = data[split].remove_columns("text").add_column("text", texts)
    return DatasetDict({**data, split: changed})


def rerecorded(split):
    data = prepared()
    sounds = [encode_wav(tone(frequency=999)), *data[split]["audio"][1:]]
    changed = data[split].remove_columns("audio").add_column("audio", sounds)
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
        ({}, 1, lambda: rerecorded("train"), False),
        ({}, 1, lambda: rerecorded("valid"), False),
        ({}, 1, lambda: rerecorded("test"), True),
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


def test_other_sound_under_the_same_ids_and_texts_is_other_data(tmp_path):
    data = prepared()["valid"]
    assert clips_hash(data) == clips_hash(prepared()["valid"])
    assert clips_hash(data) != clips_hash(rerecorded("valid")["valid"])

    # Where audio is not copied, what lies at the reference counts and not where that is.
    without = data.remove_columns("audio")
    for folder in ("here", "there"):
        files = [write(tmp_path / folder / f"{n}.wav", data[n]["audio"]) for n in range(len(data))]
        referred = without.add_column("audio", [str(file) for file in files])
        assert clips_hash(referred) == clips_hash(data)


def test_what_a_prepared_corpus_knows_of_its_recordings_is_not_read_again():
    data = prepared()["valid"].remove_columns("audio")
    unreadable = data.add_column("audio", ["/no/such/file.wav"] * len(data))
    known, other = (
        unreadable.add_column("audio_digest", [f"{name}{n}" for n in range(len(data))])
        for name in ("a", "b")
    )
    assert clips_hash(known) != clips_hash(other)


def test_the_code_that_augments_decides_only_what_it_augments(ctc_base, monkeypatch):
    plain, augmented = (ctc_experiment(ctc_base, augment=strength) for strength in (0.0, 0.6))
    before = [training_fingerprint(used, prepared(), 1) for used in (plain, augmented)]
    monkeypatch.setattr(fingerprints, "augmentation_hash", lambda: "other code")
    after = [training_fingerprint(used, prepared(), 1) for used in (plain, augmented)]
    assert before[0] == after[0] and before[1] != after[1]


def test_comments_of_the_code_that_augments_change_nothing(tmp_path, monkeypatch):
    package = Path(fingerprints.__file__).parent.parent
    for name in fingerprints._AUGMENTS:
        write(tmp_path / name, (package / name).read_bytes())
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "training" / "fingerprints.py"))
    plain = augmentation_hash()

    file = tmp_path / fingerprints._AUGMENTS[0]
    source = file.read_text(encoding="utf-8")
    assert '"""Resample so that' in source and "0.3 * strength" in source
    reworded = source.replace('"""Resample so that', '"""Change the speed, so that')
    file.write_text(f"{reworded}\n# said otherwise\n", encoding="utf-8")
    assert augmentation_hash() == plain
    file.write_text(source.replace("0.3 * strength", "0.4 * strength"), encoding="utf-8")
    assert augmentation_hash() != plain
