"""Fine-tuning CTC models: any architecture, a stock model, the same weights from the same seed."""

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForCTC,
    SEWDConfig,
    TrainerCallback,
)

from speakor_common.models.cpu_dropout import PackedDropout
from speakor_common.models.ctc import load_ctc
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.storage import read_json
from speakor_common.training.finetune_ctc import prepare_model, train_ctc
from speakor_common.training.preset import FEATURE_ENCODER, Stage
from speakor_common.training.runlog import LOG_FILE, read_training_log
from tests.builders import prepared, tone
from tests.networks import ARCHITECTURES, OF_WAVES, SMALL, random_checkpoint
from tests.training.small import ctc_experiment, run_log


class Watch(TrainerCallback):
    """What learned in each step, by the first part of its name in the encoder."""

    def __init__(self):
        self.learned = []

    def on_pre_optimizer_step(self, args, state, control, model, **kwargs):
        names = [n for n, p in model.base_model.named_parameters() if p.grad is not None]
        self.learned.append({name.split(".")[0] for name in names})


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_any_architecture_trains_and_recognises(tmp_path, name):
    base = random_checkpoint(ARCHITECTURES[name], tmp_path / "base")
    used = ctc_experiment(
        base,
        epochs=2,
        batch_size=2,
        gradient_accumulation=2,
        learning_rate=1e-3,
        schedule="constant",
        best_by="loss",
        gradient_checkpointing=True,
        stages=(Stage(1, (FEATURE_ENCODER,)),),
        dropout=0.2,
    )
    watch = Watch()
    data = prepared({"train": 4, "valid": 2})
    facts = train_ctc(used, data, tmp_path / "model", run_log(used), 1, (watch,))

    # Two steps with every layer in both, and a feature encoder, where there is one, in the second.
    assert facts["steps"] == 2 and facts["clips"] == 4
    of_spectra = ("w2v-BERT", "Whisper's encoder")
    whole = {"layers"} if name == "Whisper's encoder" else {"feature_projection", "encoder"}
    assert all(whole <= learned for learned in watch.learned)
    thawed = ["feature_extractor" in learned for learned in watch.learned]
    assert thawed == [False, name not in of_spectra]
    rows = read_training_log(tmp_path / "model" / LOG_FILE)
    assert all(np.isfinite(float(row["validation_loss"])) for row in rows)

    # A stock model of the same architecture, whose rates are its base's.
    model = AutoModelForCTC.from_pretrained(tmp_path / "model")
    assert model.config.model_type == ARCHITECTURES[name].model_type
    for rate in ("hidden_dropout", "attention_dropout", "final_dropout"):
        own = getattr(ARCHITECTURES[name], rate)
        assert getattr(model.config, rate) == own != 0.2
    if name != "Whisper's encoder":  # which drops no layers
        assert model.config.layerdrop == SMALL["layerdrop"] > 0.0
    before = AutoModelForCTC.from_pretrained(base).state_dict()
    assert any(not torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert CTCRecogniser(tmp_path / "model", "cpu").recognise([tone(1.0)])


def test_an_architecture_without_layerdrop_trains_too(tmp_path):
    small = {key: value for key, value in SMALL.items() if key != "layerdrop"}
    config = SEWDConfig(
        **small, **OF_WAVES, conv_stride=(5, 2, 2, 2, 2, 2, 2), conv_kernel=[10] * 7
    )
    base = random_checkpoint(config, tmp_path / "base")
    used = ctc_experiment(base, epochs=1, stages=(), gradient_checkpointing=False)
    data = prepared({"train": 4, "valid": 2})
    train_ctc(used, data, tmp_path / "model", run_log(used), 1)
    assert not hasattr(AutoModelForCTC.from_pretrained(tmp_path / "model").config, "layerdrop")


def test_training_writes_a_stock_model_a_log_and_facts(ctc_base, tmp_path):
    used = ctc_experiment(ctc_base)
    facts = train_ctc(used, prepared(), tmp_path / "model", run_log(used), 1)
    model, processor = load_ctc(tmp_path / "model")
    assert model.config.vocab_size == len(processor.tokenizer)
    assert not list((tmp_path / "model").glob("*.bin")) and not (tmp_path / "model.work").exists()
    assert facts == read_json(tmp_path / "model" / "run.json")
    assert facts["clips"] == 8 and facts["steps"] == 6 and facts["experiment"]["name"] == "exp05"

    rows = read_training_log(tmp_path / "model" / LOG_FILE)
    assert [float(row["epoch"]) for row in rows] == [1.0, 2.0, 3.0]
    assert all(float(row["validation_loss"]) > 0 for row in rows)
    constant = {float(row["learning_rate"]) for row in rows}  # once warmed up
    assert constant == {used.training.learning_rate}
    assert facts["best_validation_wer"] == min(float(row["wer"]) for row in rows)
    events = (tmp_path / "model" / "runs").rglob("events.out.tfevents.*")
    assert any(path.stat().st_size for path in events)


def test_the_same_seed_gives_the_same_weights(ctc_base, tmp_path):
    used = ctc_experiment(ctc_base, epochs=1)
    for name in "ab":
        train_ctc(used, prepared(), tmp_path / name, run_log(used), 7)
    a, b = (load_ctc(tmp_path / name)[0].state_dict() for name in "ab")
    assert all(torch.equal(a[key], b[key]) for key in a)


class Snapshots(TrainerCallback):
    """Copies of the feature encoder's first weights at the start of every epoch and at the end."""

    def __init__(self):
        self.weights = []

    def on_epoch_begin(self, args, state, control, model, **kwargs):
        first = model.base_model.feature_extractor.conv_layers[0]
        self.weights.append(first.conv.weight.detach().clone())

    on_train_end = on_epoch_begin


def test_a_feature_encoder_is_frozen_until_its_stage_and_trained_after(ctc_base, tmp_path):
    snapshots = Snapshots()
    stages = (Stage(2, (FEATURE_ENCODER,)),)
    used = ctc_experiment(ctc_base, stages=stages, epochs=4, learning_rate=1e-2)
    train_ctc(used, prepared(), tmp_path / "model", run_log(used), 1, (snapshots,))
    first, second, third, fourth, _ = snapshots.weights
    assert torch.equal(first, second) and torch.equal(second, third)
    assert not torch.equal(third, fourth)


def test_early_stopping_ends_a_run_that_no_longer_improves(ctc_base, tmp_path):
    # Nothing changes, so no epoch beats the first.
    used = ctc_experiment(ctc_base, epochs=9, patience=2, learning_rate=1e-12)
    facts = train_ctc(used, prepared(), tmp_path / "model", run_log(used), 1)
    assert facts["steps"] == 3 * 2


def test_all_dropout_modules_draw_cheaply_and_rates_stay(ctc_base):
    model, _ = load_ctc(ctc_base, 0.1)
    prepare_model(model, ctc_experiment(ctc_base).training)
    kinds = {
        type(module)
        for module in model.modules()
        if isinstance(module, torch.nn.Dropout) and module.p > 0
    }
    assert kinds == {PackedDropout} and model.config.hidden_dropout == model.dropout.p == 0.1


@pytest.mark.parametrize("name", ["hubert", "wavlm", "w2v-BERT"])
def test_no_layer_is_dropped(tmp_path, name):
    model, _ = load_ctc(random_checkpoint(ARCHITECTURES[name], tmp_path / "base"))
    prepare_model(model, ctc_experiment(tmp_path / "base", mask_time_prob=0.0).training)
    rates = [m.layerdrop for m in (model.config, *model.modules()) if hasattr(m, "layerdrop")]
    assert set(rates) == {0.0} and not model.config.apply_spec_augment


def test_rates_of_a_run_are_not_left_in_its_model(ctc_base, tmp_path):
    used = ctc_experiment(ctc_base, epochs=1, dropout=0.37)
    train_ctc(used, prepared(), tmp_path / "model", run_log(used), 1)
    assert load_ctc(ctc_base, 0.37)[0].config.hidden_dropout == 0.37
    own = load_ctc(ctc_base)[0].config.hidden_dropout
    assert load_ctc(tmp_path / "model")[0].config.hidden_dropout == own != 0.37
