"""Models lent and decoded: what their run.json says of time, and of whose weights they are."""

import pytest

from speakor_common.storage import read_json, write_json
from speakor_common.training import decoded_weights
from speakor_common.training.decoded_weights import with_decoder
from speakor_common.training.fingerprints import RUN_FILE
from speakor_common.training.preset import LanguageModels
from tests.builders import prepared
from tests.training.small import ctc_experiment, run_log

HOUR = 3600.0


@pytest.fixture
def source(tmp_path):
    """A model that took an hour."""
    folder = tmp_path / "exp05"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    facts = {"fingerprint": "a", "steps": 9, "seconds": HOUR, "best_validation_wer": 0.5}
    write_json(folder / RUN_FILE, facts)
    return folder


def decoded(base, trained, output, order=None):
    changed = ctc_experiment(base)
    if order:
        changed = decoded_weights.Experiment(
            name=output.name,
            title="",
            note="",
            training=changed.training,
            decoding=LanguageModels(order=order),
        )
    return with_decoder(changed, prepared(), trained, output, run_log(changed), 1)


@pytest.fixture(autouse=True)
def fitted(monkeypatch):
    facts = {"decoding": {}, "best_validation_wer": 0.4, "greedy_validation_wer": 0.5}
    monkeypatch.setattr(decoded_weights, "_fit_decoder", lambda *rest: facts)


def test_lent_weights_claim_no_time_and_say_whose_they_are(ctc_base, source, tmp_path):
    lent = decoded(ctc_base, source, tmp_path / "exp04")
    assert lent["seconds"] < 60 and lent["training_seconds"] == HOUR
    assert lent["trained_as"] == "exp05" and lent["steps"] == 9

    # Whoever lends on says whose they were, and decoding is time of one's own.
    again = decoded(ctc_base, tmp_path / "exp04", tmp_path / "exp06", order=3)
    assert again["trained_as"] == "exp05" and again["seconds"] < 60
    assert again["training_seconds"] == HOUR
    refitted = decoded(ctc_base, tmp_path / "exp06", tmp_path / "exp06", order=4)
    assert refitted["seconds"] < 60 and refitted["trained_as"] == "exp05"


def test_a_decoder_adds_its_time_to_that_of_ones_own_training_once(ctc_base, source):
    for order in (3, 4):  # and does not pile up
        facts = decoded(ctc_base, source, source, order)
        assert HOUR <= facts["seconds"] < HOUR + 60 and "trained_as" not in facts
        assert read_json(source / RUN_FILE) == facts
    plain = decoded(ctc_base, source, source)
    assert plain["best_validation_wer"] == 0.5 and plain["training_seconds"] == HOUR
