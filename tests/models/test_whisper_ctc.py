"""CTC on Whisper's encoder: the stock encoder's states, two heads, adapters; on random weights."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoModelForCTC, WhisperFeatureExtractor, WhisperModel

from speakor_common.errors import AudioError, CheckpointError
from speakor_common.models.ctc import count_frames, load_ctc
from speakor_common.models.jamo_tokenizer import jamo_tokenizer
from speakor_common.models.whisper_ctc import WhisperCTC
from speakor_common.models.whisper_ctc_processor import (
    LONGEST_S,
    ThinnedFeatureExtractor,
    WhisperCTCProcessor,
)
from tests.builders import tiny_whisper, tone

EXTRACT = ThinnedFeatureExtractor()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture
def model(base):
    torch.manual_seed(0)
    settings = {"layers": [1, 2], "width": 16, "adapter_rank": 2}
    return WhisperCTC.from_whisper(base, **settings).eval()


def features(*waves):
    return EXTRACT(list(waves), sampling_rate=16_000, return_tensors="pt")


def test_states_are_the_stock_encoders_at_full_context(base, model):
    wave = tone(LONGEST_S)
    stock_features = WhisperFeatureExtractor()(wave, sampling_rate=16_000, return_tensors="pt")
    stock = WhisperModel.from_pretrained(base).eval().encoder
    with torch.inference_mode():
        expected = stock(stock_features.input_features, output_hidden_states=True).hidden_states[1]
        states, frames = model.encode(**features(wave))
    assert frames.tolist() == [1452] and states.shape[:3] == (2, 1, 1452)
    normal = torch.nn.functional.layer_norm(expected[:, :1452], expected.shape[-1:])
    assert torch.allclose(states[0], normal, atol=1e-5)


def test_a_clip_says_what_it_says_alone(model):
    waves = [tone(seconds, frequency=100 * seconds) for seconds in (1.31, 0.4, 2.0)]
    with torch.inference_mode():
        together = model(**features(*waves))
        for row, wave in enumerate(waves):
            alone = model(**features(wave))
            frames = alone.logits.shape[1]
            assert frames == -(-len(wave) // 320)
            for head in ("logits", "spoken_logits"):
                assert torch.allclose(together[head][row, :frames], alone[head][0], atol=1e-5)


def test_only_heads_and_adapters_learn_and_all_of_them_do(model):
    model.train()
    labels, spoken = torch.tensor([[5, 6, 7], [8, -100, -100]]), torch.tensor([[5, 6], [7, 9]])
    model(**features(tone(0.7), tone(1.1)), labels=labels, spoken_labels=spoken).loss.backward()
    learning = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert all(gradient is not None for gradient in learning.values())
    parts = {name.split(".")[0] for name in learning}
    assert parts == {"encoder", "mixing", "spelled_head", "spoken_head"}
    assert all("lora_" in name for name in learning if name.startswith("encoder"))


def test_each_head_learns_from_its_own_labels(model):
    clips = features(tone(0.7), tone(1.1))
    labels, unknown = torch.tensor([[5, 6], [8, 9]]), torch.tensor([[7, 9], [-100, -100]])
    with torch.inference_mode():
        spelled = model(**clips, labels=labels).loss
        both = model(**clips, labels=labels, spoken_labels=unknown).loss
        first = model(**features(tone(0.7)), spoken_labels=unknown[:1]).loss
        nothing = model(**clips, labels=labels, spoken_labels=torch.full((2, 2), -100)).loss
    assert both.item() == pytest.approx((spelled + first).item(), rel=1e-4)
    assert nothing == spelled


def test_new_adapters_change_nothing_and_trained_ones_do(base, model):
    plain = WhisperCTC.from_whisper(base, layers=[1, 2], width=16).eval()
    clip = features(tone(1.0))
    with torch.inference_mode():
        before = model.encode(**clip)[0]
        assert torch.equal(before, plain.encode(**clip)[0])
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.5)
        assert not torch.allclose(model.encode(**clip)[0], before, atol=1e-3)


def test_saved_without_the_bases_weights_and_loaded_with_them(model, tmp_path):
    WhisperCTCProcessor(EXTRACT, jamo_tokenizer()).save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    clip = features(tone(1.0))
    again, processor = load_ctc(tmp_path)
    assert isinstance(processor.feature_extractor, ThinnedFeatureExtractor)
    with torch.inference_mode():
        assert torch.allclose(again.eval()(**clip).logits, model(**clip).logits, atol=1e-5)
    own = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert (tmp_path / "model.safetensors").stat().st_size < 4 * own + 10_000

    # Samples and frames agree, also where a clip ends within a frame.
    for samples in (320, 321, 16_000):
        (frames,) = count_frames(again, processor, torch.tensor([samples]))
        assert model(**features(tone(1.0)[:samples])).logits.shape[1] == frames


def test_a_base_that_does_not_fit_is_refused(model, base, tmp_path):
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    other = tiny_whisper(tmp_path / "other")
    wide = json.loads((other / "config.json").read_text()) | {"d_model": 32}
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    WhisperForConditionalGeneration(WhisperConfig(**wide)).save_pretrained(other)
    (tmp_path / "config.json").write_text(json.dumps(config | {"base": str(other)}))
    with pytest.raises(CheckpointError, match="expected shape"):
        AutoModelForCTC.from_pretrained(tmp_path)


def test_a_clip_that_does_not_fit_is_refused():
    with pytest.raises(AudioError, match="at most 29"):
        features(np.zeros(30 * 16_000, np.float32))
