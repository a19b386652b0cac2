"""The profiles: on what and how much an experiment is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from speakor_common.corpus.splits import SAMPLE_POLICY, SplitPolicy


@dataclass(frozen=True)
class Profile:
    """Data and scale of a run.

    Attributes:
        base: base checkpoint by experiment kind.
        listener: the native listener; best one trained on labels as pronounced.
        batch_size, epochs: overrides by experiment name.
        train_limit, eval_limit: keep only so many utterances of a split; 0 keeps all.
        on_sample: the shipped sample is meant where no corpus is given; else one must be given.
        checkpointing: False trains without gradient checkpointing even where a preset has it: memory is not what is short.
        native_l1: first language that is native speech: never trained or tested as learner
            speech, and used for the native listener.
    """

    name: str
    base: dict[str, str]
    listener: str
    split: SplitPolicy
    batch_size: dict[str, int] = field(default_factory=dict)
    accumulation: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, float] = field(default_factory=dict)
    train_limit: int = 0
    eval_limit: int = 0
    native_l1: str = "KR"
    embed_audio: bool = True
    checkpointing: bool = True
    on_sample: bool = False

    @property
    def quick(self) -> bool:
        """Whether only a part of the data is used, to see that everything runs."""
        return self.train_limit > 0


HUB_CTC = "kresnik/wav2vec2-large-xlsr-korean"
HUB_WHISPER = "ghost613/whisper-large-v3-turbo-korean"
_SMOKE_EPOCHS = {"exp01": 1, "exp05": 2, "whisper": 0.5}

PROFILES = {
    "smoke": Profile(
        name="smoke",
        base={"ctc": "base-tiny", "whisper": "whisper-base"},
        listener="listener-tiny",
        split=SAMPLE_POLICY,
        on_sample=True,
        epochs=_SMOKE_EPOCHS,
        batch_size={"whisper": 4},
        accumulation={"whisper": 2},
        checkpointing=False,
        train_limit=48,
        eval_limit=24,
    ),
    "sample": Profile(
        name="sample",
        base={"ctc": "base-tiny", "whisper": "whisper-base"},
        listener="listener-tiny",
        split=SAMPLE_POLICY,
        on_sample=True,
        batch_size={"whisper": 8},
        accumulation={"whisper": 2},
        checkpointing=False,
        epochs={
            "exp01": 8,
            "exp05": 8,
            "exp06-one-cycle": 14,
            "whisper": 0.5,
        },  # exp01 and exp05 equal
    ),
    "aihub": Profile(
        name="aihub",
        base={"ctc": HUB_CTC, "whisper": HUB_WHISPER},
        listener=HUB_CTC,  # spells; give a model trained on pronounced labels where there is one
        split=SplitPolicy(),
        embed_audio=False,
    ),
}
