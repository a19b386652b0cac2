"""What an experiment is: how a network is trained, and how its posteriors become text.

The classes here hold values and nothing else. Which experiments there are stands in
:mod:`speakor_common.training.experiments`; what they are trained on in
:mod:`speakor_common.training.profiles`. Two experiments with equal ``training`` share their
weights, whatever their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, ClassVar

from speakor_common.decoding.output_readings import Reading
from speakor_common.errors import SpeakorError

NEVER = 10**6  # an epoch no run reaches: frozen throughout

# Modules of a CTC model by their path inside its encoder, which every architecture names alike.
FEATURE_ENCODER = "feature_extractor"
TOP_LAYERS = "encoder.layers[-2:]"

# Fields whose values are built, not written, and what a value looks like.
_STAGES = "tuple[Stage, ...]"
_EXAMPLES = {_STAGES: f", such as () or (Stage(epoch=5, modules=({FEATURE_ENCODER!r},)),)"}

_VALUES = {  # what a value must be, by its field's annotation
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "int": (int,),
    "bool": (bool,),
    "str": (str,),
}


@dataclass(frozen=True)
class Stage:
    """When frozen modules begin to learn.

    Attributes:
        epoch: the first epoch they are trained in, counted from 0; a run may begin or end within
            an epoch, and fractions count.
        modules: attribute paths inside the model's encoder, e.g. :data:`FEATURE_ENCODER`, or a
            slice of a layer list, e.g. :data:`TOP_LAYERS` for the top two.
    """

    epoch: int
    modules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Training:
    """What every kind of training decides. Each kind is a subclass with a ``method`` of its own."""

    method: ClassVar[str]  # its name in run.json and on model cards
    readings: ClassVar[tuple[Reading, ...]]  # without language models, the plainest first

    # Schedule
    epochs: float  # passes over the training clips
    batch_size: int  # clips per device and step
    gradient_accumulation: int = 1  # steps whose gradients are added before the optimiser moves
    learning_rate: float  # at its peak
    schedule: str  # a transformers scheduler; "constant" would ignore the warm-up
    warmup: float  # steps if >= 1, share of all steps if < 1

    # Regularisation
    weight_decay: float
    augment: float = 0.0  # strength of waveform augmentation, 0 to 1

    # Which epoch is kept
    patience: int = 0  # stop after so many epochs without a better one; 0 never stops early

    # Which clips: a part drawn by the seed, every speaker with his share; 0 takes all
    train_clips: int = 0
    valid_clips: int = 0  # for what is measured after each epoch

    # Of these, others are left out and counted
    min_seconds: float = 0.5
    max_seconds: float = 20.0

    # Memory
    gradient_checkpointing: bool = False  # compute activations again instead of keeping them


@dataclass(frozen=True, kw_only=True)
class CTCTraining(Training):
    """Fine-tuning of all weights of a CTC model."""

    method: ClassVar[str] = "CTC"
    readings: ClassVar[tuple[Reading, ...]] = (Reading.PLAIN, Reading.WHOLE_SYLLABLES)

    # What is trained when
    stages: tuple[Stage, ...] = ()  # modules that are frozen at first; all others always learn

    # Regularisation
    mask_time_prob: float = 0.05  # share of frames SpecAugment masks
    dropout: float | None = None  # hidden states, attention, output; None: the checkpoint's rates

    # Which epoch is kept
    best_by: str = "wer"  # validation metric, lowest is best: "wer", "cer" or "loss"

    # The ablation's counter-example: labels padded with the blank, and a loss that counts them
    blank_padding: bool = False


@dataclass(frozen=True, kw_only=True)
class LoraTraining(Training):
    """Low-rank adapters on a frozen Whisper; the epoch with the lowest validation loss is kept."""

    method: ClassVar[str] = "LoRA"
    readings: ClassVar[tuple[Reading, ...]] = (Reading.PLAIN,)

    # The adapters
    lora_rank: int
    lora_alpha: int  # their output is scaled by alpha / rank
    lora_dropout: float = 0.0

    # The frozen base
    quantize: bool = False  # keep it in 4 bits (NF4), where the device can


@dataclass(frozen=True)
class LanguageModels:
    """Decoding by beam search and N-best rescoring with n-grams counted on training transcripts."""

    order: int  # longest jamo n-gram; KenLM as packaged reads up to 6


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One entry of the registry: what is trained, how it is read, and what people read of it."""

    # What people read
    name: str
    title: str  # in tables
    note: str  # one sentence: what is special, and why
    compared_with: tuple[str, ...] = ()  # names of models; the report tests the differences
    primary_against: str | None = None  # of these the one declared beforehand, both read plainly

    # What is done
    base: str | None = None  # checkpoint to start from; None: the profile's for this training
    training: Training
    decoding: LanguageModels | None = None  # None: in the ways the training has

    # How far: fields of ``training`` that a profile sets, {profile: {field: value}}
    in_profile: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """In which ways its output is read, each a system of its own; the last is its own."""
        return (Reading.LANGUAGE_MODELS,) if self.decoding else self.training.readings

    def settings(self) -> dict[str, Any]:
        """Every value that decides what comes out, by field name."""
        decoding = asdict(self.decoding) if self.decoding else {}
        return {"base": self.base, **asdict(self.training), **decoding}

    def as_json(self) -> dict[str, Any]:
        """The experiment as ``run.json`` keeps it."""
        return {
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "base": self.base,
            "training": {"method": self.training.method, **asdict(self.training)},
            "decoding": asdict(self.decoding) if self.decoding else None,
        }

    def with_changes(self, changes: Mapping[str, Any]) -> Experiment:
        """The same experiment with other values of its base, its training or its decoding.

        Raises:
            SpeakorError: a field it does not have, or a value of another type.
        """
        training = {each.name: each.type for each in fields(self.training)}
        decoding = {each.name: each.type for each in fields(self.decoding)} if self.decoding else {}
        known = {"base": "str"} | training | decoding

        # Refuse what does not fit before anything is changed.
        if unknown := sorted(set(changes) - set(known)):
            raise SpeakorError(f"unknown preset fields {unknown}; {self.name} has {sorted(known)}")
        for key, value in changes.items():
            if not _fits(value, known[key]):
                example = _EXAMPLES.get(known[key], "")
                raise SpeakorError(f"{key} takes {known[key]}{example}, not {value!r}")

        # Each value goes where its field is.
        used = replace(self, base=changes.get("base", self.base))
        if chosen := {key: changes[key] for key in training if key in changes}:
            used = replace(used, training=replace(used.training, **chosen))
        if chosen := {key: changes[key] for key in decoding if key in changes}:
            used = replace(used, decoding=replace(used.decoding, **chosen))
        return used


def _fits(value: Any, annotation: str) -> bool:
    if isinstance(value, bool):  # to Python a kind of int
        return annotation == "bool"
    if annotation == _STAGES:
        return isinstance(value, tuple) and all(isinstance(stage, Stage) for stage in value)
    return isinstance(value, _VALUES[annotation])
