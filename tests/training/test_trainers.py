"""The Trainers: gradients, losses and validation are what they should be, and runs go on."""

import os
import signal
from itertools import count
from multiprocessing import get_context

import pytest
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from speakor_common.batching.collate import CTCCollator
from speakor_common.errors import TrainingError, TrainingInterrupted
from speakor_common.models import short_context
from speakor_common.models.ctc import load_ctc
from speakor_common.models.short_context import frames_for, shortened_context
from speakor_common.models.whisper import build_adapted
from speakor_common.training import finetune_ctc
from speakor_common.training.finetune_ctc import prepare_model, train_ctc
from speakor_common.training.preset import FEATURE_ENCODER, Stage
from speakor_common.training.trainers import (
    CTCTrainer,
    ShortContextTrainer,
    training_arguments,
)
from tests.builders import prepared, tone
from tests.training.small import ctc_experiment, run_log

# Half of the run with a frozen feature encoder, and steps that change much.
THAWING = {"stages": (Stage(2, (FEATURE_ENCODER,)),), "epochs": 4, "learning_rate": 1e-2}


def train(experiment, output, *callbacks, data=None):
    log = run_log(experiment)
    return train_ctc(experiment, data or prepared(), output, log, 1, callbacks)


def same_weights(*directories):
    first, second = (load_ctc(directory)[0].state_dict() for directory in directories)
    return all(torch.allclose(first[key], second[key], atol=1e-6) for key in first)


def test_a_preset_becomes_settings_of_the_trainer(ctc_base, tmp_path):
    training = ctc_experiment(ctc_base, warmup=0.25).training
    arguments = training_arguments(training, tmp_path, 7, logging_steps=3)
    assert arguments.num_train_epochs == 3 and arguments.warmup_steps == 0.25
    assert arguments.gradient_accumulation_steps == 2 and arguments.seed == arguments.data_seed == 7
    assert arguments.logging_steps == 3 and not arguments.remove_unused_columns


def gradients(base, work, batch_size, accumulation):
    """Gradient norm and loss of the first optimiser step over the same 8 clips."""
    torch.manual_seed(0)
    model, processor = load_ctc(base)
    prepare_model(model, ctc_experiment(base, mask_time_prob=0.0).training)
    data = prepared({"train": 8}, seconds=1.0)["train"]
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=1,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=accumulation,
        logging_steps=1,
        report_to=[],
        remove_unused_columns=False,
        use_cpu=True,
        max_grad_norm=1e9,
        disable_tqdm=True,
    )
    trainer = Trainer(model, arguments, train_dataset=data, data_collator=CTCCollator(processor))
    trainer.train()
    return trainer.state.log_history[0]


def test_accumulated_gradients_equal_one_large_batch(ctc_base, tmp_path):
    large = gradients(ctc_base, tmp_path / "a", 8, 1)
    small = gradients(ctc_base, tmp_path / "b", 2, 4)
    # Not equal to the last digit: group norm sees different padding in different batches.
    assert float(small["loss"]) == pytest.approx(float(large["loss"]), rel=0.02)
    assert float(small["grad_norm"]) == pytest.approx(float(large["grad_norm"]), rel=0.05)


def test_validation_decodes_nothing_out_of_padding(ctc_base, tmp_path):
    """A batch of unequal clips scores as its clips do one by one."""
    model, processor = load_ctc(ctc_base)
    collator = CTCCollator(processor)
    rows = [{"audio": (tone(s), 16_000), "text": "저는 학생"} for s in (0.5, 2.0)]
    arguments = TrainingArguments(
        output_dir=str(tmp_path), report_to=[], use_cpu=True, remove_unused_columns=False
    )
    trainer = CTCTrainer(
        model=model, args=arguments, data_collator=collator, train_collator=collator
    )
    _, symbols, _ = trainer.prediction_step(model, collator(rows), False)
    frames = model._get_feat_extract_output_lengths(torch.tensor([8_000, 32_000])).tolist()
    assert symbols.shape == (2, frames[1])
    assert (symbols[0, : frames[0]] >= 0).all() and (symbols[0, frames[0] :] == -100).all()
    assert (symbols[1] >= 0).all()


def test_a_loss_that_is_no_number_names_the_utterances_of_its_batch(ctc_base, tmp_path):
    # The second batch meets useless weights.
    used = ctc_experiment(ctc_base, learning_rate=1e30, warmup=0.0, gradient_accumulation=1)
    data = prepared()
    with pytest.raises(TrainingError, match="utterances: train") as caught:
        train(used, tmp_path / "model", data=data)
    identifiers = data["train"]["utterance_id"]
    named = [identifier for identifier in identifiers if identifier in str(caught.value)]
    assert len(named) == used.training.batch_size and not (tmp_path / "model").exists()


class SendSignal(TrainerCallback):
    """Sends this process a signal in the middle of an epoch."""

    def __init__(self, step, number):
        self.step = step
        self.number = number

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), self.number)


@pytest.fixture(scope="module")
def undisturbed(ctc_base, tmp_path_factory):
    """Models of runs nobody disturbed, by the strength of augmentation."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for augment in (0.0, 1.0):
        train(ctc_experiment(ctc_base, augment=augment, **THAWING), folder / str(augment))
    return lambda augment: folder / str(augment)


# Before and after the feature encoder thaws, in an epoch and at its end; two steps make an epoch.
@pytest.mark.parametrize("step", [0, 1, 4, 5])
def test_a_signal_saves_a_checkpoint_and_the_run_continues_to_the_same_weights(
    ctc_base, tmp_path, undisturbed, step
):
    # Not augmented: the clips of an epoch's second half would be drawn otherwise.
    used = ctc_experiment(ctc_base, **THAWING)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step + 1} of 8"):
        train(used, tmp_path / "parts", SendSignal(step, signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is before and not (tmp_path / "parts").exists()
    assert train(used, tmp_path / "parts")["steps"] == 8
    assert same_weights(undisturbed(0.0), tmp_path / "parts")


@pytest.mark.parametrize("step", [3, 4])  # at the end of the second epoch, and in the third
def test_an_interruption_is_no_reason_for_more_patience(ctc_base, tmp_path, monkeypatch, step):
    rates = count(1)
    monkeypatch.setattr(
        finetune_ctc,
        "word_and_character_errors",
        lambda processor: lambda prediction: {"wer": next(rates), "cer": 1.0},
    )

    used = ctc_experiment(ctc_base, epochs=6, patience=2)
    with pytest.raises(TrainingInterrupted):
        train(used, tmp_path / "parts", SendSignal(step, signal.SIGTERM))
    # Two steps an epoch, and two epochs no better than the first.
    assert train(used, tmp_path / "parts")["steps"] == 6


def train_until_killed(experiment, output, step):
    train(experiment, output, SendSignal(step, signal.SIGKILL))


def test_a_killed_run_ends_with_the_same_weights(ctc_base, tmp_path, undisturbed):
    used = ctc_experiment(ctc_base, augment=1.0, **THAWING)
    step = 7  # in the last epoch, after the feature encoder thawed
    child = get_context("spawn").Process(
        target=train_until_killed, args=(used, tmp_path / "parts", step)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL and not (tmp_path / "parts").exists()
    assert (tmp_path / "parts.work" / f"checkpoint-{step - 1}").is_dir()
    train(used, tmp_path / "parts")
    assert same_weights(undisturbed(1.0), tmp_path / "parts")


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_step_sees_the_clips_and_the_padding_whenever_it_is_computed(
    whisper_base, tmp_path, checkpointing
):
    model, _ = build_adapted(
        whisper_base,
        rank=8,
        alpha=16,
        dropout=0.0,
        quantize=False,
        gradient_checkpointing=checkpointing,
    )
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[])
    trainer = ShortContextTrainer(model=model, args=arguments)
    trainer.current_gradient_accumulation_steps = 1  # what train() would have set
    batch = {
        "input_features": torch.randn(2, 80, frames_for(100)).to(model.dtype),
        "labels": torch.tensor([[5, 6, 7], [8, 9, -100]]),
    }
    torch.manual_seed(1)
    trainer.training_step(model.train(), dict(batch))
    learned = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    reached = [grad for name, grad in learned.items() if "lora_B" in name]
    assert all(grad is not None and grad.abs().sum() > 0 for grad in reached)

    # The same with the backward pass inside as well; the draw is the first step's.
    model.zero_grad()
    torch.manual_seed(1)
    with shortened_context(model, 100, 100_000 * arguments.seed) as frames:
        features = short_context.with_padding(batch["input_features"], frames)
        trainer.compute_loss(model, batch | {"input_features": features}).backward()
    again = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert all(torch.allclose(learned[name], again[name], atol=1e-5) for name in learned)
    assert model.config.max_source_positions == 1500
