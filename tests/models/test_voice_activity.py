"""Voice activity: the packaged network's own answers, and no voice in what is none."""

import zipfile

import numpy as np
import pytest
import torch

from speakor_common.audio import RATE, decode
from speakor_common.models.voice_activity import WINDOW, speech_probabilities
from speakor_common.paths import sample_corpus


@pytest.fixture(scope="module")
def speech():
    """A clip of the sample corpus."""
    archive = min(sample_corpus().rglob("TS_1*.zip"))
    with zipfile.ZipFile(archive) as members:
        name = min(name for name in members.namelist() if not name.endswith("/"))
    return decode(f"{archive}!/{name}")


def test_answers_are_those_of_the_packaged_network(speech):
    threads = torch.get_num_threads()
    try:
        from silero_vad import load_silero_vad

        stock = load_silero_vad().audio_forward(torch.from_numpy(speech)[None], RATE)[0].numpy()
    finally:
        torch.set_num_threads(threads)  # importing the package sets it to one
    np.testing.assert_allclose(speech_probabilities(speech), stock, atol=1e-4)


NOISE = np.random.default_rng(0).standard_normal(3 * RATE)
TIME = np.arange(3 * RATE) / RATE


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(3 * RATE),
        0.1 * NOISE,
        5e-4 * NOISE,
        0.3 * np.sin(2 * np.pi * 440 * TIME),
        np.concatenate([[0.99, -0.99] * 8, np.zeros(3 * RATE)]),
    ],
    ids=["silence", "white noise", "room", "tone", "click"],
)
def test_what_is_no_voice_has_none(sound):
    assert speech_probabilities(sound.astype(np.float32)).max() < 0.2


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_a_voice_in_noise_is_one(speech, snr_db):
    level = np.sqrt(np.mean(speech**2)) * 10 ** (-snr_db / 20)
    noise = np.resize(NOISE, len(speech)) * level
    assert speech_probabilities((speech + noise).astype(np.float32)).max() > 0.5


def test_one_decision_for_every_window_begun():
    assert len(speech_probabilities(np.zeros(0, np.float32))) == 0
    assert len(speech_probabilities(np.zeros(WINDOW + 1, np.float32))) == 2
