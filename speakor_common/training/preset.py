"""What a preset is: the fields of one experiment and of its stages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """From ``epoch`` on (0-based, fractional epochs count), ``modules`` are trained; before, they are frozen.

    A module is an attribute path inside the model, e.g. ``wav2vec2.feature_extractor``, or a slice of a
    layer list, e.g. ``wav2vec2.encoder.layers[-2:]`` for the top two.
    """

    epoch: int
    modules: tuple[str, ...]


NEVER = 10**6  # an epoch no run reaches: frozen throughout

FEATURE_ENCODER = "wav2vec2.feature_extractor"
TOP_LAYERS = "wav2vec2.encoder.layers[-2:]"


@dataclass(frozen=True)
class Experiment:
    """Hyper-parameters of one training run.

    Attributes:
        kind: ``ctc`` or ``whisper``.
        base: checkpoint to start from, see ``training.checkpoints.resolve``.
        batch_size: utterances per device and step; the optimiser sees
            ``batch_size * gradient_accumulation`` (times devices).
        warmup: steps if >= 1, share of all steps if < 1.
        schedule: transformers scheduler name. ``constant`` would ignore the warm-up.
        stages: which modules are frozen until when.
        min_seconds, max_seconds: training clips outside are left out and counted.
        augment: strength of waveform augmentation, 0-1.
        mask_time_prob: SpecAugment share of masked frames.
        dropout: of hidden states, attention and output; ``None`` leaves the checkpoint's own.
        patience: stop after so many epochs without a better ``best_by``; 0 never stops early.
        lm_order: longest n-gram of the jamo model counted on the training transcripts, for beam search and
            rescoring; 0 decodes without a language model.
        weights: experiment whose trained weights are taken as they are; nothing more is trained, only the reading
            (``lm_order``) is this one's own. ``""`` trains.
        blank_padding: pad labels with the blank's id as the seed's code did, with a loss that counts
            them (``training.blank_padding``). A counter-example for the ablation.
        best_by: validation metric whose lowest epoch is kept: ``wer``, ``cer`` or ``loss``.
    """

    name: str
    kind: str
    note: str
    base: str
    epochs: float
    batch_size: int
    gradient_accumulation: int
    learning_rate: float
    schedule: str
    warmup: float
    weight_decay: float
    stages: tuple[Stage, ...] = ()
    min_seconds: float = 0.5
    max_seconds: float = 20.0
    augment: float = 0.0
    mask_time_prob: float = 0.05
    dropout: float | None = None
    blank_padding: bool = False
    best_by: str = "wer"
    patience: int = 0
    lm_order: int = 0
    weights: str = ""
    gradient_checkpointing: bool = False
    lora_rank: int = 0
    lora_alpha: int = 0
    lora_dropout: float = 0.0
    quantize: bool = False
