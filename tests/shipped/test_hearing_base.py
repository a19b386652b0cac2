"""The network that hears people: what it is trained on, and its heads on kept encoder states."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from speakor_common.audio import decode, encode_wav, level_speech
from speakor_common.models.ctc import load_ctc
from speakor_common.shipped.base_tiny import as_dataset
from speakor_common.shipped.hearing_base import joined
from speakor_common.shipped.kept_states import keep_states
from speakor_common.text import to_jamo
from speakor_common.training.finetune_ctc import train_ctc
from tests.builders import tone
from tests.networks import ARCHITECTURES, random_checkpoint
from tests.training.small import ctc_experiment, run_log


def clips(count=4, seconds=1.0) -> Dataset:
    rows = [
        {
            "utterance_id": f"KRX{number:03d}_KX{number % 2:04d}_20220103",
            "text": "국물",
            "pronounced": to_jamo("궁물"),
            "audio": encode_wav(tone(seconds, frequency=100 + 40 * number)),
            "length": int(seconds * 16_000),
        }
        for number in range(count)
    ]
    return as_dataset(rows)


@pytest.fixture
def network(tmp_path):
    return random_checkpoint(ARCHITECTURES["Whisper's encoder"], tmp_path / "base")


def test_states_are_kept_once_and_copies_differ(network, tmp_path):
    model, processor = load_ctc(network)
    kept = keep_states(clips(2), model, processor, tmp_path / "states", copies=1)
    assert kept["utterance_id"][:2] == [f"KRX000_KX0000_20220103#{copy}" for copy in (0, 1)]
    assert len(set(kept["audio_digest"])) == 4 and kept["length"][0] == 16_000
    first, copy = (np.load(file) for file in kept["states"][:2])
    assert first.dtype == np.float16 and first.shape == (2, 50, 16)
    assert copy.shape != first.shape or not np.allclose(copy, first)

    # They are what the network computes, and are not computed again.
    wave = level_speech(decode(clips(1)[0]["audio"]))
    features = processor(wave, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        expected, _ = model.eval().encode(features["input_features"])
    assert np.allclose(first, expected[:, 0].numpy(), atol=1e-2)
    times = {file: file.stat().st_mtime_ns for file in (tmp_path / "states").rglob("*.npy")}
    again = keep_states(clips(2), model, processor, tmp_path / "states", copies=1)
    assert again["states"][:] == kept["states"][:] and len(times) == 4
    assert all(file.stat().st_mtime_ns == time for file, time in times.items())


def test_heads_learn_from_kept_states_and_the_encoder_does_not(network, tmp_path):
    model, processor = load_ctc(network)
    kept = keep_states(clips(4), model, processor, tmp_path / "states")
    used = ctc_experiment(
        network, epochs=12, batch_size=2, learning_rate=1e-2, schedule="constant", best_by="loss"
    )
    data = {"train": kept, "valid": kept.select([0, 1])}
    facts = train_ctc(used, data, tmp_path / "model", run_log(used), 1)
    assert facts["clips"] == 4 and facts["steps"] == 12

    before, after = (dict(load_ctc(d)[0].named_parameters()) for d in (network, tmp_path / "model"))
    changed = {name.split(".")[0] for name in before if not before[name].equal(after[name])}
    assert changed == {"mixing", "spelled_head", "spoken_head"}


def test_sentences_of_one_speaker_are_joined_with_pauses():
    single = clips(10, seconds=6.0)
    rows = joined(single, seed=1)
    assert len(rows) == 4
    for row in rows:
        parts = row["utterance_id"].split("+")
        assert len(parts) == 2 and len({part.split("_")[1] for part in parts}) == 1
        assert row["text"] == "국물 국물" and row["pronounced"] == to_jamo("궁물 궁물")
        assert 12.2 * 16_000 <= row["length"] == len(decode(row["audio"])) <= 20 * 16_000
    used = [part for row in rows for part in row["utterance_id"].split("+")]
    assert len(used) == len(set(used))
