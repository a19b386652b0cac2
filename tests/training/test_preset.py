"""An experiment's values: which there are, which fit, and what run.json keeps of them."""

from dataclasses import replace

import pytest

from speakor_common.decoding.output_readings import Reading
from speakor_common.errors import SpeakorError
from speakor_common.training.preset import (
    TOP_LAYERS,
    CTCTraining,
    Experiment,
    LanguageModels,
    LoraTraining,
    Stage,
)

SCHEDULE = {
    "epochs": 2,
    "batch_size": 4,
    "learning_rate": 1e-3,
    "schedule": "linear",
    "warmup": 0.1,
    "weight_decay": 0.0,
}
TOP = Stage(2, (TOP_LAYERS,))
CTC = Experiment(
    name="a",
    title="A",
    note="n",
    base="some-base",
    training=CTCTraining(**SCHEDULE),
    decoding=LanguageModels(order=4),
)
LORA = Experiment(
    name="b", title="B", note="n", training=LoraTraining(**SCHEDULE, lora_rank=4, lora_alpha=8)
)


@pytest.mark.parametrize(
    ("changes", "where", "value"),
    [
        ({"epochs": 0.5}, lambda e: e.training.epochs, 0.5),
        ({"epochs": 7}, lambda e: e.training.epochs, 7),
        ({"dropout": None}, lambda e: e.training.dropout, None),
        ({"blank_padding": True}, lambda e: e.training.blank_padding, True),
        ({"stages": ()}, lambda e: e.training.stages, ()),
        ({"stages": (TOP,)}, lambda e: e.training.stages, (TOP,)),
        ({"base": "other"}, lambda e: e.base, "other"),
        ({"order": 3}, lambda e: e.decoding.order, 3),
        ({"best_by": "cer"}, lambda e: e.training.best_by, "cer"),
    ],
)
def test_a_change_goes_where_its_field_is(changes, where, value):
    changed = CTC.with_changes(changes)
    assert where(changed) == value
    unchanged = {key: v for key, v in CTC.settings().items() if key not in changes}
    assert unchanged == {key: v for key, v in changed.settings().items() if key not in changes}


@pytest.mark.parametrize(
    ("experiment", "changes", "complaint"),
    [
        (CTC, {"colour": 1}, r"unknown preset fields \['colour'\]; a has \['augment', 'base'"),
        (CTC, {"lora_rank": 8}, "unknown preset fields"),  # of the other kind of training
        (LORA, {"order": 3}, "unknown preset fields"),  # nothing is decoded with models there
        (CTC, {"name": "c"}, "unknown preset fields"),
        (CTC, {"learning_rate": "fast"}, "learning_rate takes float, not 'fast'"),
        (CTC, {"batch_size": 2.5}, "batch_size takes int, not 2.5"),
        (CTC, {"batch_size": True}, "batch_size takes int, not True"),
        (CTC, {"blank_padding": 1}, "blank_padding takes bool, not 1"),
        (CTC, {"dropout": "none"}, "dropout takes float | None, not 'none'"),
        (CTC, {"stages": "all"}, "stages takes tuple.*such as .*Stage.*, not 'all'"),
        (CTC, {"stages": (1, 2)}, r"Stage.*, not \(1, 2\)"),
        (CTC, {"stages": ((3, ("feature_extractor",)),)}, "Stage"),
        (CTC, {"base": None}, "base takes str, not None"),
    ],
)
def test_what_does_not_fit_is_refused(experiment, changes, complaint):
    with pytest.raises(SpeakorError, match=complaint.replace("|", r"\|")):
        experiment.with_changes(changes)


def test_an_experiment_is_read_as_its_training_can_be_or_with_language_models():
    assert CTC.readings == (Reading.LANGUAGE_MODELS,)
    assert replace(CTC, decoding=None).readings == (Reading.PLAIN, Reading.WHOLE_SYLLABLES)
    assert LORA.readings == (Reading.PLAIN,)
    decoded = replace(LORA, decoding=LanguageModels(order=3))
    assert decoded.readings == (Reading.LANGUAGE_MODELS,)


def test_run_json_keeps_the_experiment_by_its_parts():
    content = CTC.as_json()
    assert list(content) == ["name", "title", "note", "base", "training", "decoding"]
    assert content["training"]["method"] == "CTC" and content["training"]["epochs"] == 2
    assert content["decoding"] == {"order": 4}
    assert LORA.as_json()["training"]["method"] == "LoRA" and LORA.as_json()["decoding"] is None
