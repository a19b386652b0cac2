"""Callbacks that decide: what learns when, and what stops a run."""

import os
import signal

import pytest
import torch
from transformers import TrainerControl, TrainerState

from speakor_common.errors import TrainingError
from speakor_common.models.ctc import load_ctc
from speakor_common.training.callbacks import (
    EveryAdapterLearns,
    LossGuard,
    SaveOnSignal,
    StagedUnfreezing,
    submodules,
)
from speakor_common.training.preset import FEATURE_ENCODER, NEVER, TOP_LAYERS, Stage


def trainable(module):
    return {p.requires_grad for p in module.parameters()}


def test_a_stage_names_modules_or_a_slice_of_layers(ctc_base):
    model, _ = load_ctc(ctc_base)
    layers = list(model.base_model.encoder.layers)
    assert submodules(model, FEATURE_ENCODER) == [model.base_model.feature_extractor]
    assert submodules(model, TOP_LAYERS) == layers[-2:]
    assert submodules(model, "encoder.layers[:1]") == layers[:1]
    for path in ("encoder.nothing", "encoder.nothing[:1]"):
        with pytest.raises(TrainingError, match=r"a stage names 'encoder\.nothing"):
            submodules(model, path)


@pytest.mark.parametrize(
    ("epoch", "encoder_learns", "top_learns"),
    [(0.0, False, False), (4.9, False, False), (5.0, True, False), (8.0, True, True)],
)
def test_modules_learn_from_their_stage_on(ctc_base, epoch, encoder_learns, top_learns):
    model, _ = load_ctc(ctc_base)
    stages = (Stage(5, (FEATURE_ENCODER,)), Stage(8, (TOP_LAYERS,)))
    StagedUnfreezing(stages).apply(model, epoch)
    assert trainable(model.base_model.feature_extractor) == {encoder_learns}
    assert model.base_model.feature_extractor._requires_grad is encoder_learns
    assert trainable(model.base_model.encoder.layers[-1]) == {top_learns}
    assert trainable(model.lm_head) == {True}


def test_freezing_is_what_the_model_itself_does(ctc_base):
    staged, _ = load_ctc(ctc_base)
    own, _ = load_ctc(ctc_base)
    StagedUnfreezing((Stage(NEVER, (FEATURE_ENCODER,)),)).apply(staged, 0.0)
    own.freeze_feature_encoder()
    frozen = [{n for n, p in m.named_parameters() if not p.requires_grad} for m in (staged, own)]
    assert frozen[0] == frozen[1] != set()


def test_a_resumed_run_begins_in_its_stage(ctc_base):
    model, _ = load_ctc(ctc_base)
    callback = StagedUnfreezing((Stage(2, (FEATURE_ENCODER,)),))
    callback.on_train_begin(None, TrainerState(epoch=2.5), TrainerControl(), model=model)
    assert trainable(model.base_model.feature_extractor) == {True}
    rounded = TrainerState(epoch=1.9999999999)  # a whole epoch, counted in steps
    callback.on_epoch_begin(None, rounded, TrainerControl(), model=model)
    assert trainable(model.base_model.feature_extractor) == {True}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.157])
@pytest.mark.parametrize("name", ["loss", "eval_loss"])
def test_an_impossible_loss_stops_the_run(name, value):
    with pytest.raises(TrainingError, match=rf"{name} is .* at step 3"):
        LossGuard().on_log(None, TrainerState(global_step=3), None, {name: value})


def test_possible_losses_pass_and_wrong_ones_where_they_are_wanted():
    state = TrainerState(global_step=3)
    LossGuard().on_log(None, state, None, {"loss": 0.0, "eval_loss": 9.0, "grad_norm": -1.0})
    LossGuard().on_log(None, state, None, None)
    LossGuard(lowest=-float("inf")).on_log(None, state, None, {"loss": -3.0})
    with pytest.raises(TrainingError, match="eval_loss"):
        LossGuard(lowest=-float("inf")).on_log(None, state, None, {"eval_loss": -3.0})


def test_a_parameter_without_gradient_stops_the_run():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model(torch.ones(1, 2)).sum().backward()
    guard = EveryAdapterLearns()
    guard.on_pre_optimizer_step(None, TrainerState(), None, model=model)
    model[1].weight.grad = None
    with pytest.raises(TrainingError, match=r"1 trainable parameters get no gradient, 1\.weight"):
        guard.on_pre_optimizer_step(None, TrainerState(), None, model=model)
    guard.on_pre_optimizer_step(None, TrainerState(global_step=1), None, model=model)
    model[1].weight.requires_grad_(False)
    guard.on_pre_optimizer_step(None, TrainerState(), None, model=model)


class OnCpu:
    device = torch.device("cpu")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_a_checkpoint_and_a_second_one_acts_as_usual(number):
    before = signal.getsignal(number)
    callback = SaveOnSignal()
    callback.on_train_begin(OnCpu, TrainerState(), TrainerControl())
    control = TrainerControl()
    callback.on_step_end(OnCpu, TrainerState(), control)
    assert not control.should_save and callback.received is None

    os.kill(os.getpid(), number)
    assert callback.received == signal.Signals(number).name and signal.getsignal(number) is before
    callback.on_step_end(OnCpu, TrainerState(), control)
    assert control.should_save and control.should_training_stop


@pytest.mark.parametrize(("epoch", "kept"), [(1.5, False), (2.0, True)])
def test_an_epoch_cut_short_is_not_evaluated(epoch, kept):
    callback = SaveOnSignal()
    callback.received = "SIGTERM"
    control = TrainerControl(should_evaluate=True, should_save=True)
    callback.on_epoch_end(OnCpu, TrainerState(epoch=epoch), control)
    assert control.should_evaluate is kept and control.should_save is kept
