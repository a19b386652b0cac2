"""Posteriors of any CTC network: a clip's own, whatever it is computed with and by."""

import numpy as np
import pytest
from transformers import Wav2Vec2Config

from speakor_common.models import export
from speakor_common.models.posteriors import load_posteriors
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.recognisers import load_recogniser
from tests.builders import tone
from tests.networks import ARCHITECTURES, OF_WAVES, SMALL, random_checkpoint

# A wider spread of weights than in training, so that padding would show in the posteriors.
CONFIGS = ARCHITECTURES | {
    "wav2vec2, group norm with bias": Wav2Vec2Config(**SMALL, **OF_WAVES, conv_bias=True)
}
SPREAD = 0.3

# Exported like one that is tested already; exporting takes seconds.
SAME_GRAPH = ("wav2vec2, layer norm", "wav2vec2, group norm with bias")


def checkpoint(name, directory):
    config = CONFIGS[name]
    config.initializer_range = SPREAD
    return random_checkpoint(config, directory)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_clip_has_the_posteriors_it_has_alone(name, tmp_path):
    network = load_posteriors(checkpoint(name, tmp_path), "cpu")
    waves = [tone(seconds, frequency=100 + 300 * seconds) for seconds in (0.3, 1.7, 0.9)]
    for wave, together in zip(waves, network.posteriors(waves), strict=True):
        (alone,) = network.posteriors([wave])
        assert set(alone) == set(together) == set(network.heads)
        for head, logs in alone.items():
            assert logs.dtype == np.float32 and np.allclose(np.exp(logs).sum(1), 1, atol=1e-4)
            assert logs.shape == together[head].shape
            assert np.allclose(logs, together[head], atol=1e-4)


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in SAME_GRAPH])
def test_every_architecture_recognises_and_exports(name, tmp_path):
    directory = checkpoint(name, tmp_path / "model")
    exported = export.export_ctc(directory, int8=False)
    waves = [tone(seconds) for seconds in (1.0, 0.02, 2.7)]

    # The exported network says the same, of clips of any length.
    recognisers = [CTCRecogniser(folder, "cpu") for folder in (directory, exported)]
    torch_posteriors, onnx_posteriors = (r.posteriors(waves) for r in recognisers)
    for expected, computed in zip(torch_posteriors, onnx_posteriors, strict=True):
        assert list(computed) == list(expected)
        for head, logs in expected.items():
            assert computed[head].shape == logs.shape
            assert np.allclose(computed[head], logs, atol=1e-3)

    # And so do the recognisers that transcribers take.
    texts = [load_recogniser(folder, "cpu").recognise(waves) for folder in (directory, exported)]
    assert [t.text for t in texts[0]] == [t.text for t in texts[1]]
    assert texts[0][0].text and texts[0][0].words[-1].end_s <= 1.0
