"""CTC training correctness on a model small enough for seconds."""

import csv
import importlib.util
import os
import signal
from functools import partial
from multiprocessing import get_context

import pytest
import torch
from transformers import Trainer, TrainingArguments
from transformers.loss.loss_utils import ForCTCLoss

from speakor_common.batching.collate import CTCCollator
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.errors import SpeakorError, TrainingError, TrainingInterrupted
from speakor_common.models.cpu_dropout import PackedDropout
from speakor_common.recognition import decoder_tuning
from speakor_common.recognition.recognisers import CTCRecogniser
from speakor_common.storage import read_json
from speakor_common.training import finetune_ctc, runs
from speakor_common.training.blank_padding import loss_counting_padding
from speakor_common.training.callbacks import LossGuard, StagedUnfreezing, submodules
from speakor_common.training.experiments import EXPERIMENTS, resolve
from speakor_common.training.preset import FEATURE_ENCODER, TOP_LAYERS, Stage
from speakor_common.training.profiles import PROFILES, Profile
from speakor_common.training.runlog import RunLog
from speakor_common.training.trainers import CTCTrainer
from tests.builders import prepared, tiny_ctc, tone


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("base"))


def experiment(base, **changes):
    used, _, _ = resolve(
        "exp05",
        "smoke",
        base=str(base),
        **({"epochs": 3, "batch_size": 2, "gradient_accumulation": 2} | changes),
    )
    return used


def run_log(used):
    return RunLog(used, "smoke", {}, 1)


def gradients(base, tmp_path, batch_size, accumulation):
    """Gradient norm and loss of the first optimiser step over the same 8 clips."""
    torch.manual_seed(0)
    model, processor = finetune_ctc.load(base)
    finetune_ctc.prepare_model(model, experiment(base, mask_time_prob=0.0))
    data = prepared({"train": 8}, seconds=1.0)["train"]
    arguments = TrainingArguments(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=batch_size, gradient_accumulation_steps=accumulation,
        logging_steps=1, report_to=[], remove_unused_columns=False, use_cpu=True, max_grad_norm=1e9, disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(model, arguments, train_dataset=data, data_collator=CTCCollator(processor))
    trainer.train()
    return trainer.state.log_history[0]


def test_accumulated_gradients_equal_one_large_batch(base, tmp_path):
    whole, parts = gradients(base, tmp_path / "a", 8, 1), gradients(base, tmp_path / "b", 2, 4)
    # Not equal to the last digit: group norm sees different padding in different batches.
    assert float(parts["loss"]) == pytest.approx(float(whole["loss"]), rel=0.02)
    assert float(parts["grad_norm"]) == pytest.approx(float(whole["grad_norm"]), rel=0.05)


class Snapshots(finetune_ctc.TrainerCallback):
    """Copies of the feature encoder's first weights at the start of every epoch and at the end."""

    def __init__(self):
        self.weights = []

    def on_epoch_begin(self, args, state, control, model, **kwargs):
        self.weights.append(
            model.wav2vec2.feature_extractor.conv_layers[0].conv.weight.detach().clone()
        )

    on_train_end = on_epoch_begin


def test_feature_encoder_is_frozen_until_its_stage_and_trained_after(base, tmp_path):
    snapshots = Snapshots()
    used = experiment(base, stages=(Stage(2, (FEATURE_ENCODER,)),), epochs=4, learning_rate=1e-2)
    finetune_ctc.train(used, prepared(), tmp_path / "model", run_log(used), 1, (snapshots,))
    first, second, third, *_ = snapshots.weights
    assert torch.equal(first, second) and torch.equal(second, third)
    assert not torch.equal(third, snapshots.weights[3])


def test_training_writes_a_stock_model_a_log_and_facts(base, tmp_path):
    used = experiment(base)
    facts = finetune_ctc.train(used, prepared(), tmp_path / "model", run_log(used), 1)
    model, processor = finetune_ctc.load(tmp_path / "model")
    assert model.config.vocab_size == len(processor.tokenizer)
    assert not list((tmp_path / "model").glob("*.bin")) and not (tmp_path / "model.work").exists()
    rows = list(csv.DictReader((tmp_path / "model" / "training_log.csv").open()))
    assert [int(r["peak_memory_mib_by_device"]) for r in rows] == [
        int(r["peak_memory_mib"]) for r in rows
    ]  # one device
    assert any(
        p.stat().st_size for p in (tmp_path / "model" / "runs").rglob("events.out.tfevents.*")
    )
    assert [float(r["epoch"]) for r in rows] == [1.0, 2.0, 3.0] and all(
        float(r["validation_loss"]) > 0 for r in rows
    )
    assert {float(r["learning_rate"]) for r in rows} == {
        used.learning_rate
    }  # constant once warmed up
    assert facts["clips"] == 8 and facts["steps"] == 6 and facts["experiment"]["name"] == "exp05"


def test_the_same_seed_gives_the_same_weights(base, tmp_path):
    used = experiment(base, epochs=1)
    for name in "ab":
        finetune_ctc.train(used, prepared(), tmp_path / name, run_log(used), 7)
    a, b = (finetune_ctc.load(tmp_path / name)[0].state_dict() for name in "ab")
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_validation_reads_nothing_out_of_padding(base, tmp_path):
    """A batch of unequal clips scores as its clips do one by one."""
    model, processor = finetune_ctc.load(base)
    collator = CTCCollator(processor)
    rows = [{"audio": (tone(s), 16_000), "text": "저는 학생"} for s in (0.5, 2.0)]
    arguments = TrainingArguments(
        output_dir=str(tmp_path), report_to=[], use_cpu=True, remove_unused_columns=False
    )
    trainer = CTCTrainer(
        model=model, args=arguments, data_collator=collator, train_collator=collator
    )
    _, best, _ = trainer.prediction_step(model, collator(rows), False)
    frames = model._get_feat_extract_output_lengths(torch.tensor([8_000, 32_000])).tolist()
    assert (
        best.shape == (2, frames[1])
        and (best[0, frames[0] :] == -100).all()
        and (best[1] >= 0).all()
        and (best[0, : frames[0]] >= 0).all()
    )


def test_all_dropout_modules_draw_cheaply_and_rates_stay(base):
    model, _ = finetune_ctc.load(base, 0.1)
    finetune_ctc.prepare_model(model, experiment(base))
    kinds = {
        type(module)
        for module in model.modules()
        if isinstance(module, torch.nn.Dropout) and module.p > 0
    }
    assert kinds == {PackedDropout} and model.config.hidden_dropout == model.dropout.p == 0.1


class Kill(finetune_ctc.TrainerCallback):
    """Kills this process (-9) in the middle of an epoch; nothing can be saved any more."""

    def __init__(self, step):
        self.step = step

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def train_until_killed(used, output, step):
    finetune_ctc.train(used, prepared(), output, run_log(used), 1, (Kill(step),))


@pytest.mark.parametrize(
    "step", [3, 7]
)  # before and after the feature encoder thaws; two steps make an epoch
def test_a_killed_run_ends_with_the_same_weights(base, tmp_path, step):
    used = experiment(
        base, stages=(Stage(2, (FEATURE_ENCODER,)),), epochs=4, learning_rate=1e-2, augment=1.0
    )
    finetune_ctc.train(used, prepared(), tmp_path / "whole", run_log(used), 1)
    child = get_context("spawn").Process(
        target=train_until_killed, args=(used, tmp_path / "parts", step)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL and not (tmp_path / "parts").exists()
    assert (tmp_path / "parts.work" / f"checkpoint-{step - 1}").is_dir()
    finetune_ctc.train(used, prepared(), tmp_path / "parts", run_log(used), 1)
    a, b = (finetune_ctc.load(tmp_path / name)[0].state_dict() for name in ("whole", "parts"))
    assert all(torch.allclose(a[key], b[key], atol=1e-6) for key in a)


def test_out_of_memory_halves_the_batch_and_doubles_the_accumulation(
    base, tmp_path, monkeypatch, caplog
):
    used = experiment(base, epochs=1, batch_size=8, gradient_accumulation=1)
    step = CTCTrainer.training_step

    def small_device(self, model, inputs, *rest):
        if len(inputs["labels"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, model, inputs, *rest)

    monkeypatch.setattr(CTCTrainer, "training_step", small_device)
    facts = runs._train_in_memory(used, prepared(), tmp_path / "model", run_log(used), 1, ())
    assert (
        facts["reduced_for_memory"] == {"batch_size": 2, "gradient_accumulation": 4}
        and facts["steps"] == 1
    )
    assert (
        "continuing with 4 and accumulation 2" in caplog.text
        and "continuing with 2 and accumulation 4" in caplog.text
    )
    single = experiment(base, epochs=1, batch_size=3)
    with pytest.raises(TrainingError, match="out of memory with 3 clips"):
        runs._train_in_memory(single, prepared(), tmp_path / "other", run_log(single), 1, ())


class SendSignal(finetune_ctc.TrainerCallback):
    """Sends this process a signal in the middle of an epoch."""

    def __init__(self, step):
        self.step = step

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(
    "step", [0, 1, 4, 5]
)  # before and after the feature encoder thaws; two steps make an epoch
def test_a_signal_saves_a_checkpoint_and_the_run_continues_to_the_same_weights(
    base, tmp_path, step
):
    used = experiment(base, stages=(Stage(2, (FEATURE_ENCODER,)),), epochs=4, learning_rate=1e-2)
    finetune_ctc.train(used, prepared(), tmp_path / "whole", run_log(used), 1)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TrainingInterrupted, match=f"SIGTERM at step {step + 1} of 8"):
        finetune_ctc.train(
            used, prepared(), tmp_path / "parts", run_log(used), 1, (SendSignal(step),)
        )
    assert signal.getsignal(signal.SIGTERM) is before and not (tmp_path / "parts").exists()
    facts = finetune_ctc.train(used, prepared(), tmp_path / "parts", run_log(used), 1)
    assert facts["steps"] == 8
    a, b = (finetune_ctc.load(tmp_path / name)[0].state_dict() for name in ("whole", "parts"))
    assert all(torch.allclose(a[key], b[key], atol=1e-6) for key in a)


def test_a_loss_that_is_no_number_names_the_utterances_of_its_batch(base, tmp_path):
    data = prepared()
    used = experiment(
        base, learning_rate=1e30, warmup=0.0, gradient_accumulation=1
    )  # the second batch meets useless weights
    with pytest.raises(TrainingError, match="utterances: train") as caught:
        finetune_ctc.train(used, data, tmp_path / "model", run_log(used), 1)
    named = [
        identifier
        for identifier in data["train"]["utterance_id"]
        if identifier in str(caught.value)
    ]
    assert len(named) == used.batch_size and not (tmp_path / "model").exists()


def test_a_stage_names_modules_or_a_slice_of_layers(base):
    model, _ = finetune_ctc.load(base)
    layers = list(model.wav2vec2.encoder.layers)
    assert submodules(model, FEATURE_ENCODER) == [model.wav2vec2.feature_extractor]
    assert (
        submodules(model, TOP_LAYERS) == layers[-2:]
        and submodules(model, "wav2vec2.encoder.layers[:1]") == layers[:1]
    )
    StagedUnfreezing((Stage(5, (FEATURE_ENCODER,)), Stage(8, (TOP_LAYERS,)))).apply(model, 6.0)
    assert model.wav2vec2.feature_extractor.conv_layers[0].conv.weight.requires_grad
    assert (
        not any(p.requires_grad for layer in layers[-2:] for p in layer.parameters())
        and model.lm_head.weight.requires_grad
    )
    with pytest.raises(TrainingError, match="wav2vec3"):
        submodules(model, "wav2vec3.encoder")


def test_early_stopping_ends_a_run_that_no_longer_improves(base, tmp_path):
    used = experiment(
        base, epochs=9, patience=2, learning_rate=1e-12
    )  # nothing changes, so no epoch beats the first
    assert (
        finetune_ctc.train(used, prepared(), tmp_path / "model", run_log(used), 1)["steps"] == 3 * 2
    )


@pytest.mark.skipif(
    importlib.util.find_spec("flashlight") is None,
    reason="flashlight-text has no wheel for this Python",
)
def test_a_run_with_a_language_model_saves_how_it_is_decoded(base, tmp_path):
    used = experiment(base, epochs=1, lm_order=3)
    facts = finetune_ctc.train(used, prepared(), tmp_path / "model", run_log(used), 1)
    assert facts["decoding"] == read_json(tmp_path / "model" / "decoder.json") and set(
        facts["decoding"]
    ) == {"beam", "weights"}
    assert CTCRecogniser(tmp_path / "model", "cpu").recognise([tone(1.0)])


def test_dropout_of_a_run_is_not_left_in_its_model(base, tmp_path):
    used = experiment(base, epochs=1, dropout=0.37)
    finetune_ctc.train(used, prepared(), tmp_path / "model", run_log(used), 1)
    assert finetune_ctc.load(base, 0.37)[0].config.hidden_dropout == 0.37
    assert (
        finetune_ctc.load(tmp_path / "model")[0].config.hidden_dropout
        == finetune_ctc.load(base)[0].config.hidden_dropout
        != 0.37
    )


@pytest.mark.parametrize("name", ["exp04", "exp05"])
def test_presets_reach_their_stages(name):
    preset = EXPERIMENTS[name]
    assert (
        preset.epochs > max(stage.epoch for stage in preset.stages)
        and preset.schedule == "constant_with_warmup"
    )


def test_as_run_is_what_the_seed_ran():
    preset = EXPERIMENTS["exp05-as-run"]
    assert (preset.epochs, preset.schedule) == (4, "linear") and preset.warmup == pytest.approx(
        1000 / 1148
    )
    assert all(stage.epoch > preset.epochs for stage in preset.stages)


def test_clips_too_short_for_their_label_are_left_out_and_counted(base):
    model, processor = finetune_ctc.load(base)
    data = prepared({"train": 4}, seconds=0.6)["train"]
    texts = [
        *data["text"][:3],
        "아주 긴 문장이 아주 짧은 소리에 붙어 있으면 배울 수 없습니다 정말로",
    ]
    data = data.remove_columns("text").add_column("text", texts)
    kept, left_out = finetune_ctc.usable_clips(data, model, processor, experiment(base))
    assert len(kept) == 3 and left_out == {"fewer frames than label needs": 1}
    with pytest.raises(TrainingError, match="none of 4"):
        finetune_ctc.usable_clips(data, model, processor, experiment(base, min_seconds=5.0))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.157])
def test_impossible_loss_stops_the_run(value):
    class State:
        global_step = 3

    with pytest.raises(TrainingError, match="at step 3"):
        LossGuard().on_log(None, State(), None, {"loss": value})


def test_counting_padding_as_labels_gives_losses_no_correct_one_has(base, tmp_path):
    torch.manual_seed(0)
    logits, frames = torch.zeros(2, 40, 5), torch.tensor([40, 40])
    logits[..., 0] = 6.0  # nearly all blank, as after some training
    logits[:, 5, 2] = 12.0
    labels = torch.tensor([[2, -100, -100, -100, -100, -100], [2, 3, 2, 3, 2, 3]])
    padded = torch.where(labels < 0, 0, labels)

    def losses(loss, targets):
        return loss(
            logits=logits, labels=targets, logit_lengths=frames, blank_token_id=0, reduction="none"
        ).tolist()

    assert losses(loss_counting_padding, labels) == pytest.approx(losses(ForCTCLoss, labels))
    counted, right = losses(loss_counting_padding, padded), losses(ForCTCLoss, padded)
    assert counted[1] == pytest.approx(right[1]) and counted[0] < 0 < right[0]

    used = experiment(base, blank_padding=True, epochs=1)
    facts = finetune_ctc.train(
        used,
        prepared({"train": 8, "valid": 2}, seconds=1.5),
        tmp_path / "model",
        run_log(used),
        seed=1,
    )
    assert facts["clips"] == 8 and facts["best_validation_wer"] >= 0


def test_unknown_names_are_errors_that_list_the_known_ones(base):
    wrong = (
        ("exp99", "smoke", {}),
        ("exp05", "huge", {}),
        ("exp05", "smoke", {"colour": 1}),
        ("exp05", "smoke", {"learning_rate": "fast"}),
    )
    for call in (partial(resolve, name, profile, **changes) for name, profile, changes in wrong):
        with pytest.raises(SpeakorError, match=r"exp01|smoke|learning_rate"):
            call()


def test_a_profile_changes_only_base_batch_epochs_and_checkpointing():
    for name in EXPERIMENTS:
        for profile in ("smoke", "sample", "aihub"):
            assert set(resolve(name, profile)[2]) <= {
                "base",
                "batch_size",
                "gradient_accumulation",
                "epochs",
                "gradient_checkpointing",
            }


@pytest.mark.skipif(
    importlib.util.find_spec("flashlight") is None,
    reason="flashlight-text has no wheel for this Python",
)
def test_exp06_is_exp05_read_twice_and_made_once(base, tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    scale = Profile("seconds", {"ctc": str(base)}, "", SplitPolicy(), epochs={"exp05": 1})
    monkeypatch.setitem(PROFILES, "seconds", scale)
    monkeypatch.setattr(runs, "training_data", lambda profile: prepared())
    facts = runs.train("exp06", "seconds", 1)
    trained, read = (tmp_path / "models" / "seconds" / name for name in ("exp05", "exp06"))
    assert (trained / "model.safetensors").read_bytes() == (read / "model.safetensors").read_bytes()
    assert facts["experiment"]["name"] == "exp06" and facts["decoding"] == read_json(
        read / "decoder.json"
    )
    assert not (trained / "decoder.json").exists()
    assert facts["greedy_validation_wer"] == read_json(trained / "run.json")["best_validation_wer"]
    monkeypatch.setattr(decoder_tuning, "fit_decoder", None)  # nothing is fitted again
    assert runs.train("exp06", "seconds", 1) == facts
    with pytest.raises(TrainingError, match=r"takes the weights of exp05: set \['epochs'\] there"):
        runs.train("exp06", "seconds", 1, epochs=3)
