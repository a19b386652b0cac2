"""The experiments as frozen presets, scaled by the profiles.

A preset says how a model is trained; a profile says on what and how much. A profile may
change only the base checkpoint, batch size, epochs, data and gradient checkpointing; :func:`resolve` applies it and
returns what it changed, which is printed and saved with the run.

Presets follow the seed project's experiments as documented; where its code did something
else, the preset's note says so (see CHANGELOG.md).
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

from speakor_common.errors import SpeakorError
from speakor_common.training.preset import FEATURE_ENCODER, NEVER, TOP_LAYERS, Experiment, Stage
from speakor_common.training.profiles import HUB_CTC, HUB_WHISPER, PROFILES, Profile

_VALUES = {
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "int": int,
    "bool": bool,
    "str": str,
}  # by annotation
_FROZEN = (Stage(NEVER, (FEATURE_ENCODER,)),)

_EXP05 = Experiment(
    name="exp05",
    kind="ctc",
    note="As documented: accumulation 8, constant learning rate, feature encoder trained after 5 epochs.",
    base=HUB_CTC,
    epochs=12,
    batch_size=2,
    gradient_accumulation=8,
    learning_rate=3e-4,
    schedule="constant_with_warmup",
    warmup=0.02,
    weight_decay=0.005,
    stages=(Stage(5, (FEATURE_ENCODER,)),),
)

_BASE_MIDDLE = Experiment(
    name="base-middle",
    kind="ctc",
    note="Second part: the first hundred further voices; learning rate falling to zero.",
    base="base-start",
    epochs=28,
    batch_size=16,
    gradient_accumulation=1,
    learning_rate=1.5e-3,
    schedule="cosine",
    warmup=0.03,
    weight_decay=0.01,
    augment=0.7,
    dropout=0.0,  # no pressure against learning clips by heart yet: the model is still to fit them
)

EXPERIMENTS = {
    "exp01": Experiment(
        name="exp01",
        kind="ctc",
        note="Baseline: no gradient accumulation, linear schedule with warm-up, feature encoder frozen.",
        base=HUB_CTC,
        epochs=30,
        batch_size=2,
        gradient_accumulation=1,
        learning_rate=3e-4,
        schedule="linear",
        warmup=0.1,
        weight_decay=0.005,
        stages=_FROZEN,
    ),
    "exp02": Experiment(
        name="exp02",
        kind="ctc",
        note="Stability: clips of 1-15 s, a warm-up that is applied, early stopping, encoder trained from epoch 5, top layers from 8.",
        base=HUB_CTC,
        epochs=10,  # the seed's 8 ended before its second stage
        batch_size=2,
        gradient_accumulation=4,
        learning_rate=3e-4,
        schedule="constant_with_warmup",
        warmup=100,
        weight_decay=0.005,
        stages=(Stage(5, (FEATURE_ENCODER,)), Stage(8, (TOP_LAYERS,))),
        min_seconds=1.0,
        max_seconds=15.0,
        gradient_checkpointing=True,
        patience=3,
    ),
    "exp04": replace(
        _EXP05,
        name="exp04",
        note="The same settings as exp05: the seed's exp04 differed from it only in number precision.",
    ),
    "exp05": _EXP05,
    "exp05-as-run": replace(
        _EXP05,
        name="exp05-as-run",
        note="What the seed's code did: linear schedule with 1,000 of 1,148 steps of warm-up, 4 epochs, encoder never trained.",
        epochs=4,
        schedule="linear",
        warmup=1000 / 1148,
        stages=_FROZEN,
    ),
    "exp06": replace(
        _EXP05,
        name="exp06",
        note="Ours: exp05's weights, read with language models of the training transcripts and of Korean at large.",
        lm_order=6,
        weights="exp05",
    ),
    "exp06-one-cycle": Experiment(
        name="exp06-one-cycle",
        kind="ctc",
        note="exp06 with a training of its own: all trained from the start on larger batches, one cosine cycle, speed and noise variation.",
        base=HUB_CTC,
        epochs=20,
        batch_size=8,
        gradient_accumulation=1,
        learning_rate=5e-4,
        schedule="cosine",
        warmup=0.1,
        weight_decay=0.01,
        augment=0.6,
        lm_order=6,
    ),
    "whisper": Experiment(
        name="whisper",
        kind="whisper",
        note="The seed's exp03, finished: LoRA on 4-bit NF4 Whisper.",
        base=HUB_WHISPER,
        epochs=3,
        batch_size=1,
        gradient_accumulation=32,
        learning_rate=1e-3,
        schedule="linear",
        warmup=0.1,
        weight_decay=0.01,
        gradient_checkpointing=True,
        lora_rank=32,
        lora_alpha=64,
        lora_dropout=0.1,
        quantize=True,
    ),
    "base-start": Experiment(
        name="base-start",
        kind="ctc",
        note="First part of the tiny base: random weights; espeak-ng and native speech, until sounds are matched to jamo.",
        base="base-untrained",
        epochs=3,
        batch_size=16,
        gradient_accumulation=1,
        learning_rate=1.5e-3,
        schedule="constant_with_warmup",
        warmup=0.15,
        weight_decay=0.01,
        augment=0.4,
        dropout=0.0,
        best_by="loss",  # while most outputs are blank, WER cannot tell epochs apart
    ),
    "base-middle": _BASE_MIDDLE,
    "base-tiny": replace(
        _BASE_MIDDLE,
        name="base-tiny",
        note="Third part: all voices, and dropout, more masking and stronger augmentation, because the second knew its clips by heart.",
        base="base-middle",
        epochs=22,
        learning_rate=1.2e-3,
        augment=1.0,
        mask_time_prob=0.12,
        dropout=0.1,
    ),
    "listener-tiny": Experiment(
        name="listener-tiny",
        kind="ctc",
        note="Native listener: the tiny base trained on with labels as pronounced; no masking, which would teach it to guess.",
        base="base-tiny",
        epochs=8,
        batch_size=8,
        gradient_accumulation=1,
        learning_rate=8e-4,
        schedule="cosine",
        warmup=0.1,
        weight_decay=0.01,
        augment=1.0,
        mask_time_prob=0.0,
        dropout=0.1,
        best_by="cer",
    ),
}


# Trained once by the project, with a base of their own in every profile.
SHIPPED = tuple(name for name in EXPERIMENTS if name.startswith(("base-", "listener-")))


def resolve(
    experiment: str, profile: str, **changes: Any
) -> tuple[Experiment, Profile, dict[str, Any]]:
    """An experiment as one profile runs it.

    Args:
        changes: further field values, e.g. from the command line.

    Returns:
        the experiment, the profile, and what differs from the preset: ``{field: (preset, used)}``.

    Raises:
        SpeakorError: unknown experiment, profile or field (the message lists the known ones), or a value of another type.
    """
    preset, scale = (
        _lookup(EXPERIMENTS, experiment, "experiment"),
        _lookup(PROFILES, profile, "profile"),
    )
    known = {f.name: f.type for f in fields(Experiment)}
    if unknown := sorted(set(changes) - set(known)):
        raise SpeakorError(f"unknown preset fields {unknown}; an experiment has {sorted(known)}")
    for name, value in changes.items():
        if not isinstance(value, _VALUES.get(known[name], tuple)):
            raise SpeakorError(f"{name} takes {known[name]}, not {value!r}")
    if experiment not in SHIPPED:
        changes.setdefault("base", scale.base[preset.kind])
    trained = preset.weights or experiment  # whose training the profile scales
    for name, table in (
        ("batch_size", scale.batch_size),
        ("gradient_accumulation", scale.accumulation),
        ("epochs", scale.epochs),
    ):
        if trained in table:
            changes.setdefault(name, table[trained])
    if preset.gradient_checkpointing and not scale.checkpointing:
        changes.setdefault("gradient_checkpointing", False)
    used = replace(preset, **changes)
    differences = {
        key: (value, getattr(used, key))
        for key, value in asdict(preset).items()
        if asdict(used)[key] != value
    }
    return used, scale, differences


def profile(name: str) -> Profile:
    """A profile by name; raises SpeakorError with the known names."""
    return _lookup(PROFILES, name, "profile")


def _lookup(table: dict, name: str, what: str):
    if name not in table:
        raise SpeakorError(f"unknown {what} {name!r}; known are {sorted(table)}")
    return table[name]
