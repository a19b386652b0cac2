"""The registry of experiments, and how a profile scales them.

An experiment is one entry of :data:`EXPERIMENTS`; nothing else names it. Presets follow the seed
project's experiments as documented; where its code did something else, the preset's note says so
(see CHANGELOG.md). The presets of what is shipped stand in :mod:`speakor_common.shipped.presets`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from speakor_common.errors import SpeakorError, TrainingError
from speakor_common.training.preset import (
    FEATURE_ENCODER,
    NEVER,
    TOP_LAYERS,
    CTCTraining,
    Experiment,
    LanguageModels,
    LoraTraining,
    Stage,
    Training,
)
from speakor_common.training.profiles import Profile, get_profile

# Models that nobody trained here: the profile's base for a kind of training, as it comes.
BASE = "base"
ZERO_SHOT = "whisper zero-shot"
UNTUNED: dict[str, type[Training]] = {BASE: CTCTraining, ZERO_SHOT: LoraTraining}

# What fits into the time of `make reproduce` on two cores; studies take all.
_PART = {"train_clips": 600, "valid_clips": 100}

_FROZEN = (Stage(NEVER, (FEATURE_ENCODER,)),)

_EXP05 = Experiment(
    name="exp05",
    title="exp05",
    note=(
        "As documented: accumulation 8, constant learning rate, "
        "feature encoder trained after 5 epochs."
    ),
    compared_with=("exp01", BASE),
    primary_against=BASE,
    training=CTCTraining(
        epochs=12,
        batch_size=2,
        gradient_accumulation=8,
        learning_rate=3e-4,
        schedule="constant_with_warmup",
        warmup=0.02,
        weight_decay=0.005,
        stages=(Stage(5, (FEATURE_ENCODER,)),),
    ),
    in_profile={"smoke": {"epochs": 2}, "sample": {"epochs": 8, **_PART}},
)

_WHISPER = Experiment(
    name="whisper",
    title="Whisper with LoRA",
    note=(
        "The seed's exp03, finished: LoRA on 4-bit NF4 Whisper, "
        "until two epochs in a row have not lowered the validation loss."
    ),
    compared_with=(ZERO_SHOT,),
    training=LoraTraining(
        epochs=6,
        batch_size=1,
        gradient_accumulation=32,
        learning_rate=1e-3,
        schedule="linear",
        warmup=0.1,
        weight_decay=0.01,
        patience=2,
        gradient_checkpointing=True,
        lora_rank=32,
        lora_alpha=64,
        lora_dropout=0.1,
        quantize=True,
    ),
    in_profile={
        "smoke": {"epochs": 0.5, "batch_size": 4, "gradient_accumulation": 2},
        "sample": {
            "epochs": 4,
            "patience": 1,
            "batch_size": 8,
            "gradient_accumulation": 2,
            "train_clips": 300,
            "valid_clips": 60,
        },
    },
)

_ALL = (
    Experiment(
        name="exp01",
        title="exp01",
        note=(
            "Baseline: no gradient accumulation, linear schedule with warm-up, "
            "feature encoder frozen."
        ),
        training=CTCTraining(
            epochs=30,
            batch_size=2,
            learning_rate=3e-4,
            schedule="linear",
            warmup=0.1,
            weight_decay=0.005,
            stages=_FROZEN,
        ),
        # in sample as long as exp05, on the same clips
        in_profile={"smoke": {"epochs": 1}, "sample": {"epochs": 8, **_PART}},
    ),
    Experiment(
        name="exp02",
        title="exp02",
        note=(
            "Stability: clips of 1-15 s, a warm-up that is applied, early stopping, "
            "encoder trained from epoch 5, top layers from 8."
        ),
        compared_with=("exp05",),
        training=CTCTraining(
            epochs=10,  # the seed's 8 ended before its second stage
            batch_size=2,
            gradient_accumulation=4,
            learning_rate=3e-4,
            schedule="constant_with_warmup",
            warmup=100,
            weight_decay=0.005,
            min_seconds=1.0,
            max_seconds=15.0,
            gradient_checkpointing=True,
            stages=(Stage(5, (FEATURE_ENCODER,)), Stage(8, (TOP_LAYERS,))),
            patience=3,
        ),
    ),
    replace(
        _EXP05,
        name="exp04",
        title="exp04",
        note="exp05's training: the seed's exp04 differed from it only in number precision.",
        compared_with=(),
        primary_against=None,
    ),
    _EXP05,
    replace(
        _EXP05,
        name="exp05-as-run",
        title="exp05 as the seed ran it",
        note=(
            "What the seed's code did: linear schedule with 1,000 of 1,148 steps of warm-up, "
            "4 epochs, encoder never trained."
        ),
        compared_with=("exp05",),
        primary_against=None,
        training=replace(
            _EXP05.training, epochs=4, schedule="linear", warmup=1000 / 1148, stages=_FROZEN
        ),
        in_profile={},
    ),
    replace(
        _EXP05,
        name="exp06",
        title="exp06: exp05's weights",
        note=(
            "Ours: exp05's training, decoded with language models of the training transcripts "
            "and of Korean at large."
        ),
        compared_with=("exp05", "whisper-lm"),
        primary_against=None,
        decoding=LanguageModels(order=6),
    ),
    Experiment(
        name="exp06-one-cycle",
        title="exp06 with a training of its own",
        note=(
            "exp06 with a training of its own: all trained from the start on larger batches, "
            "one cosine cycle, speed and noise variation."
        ),
        compared_with=("exp05",),
        training=CTCTraining(
            epochs=20,
            batch_size=8,
            learning_rate=5e-4,
            schedule="cosine",
            warmup=0.1,
            weight_decay=0.01,
            augment=0.6,
        ),
        decoding=LanguageModels(order=6),
        in_profile={"sample": {"epochs": 14}},
    ),
    _WHISPER,
    replace(
        _WHISPER,
        name="whisper-lm",
        title="Whisper with LoRA",
        note=(
            "The trained Whisper, its best texts scored again by the language models that exp06 "
            "uses, as exp06 does with exp05's."
        ),
        compared_with=("whisper",),
        decoding=LanguageModels(order=6),
    ),
)
EXPERIMENTS = {experiment.name: experiment for experiment in _ALL}


def resolve_experiment(
    name: str, profile_name: str, **changes: Any
) -> tuple[Experiment, Profile, dict[str, tuple[Any, Any]]]:
    """An experiment as one profile runs it.

    Args:
        changes: values for fields of the training or the decoding, or ``base``, e.g. from the
            command line. They go before the profile's.

    Returns:
        the experiment with its base, the profile, and what differs from the preset:
        ``{field: (preset, used)}``.

    Raises:
        SpeakorError: unknown experiment, profile or field (the message lists the known ones), a
            value of another type, or no base for this kind of training.
    """
    if name not in EXPERIMENTS:
        raise SpeakorError(f"unknown experiment {name!r}; known are {sorted(EXPERIMENTS)}")
    preset = EXPERIMENTS[name]
    profile = get_profile(profile_name)

    # The preset has a base of its own, or takes the profile's.
    base = preset.base or profile.base.get(type(preset.training))
    if not base and "base" not in changes:
        raise TrainingError(
            f"profile {profile_name} has no base for {type(preset.training).__name__}, "
            f"which {name} needs; give one with --set base=… or in training/profiles.py"
        )
    preset = replace(preset, base=base)

    # What the profile changes, then what the caller does.
    scaled = dict(preset.in_profile.get(profile_name, {}))
    if not profile.checkpointing:
        scaled["gradient_checkpointing"] = False
    used = preset.with_changes(scaled).with_changes(changes)

    before = preset.settings()
    after = used.settings()
    differences = {key: (before[key], after[key]) for key in before if after[key] != before[key]}
    return used, profile, differences


def experiments_with(training: type[Training]) -> tuple[str, ...]:
    """Names of the experiments of one kind of training, in the registry's order."""
    return tuple(name for name, each in EXPERIMENTS.items() if isinstance(each.training, training))
