"""CTC networks of any architecture are loaded, and where their frames lie is known."""

import json
import shutil

import pytest
import torch
from transformers import AutoConfig, AutoModel, Wav2Vec2Config, Wav2Vec2Processor

from speakor_common.errors import CheckpointError
from speakor_common.models.cpu_convolutions import MatmulFeatureEncoder
from speakor_common.models.ctc import (
    FrameGrid,
    count_frames,
    frame_grid,
    load_ctc,
    load_processor,
    restore_dropout,
)
from speakor_common.models.posteriors import load_posteriors
from tests.networks import ARCHITECTURES, OF_WAVES, SMALL, random_checkpoint

ADAPTED = Wav2Vec2Config(**SMALL, **OF_WAVES, add_adapter=True, num_adapter_layers=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return random_checkpoint(ARCHITECTURES["wav2vec2"], tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize(
    ("config", "grid"),
    [
        *(
            (ARCHITECTURES[name], FrameGrid(320, 400))
            for name in ARCHITECTURES
            if "w2v" not in name and "Whisper" not in name
        ),
        (ARCHITECTURES["Whisper's encoder"], FrameGrid(320, 1)),
        (ARCHITECTURES["w2v-BERT"], FrameGrid(320, 560)),
        (ADAPTED, FrameGrid(1280, 400)),
    ],
    ids=lambda value: getattr(value, "model_type", str(value)),
)
def test_frames_of_every_architecture_are_counted(config, grid, tmp_path):
    directory = random_checkpoint(config, tmp_path)
    model, processor = load_ctc(directory)
    assert frame_grid(directory, model.config, processor) == grid
    waves = torch.randn(1, 30_000).numpy()
    for samples in (grid.shortest, 7_777, 30_000):
        inputs = processor(waves[0, :samples], sampling_rate=16_000, return_tensors="pt")
        mask = inputs.pop("attention_mask")
        frames = count_frames(model, processor, torch.tensor([samples])).item()
        clip = {name: values[:, : int(mask.sum())] for name, values in inputs.items()}
        assert frames == model.eval()(**clip).logits.shape[1] >= 1


@pytest.mark.parametrize("name", ["wav2vec2", "hubert", "wavlm"])
def test_group_norm_encoders_of_all_architectures_get_their_matmul_twin(name, tmp_path):
    model, _ = load_ctc(random_checkpoint(ARCHITECTURES[name], tmp_path))
    assert isinstance(model.base_model.feature_extractor, MatmulFeatureEncoder)


@pytest.mark.parametrize("model_type", ["parakeet_ctc", "lasr_ctc"])
def test_an_architecture_without_masking_is_refused_with_those_that_can_be_trained(
    tmp_path, model_type
):
    AutoConfig.for_model(model_type).save_pretrained(tmp_path)
    words = rf"'{model_type}' has no hidden_dropout.*mask_time_prob.* are wav2vec2, hubert"
    for dropout in (None, 0.1):
        with pytest.raises(CheckpointError, match=words):
            load_ctc(tmp_path, dropout)


def test_rates_of_a_run_are_given_back(base):
    model, _ = load_ctc(base, dropout=0.37)
    assert model.config.hidden_dropout == model.config.final_dropout == 0.37
    restore_dropout(model, base)
    assert model.config.hidden_dropout == AutoConfig.from_pretrained(base).hidden_dropout != 0.37


def test_a_checkpoint_without_a_head_is_trained_but_not_used(base, tmp_path, caplog):
    directory = shutil.copytree(base, tmp_path / "pretrained")
    AutoModel.from_pretrained(base).save_pretrained(directory)
    config = json.loads((base / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config))
    load_ctc(directory)
    assert "has no CTC head" in caplog.text
    with pytest.raises(CheckpointError, match="has no CTC head"):
        load_posteriors(directory, "cpu")


@pytest.mark.parametrize("stated", [None, "Wav2Vec2ProcessorWithLM"])
def test_processors_are_found_whatever_a_checkpoint_says_of_them(base, tmp_path, stated):
    directory = shutil.copytree(base, tmp_path / "old")
    (directory / "processor_config.json").unlink()
    extractor = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1}
    tokenizer = json.loads((directory / "tokenizer_config.json").read_text())
    tokenizer.pop("processor_class")
    if stated:
        extractor["processor_class"] = tokenizer["processor_class"] = stated
    (directory / "preprocessor_config.json").write_text(json.dumps(extractor))
    (directory / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    processor = load_processor(directory, AutoConfig.from_pretrained(directory))
    assert type(processor) is Wav2Vec2Processor and len(processor.tokenizer) == SMALL["vocab_size"]


def test_what_is_no_ctc_checkpoint_says_why(base, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match="was not found"):
        load_ctc(tmp_path / "nothing")

    no_processor = shutil.copytree(base, tmp_path / "a")
    (no_processor / "processor_config.json").unlink()
    with pytest.raises(CheckpointError, match="no feature extractor with a CTC vocabulary"):
        load_ctc(no_processor)

    other = shutil.copytree(base, tmp_path / "b")
    (other / "vocab.json").write_text(json.dumps({"<pad>": 0, "<unk>": 1, "|": 2}))
    with pytest.raises(CheckpointError, match=r"writes 70 symbols and its vocabulary knows 3"):
        load_ctc(other)

    no_weights = shutil.copytree(base, tmp_path / "c")
    (no_weights / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="is no CTC checkpoint"):
        load_ctc(no_weights)
