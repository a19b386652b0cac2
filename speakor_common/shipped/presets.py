"""Experiments that make what is shipped: trained once, by the project, each from its own base.

They are entries like those of :mod:`speakor_common.training.experiments` and are trained by the
same functions, but on native speech, and no profile evaluates them. Light, so that the command line
can list :data:`SHIPPED_MODELS`.
"""

from __future__ import annotations

from dataclasses import replace

from speakor_common.training.preset import CTCTraining, Experiment

# What ``speakor train`` makes besides experiments, and the function that does.
SHIPPED_MODELS = {
    "base-tiny": "speakor_common.shipped.base_tiny:train_base_tiny",
    "listener-tiny": "speakor_common.shipped.listener_tiny:train_listener_tiny",
    "hearing-base": "speakor_common.shipped.hearing_base:train_hearing_base",
}
PROFILE = "base"  # of their run.json: no profile, but the native speech of the sample and more

BASE_START = Experiment(
    name="base-start",
    title="tiny base, first stage",
    note=(
        "First stage of the tiny base: random weights; espeak-ng and native speech, "
        "until sounds are matched to jamo."
    ),
    base="base-untrained",
    training=CTCTraining(
        epochs=3,
        batch_size=16,
        learning_rate=1.5e-3,
        schedule="constant_with_warmup",
        warmup=0.15,
        weight_decay=0.01,
        augment=0.4,
        dropout=0.0,
        best_by="loss",  # while most outputs are blank, WER cannot tell epochs apart
    ),
)

BASE_MIDDLE = Experiment(
    name="base-middle",
    title="tiny base, second stage",
    note="Second stage: the first hundred further voices; learning rate falling to zero.",
    base="base-start",
    training=CTCTraining(
        epochs=28,
        batch_size=16,
        learning_rate=1.5e-3,
        schedule="cosine",
        warmup=0.03,
        weight_decay=0.01,
        augment=0.7,
        dropout=0.0,  # no pressure against learning clips by heart: it is still to fit them
    ),
)

BASE_TINY = Experiment(
    name="base-tiny",
    title="tiny base",
    note=(
        "Third stage: all voices, and dropout, more masking and stronger augmentation, "
        "because the second knew its clips by heart."
    ),
    base="base-middle",
    training=replace(
        BASE_MIDDLE.training,
        epochs=22,
        learning_rate=1.2e-3,
        augment=1.0,
        mask_time_prob=0.12,
        dropout=0.1,
    ),
)

LISTENER_TINY = Experiment(
    name="listener-tiny",
    title="native listener",
    note=(
        "Native listener: the tiny base trained on with labels as pronounced; "
        "no masking, which would teach it to guess."
    ),
    base="base-tiny",
    training=CTCTraining(
        epochs=8,
        batch_size=8,
        learning_rate=8e-4,
        schedule="cosine",
        warmup=0.1,
        weight_decay=0.01,
        augment=1.0,
        mask_time_prob=0.0,
        dropout=0.1,
        best_by="cer",
    ),
)

HEARING_HEADS = Experiment(
    name="hearing-heads",
    title="heads on a frozen encoder",
    note=(
        "Heads alone on kept states of whisper-base's encoder, of native speech and varied "
        "copies of it."
    ),
    base="hearing-untrained",
    training=CTCTraining(
        epochs=6,  # of the clips and their copies
        batch_size=16,
        learning_rate=1.5e-3,
        schedule="cosine",
        warmup=0.05,
        weight_decay=0.01,
        mask_time_prob=0.15,
        dropout=0.2,
        best_by="cer",
    ),
)

HEARING_BASE = Experiment(
    name="hearing-base",
    title="hearing base",
    note="Heads and adapters together, on audio varied anew in every epoch.",
    base="hearing-heads",
    training=CTCTraining(
        epochs=3,
        batch_size=8,
        gradient_accumulation=2,
        learning_rate=4e-4,
        schedule="cosine",
        warmup=0.05,
        weight_decay=0.01,
        augment=1.0,
        mask_time_prob=0.15,
        dropout=0.1,
        best_by="cer",
        max_seconds=22.0,
    ),
)
