"""Whisper with LoRA on a 4-bit (NF4) or plain base, on short encoder context.

The seed's trial named a module that does not exist (``o_proj``; Whisper's is ``out_proj``),
which PEFT drops silently beside valid names: here the number of adapters is asserted.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    Trainer,
    TrainerCallback,
    TrainingArguments,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    set_seed,
)

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import Seq2SeqCollator
from speakor_common.batching.sampling import EpochLengthSampler, by_length
from speakor_common.errors import CheckpointError, TrainingError
from speakor_common.models import checkpoints, cpu_dropout, precision
from speakor_common.models.short_context import (
    positions_for,
    positions_in,
    shortened_context,
    with_silence,
)
from speakor_common.recognition.recognisers import load_whisper
from speakor_common.storage import whole_directory
from speakor_common.training import epochlog
from speakor_common.training.arguments import arguments
from speakor_common.training.callbacks import EveryAdapterLearns, LossGuard
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog
from speakor_common.training.signals import run_or_resume

logger = logging.getLogger(__name__)

ADAPTED = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
MAX_LABEL_TOKENS = 448
_CLIP_SECONDS = 30.0
_SAVED_SHARE = 0.2  # of the run between checkpoints, which hold adapters only


def train(
    experiment: Experiment,
    data: DatasetDict,
    output: Path,
    run: RunLog,
    seed: int,
    callbacks: tuple[TrainerCallback, ...] = (),
) -> dict[str, Any]:
    """Train an adapter and save it in PEFT form, with the processor, into ``output``. An interrupted run continues.

    Args:
        data: prepared dataset with splits ``train`` and ``valid``.

    Returns:
        the content of ``run.json``.

    Raises:
        TrainingError: no usable clips, or adapters missing.
        CheckpointError: the base cannot be found.
    """
    set_seed(seed)
    base = checkpoints.resolve(experiment.base)
    processor = WhisperProcessor.from_pretrained(base, language="ko", task="transcribe")
    model, quantized = build(base, experiment)
    train_set, left_out = usable_clips(data["train"], processor, experiment)
    work = output.with_name(output.name + ".work")
    positions = positions_for(max(max(train_set["length"]), max(data["valid"]["length"])) / RATE)
    collator = Seq2SeqCollator(
        processor,
        model.config.decoder_start_token_id,
        MAX_LABEL_TOKENS,
        training_transform(experiment.augment),
    )
    trainer = ShortContextTrainer(
        model=model,
        args=_arguments(experiment, work, seed),
        train_dataset=train_set,
        eval_dataset=data["valid"].select(np.argsort(data["valid"]["length"], kind="stable")),
        data_collator=collator,
        callbacks=[
            EveryAdapterLearns(),
            LossGuard(),
            epochlog.TrainingLog(work, sum(train_set["length"]) / RATE, steps=True),
            *callbacks,
        ],
    )
    run_or_resume(trainer, work)
    with whole_directory(output) as folder:
        model.peft_config["default"].base_model_name_or_path = str(
            experiment.base
        )  # not a path of this machine
        model.save_pretrained(
            folder, save_embedding_layers=False
        )  # or PEFT looks for the base's configuration, on the Hub too
        processor.save_pretrained(folder)
        epochlog.keep(work, folder)
        facts = run.write(
            folder, steps=trainer.state.global_step, clips=len(train_set), left_out=left_out,
            quantized=quantized, encoder_positions=positions, base_directory=base.name,
            trainable_parameters=model.get_nb_trainable_parameters()[0],
        )  # fmt: skip
    shutil.rmtree(work)
    return facts


class ShortContextTrainer(Trainer):
    """Trainer that cuts Whisper's encoder to each batch's clips, which come by similar length: a batch costs what its longest does."""

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> EpochLengthSampler:
        return by_length(self, train_dataset or self.train_dataset, 1000 * self.args.seed)

    def training_step(self, model, inputs, *args, **kwargs):
        draw = 100_000 * self.args.seed + self.state.global_step  # a resumed run draws the same
        features = inputs["input_features"]
        with shortened_context(model, positions_in(features.shape[-1]), draw) as frames:
            inputs["input_features"] = with_silence(features, frames)
            return super().training_step(model, inputs, *args, **kwargs)

    def prediction_step(self, model, inputs, *args, **kwargs):
        with shortened_context(model, positions_in(inputs["input_features"].shape[-1])):
            return super().prediction_step(model, inputs, *args, **kwargs)


def merge(adapter: Path) -> Path:
    """Write a stock Whisper directory with the adapter's weights added, ``<adapter>-merged``; returns it.

    Raises:
        CheckpointError: ``adapter`` holds no PEFT adapter, or its base cannot be found.
    """
    if not (adapter / "adapter_config.json").is_file():
        raise CheckpointError(
            f"{adapter} holds no adapter_config.json; merging is for adapters: speakor train whisper --merge"
        )
    model, processor = load_whisper(adapter)
    target = adapter.with_name(adapter.name + "-merged")
    with whole_directory(target) as folder:
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        shutil.copy(
            adapter / "run.json", folder / "run.json"
        )  # what it was trained on, and with which context
    return target


def build(base: Path, experiment: Experiment) -> tuple[PeftModel, bool]:
    """A base with LoRA adapters on every attention and feed-forward projection, and whether it is 4-bit.

    Raises:
        TrainingError: an intended module got no adapter.
    """
    quantization = nf4_config() if experiment.quantize else None
    # The base is not trained, so it is kept as the device computes.
    model = WhisperForConditionalGeneration.from_pretrained(
        base, quantization_config=quantization, dtype=precision.dtype()
    )
    for module in model.modules():
        if hasattr(
            module, "support_avx512bf16_for_cpu"
        ):  # bitsandbytes repacks for such CPUs in evaluation, and cannot train after it
            module.support_avx512bf16_for_cpu = False
    model.config.use_cache = False
    model.accepts_loss_kwargs = False  # or the Trainer does not divide by the accumulation steps
    if experiment.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return adapt(model, experiment), quantization is not None


def adapt(model: WhisperForConditionalGeneration, experiment: Experiment) -> PeftModel:
    """Put LoRA adapters on every attention and feed-forward projection.

    Raises:
        TrainingError: an intended module got no adapter.
    """
    # No task_type: SEQ_2_SEQ_LM makes PEFT pass input_ids, which Whisper's audio input is not.
    config = LoraConfig(
        r=experiment.lora_rank,
        lora_alpha=experiment.lora_alpha,
        lora_dropout=experiment.lora_dropout,
        target_modules=list(ADAPTED),
    )
    expected = sum(name.rsplit(".", 1)[-1] in ADAPTED for name, _ in model.named_modules())
    adapted = get_peft_model(model, config)
    cpu_dropout.pack(adapted, ".lora_dropout.")  # what the model itself drops stays
    adapted.accepts_loss_kwargs = False
    found = sum(name.endswith("lora_A.default") for name, _ in adapted.named_modules())
    if found != expected:
        raise TrainingError(
            f"{found} LoRA adapters were placed, {expected} modules are named {ADAPTED}"
        )
    return adapted


def nf4_config():
    """NF4 with double quantisation and bf16 compute, or ``None`` with a warning where bitsandbytes cannot work."""
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes

        weight = bitsandbytes.nn.Params4bit(
            torch.randn(64, 64), quant_type="nf4", compress_statistics=True
        )
        bitsandbytes.functional.dequantize_4bit(
            *bitsandbytes.functional.quantize_4bit(weight.data, quant_type="nf4")
        )
    except (ImportError, RuntimeError, NotImplementedError, AttributeError) as error:
        logger.warning(
            "4-bit quantisation is not available here (%s); training LoRA on the unquantised base",
            error,
        )
        return None
    # A CPU without bf16 instructions emulates them, some ten times slower than fp32.
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=precision.dtype(),
    )


def usable_clips(
    data: Dataset, processor: WhisperProcessor, experiment: Experiment
) -> tuple[Dataset, dict[str, int]]:
    """Clips Whisper can take (at most 30 s and 448 label tokens), and how many were left out why.

    Raises:
        TrainingError: nothing is left.
    """
    longest = min(experiment.max_seconds, _CLIP_SECONDS) * RATE
    tokens = [len(ids) for ids in processor.tokenizer(data["text"][:]).input_ids]
    keep, left_out = [], {"too long": 0, "too short": 0, "too many label tokens": 0}
    for index, (length, count) in enumerate(zip(data["length"], tokens, strict=True)):
        if length > longest:
            left_out["too long"] += 1
        elif length < experiment.min_seconds * RATE:
            left_out["too short"] += 1
        elif count > MAX_LABEL_TOKENS:
            left_out["too many label tokens"] += 1
        else:
            keep.append(index)
    left_out = {reason: count for reason, count in left_out.items() if count}
    if not keep:
        raise TrainingError(f"none of {len(data)} training clips is usable: {left_out}")
    if left_out:
        logger.warning(
            "%d of %d training clips are left out: %s", len(data) - len(keep), len(data), left_out
        )
    return (data if len(keep) == len(data) else data.select(keep).flatten_indices()), left_out


def _arguments(experiment: Experiment, work: Path, seed: int) -> TrainingArguments:
    """Validate by loss alone: generating transcripts every epoch would cost more than training."""
    return arguments(
        experiment,
        work,
        seed,
        per_device_eval_batch_size=8,
        save_strategy="steps",
        save_steps=_SAVED_SHARE,
        save_total_limit=1,
        prediction_loss_only=True,
        logging_steps=5,
        label_names=["labels"],
    )
