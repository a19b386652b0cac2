"""Speaker vectors: the package's own numbers, and what is said when its weights are not there."""

import importlib
import sys
from types import ModuleType

import numpy as np
import pytest

from speakor_common.errors import CheckpointError
from speakor_common.models import speaker_encoder
from speakor_common.models.speaker_encoder import SIZE, mean_vector, window_vectors
from tests.builders import tone


@pytest.fixture
def stock(monkeypatch):
    """The package's own encoder; what it imports to find speech is not needed to compare."""
    absent = ("webrtcvad", "scipy.ndimage.morphology")
    for name in absent:
        module = ModuleType(name)
        module.binary_dilation = None
        monkeypatch.setitem(sys.modules, name, module)
    package = pytest.importorskip("resemblyzer")
    yield package.VoiceEncoder("cpu", verbose=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "resemblyzer"]:
        del sys.modules[name]


def clip(seconds, seed=0):
    """Something with many frequencies: a tone in noise."""
    noise = np.random.default_rng(seed).standard_normal(int(seconds * 16_000))
    return (tone(seconds, frequency=150 + seed) + 0.05 * noise).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.7, 1.6, 2.0, 3.1, 5.03])
@pytest.mark.parametrize(("step", "rate"), [(160, 0.625), (77, 1.3)])
def test_vectors_are_those_of_the_package(stock, seconds, step, rate):
    mine = window_vectors([clip(seconds, 1), clip(seconds)], step)[1]
    theirs, windows, _ = stock.embed_utterance(clip(seconds), return_partials=True, rate=rate)
    np.testing.assert_allclose(mine, windows, atol=1e-5)
    np.testing.assert_allclose(mean_vector(mine), theirs, atol=1e-5)


def test_a_vector_has_length_one_and_a_clip_at_least_one():
    vectors = window_vectors([clip(0.2), clip(4.0)])
    assert [len(each) for each in vectors] == [1, 2]
    for each in vectors:
        assert each.shape[1] == SIZE and (each >= 0).all()
        np.testing.assert_allclose(np.linalg.norm(each, axis=1), 1, rtol=1e-5)
    assert window_vectors([]) == []
    assert not mean_vector(np.zeros((2, SIZE), np.float32)).any()


def test_missing_or_other_weights_are_said(monkeypatch, tmp_path):
    speaker_encoder._encoder.cache_clear()
    try:
        (tmp_path / "pretrained.pt").write_bytes(b"other")
        monkeypatch.setattr(speaker_encoder, "_packaged_file", lambda: tmp_path / "pretrained.pt")
        with pytest.raises(CheckpointError, match=r"has sha256 .* expected 39373b86598fa3da"):
            window_vectors([clip(1.0)])
        monkeypatch.undo()
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert not speaker_encoder.is_installed()
        with pytest.raises(CheckpointError, match="pip install --no-deps resemblyzer"):
            window_vectors([clip(1.0)])
    finally:
        speaker_encoder._encoder.cache_clear()
