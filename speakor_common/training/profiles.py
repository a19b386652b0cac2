"""The profiles: on what, from which base and on how much an experiment is trained.

A profile is one entry of :data:`PROFILES`. It says nothing about single experiments; those say
themselves what a profile changes in them (``Experiment.in_profile``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from speakor_common.corpus.splits import SAMPLE_POLICY, AsDelivered, Policy, SplitPolicy
from speakor_common.errors import SpeakorError
from speakor_common.training.preset import CTCTraining, LoraTraining, Training


@dataclass(frozen=True)
class Profile:
    """Data, models and scale of a run."""

    name: str

    # Models: a directory, a name under models/, or a Hub id
    base: Mapping[type[Training], str]  # to start from, by kind of training
    listener: str  # native listener; best is one trained on labels as pronounced

    # Data
    split: Policy
    reader: str = "aihub"  # the corpus's form, a name of corpus.readers.READERS
    # L1 of speech that is set apart, as no learner's: for the listener and as a yardstick; "": none
    native_l1: str = "KR"
    embed_audio: bool = True  # copy the audio into the prepared dataset
    on_sample: bool = False  # the shipped sample is meant where no corpus is given
    description: str = ""  # for model cards: what the clips are
    redistributable: bool = True  # may transcripts, counted into language models, be passed on?

    # Scale
    train_limit: int = 0  # clips of the training split; 0 takes all
    eval_limit: int = 0  # clips of the validation and of the test split; 0 takes all
    checkpointing: bool = True  # False: never, because memory is not what is short

    @property
    def quick(self) -> bool:
        """Whether only some clips are used, to see that everything runs."""
        return self.train_limit > 0


HUB_CTC = "kresnik/wav2vec2-large-xlsr-korean"
HUB_WHISPER = "ghost613/whisper-large-v3-turbo-korean"
_TINY = {CTCTraining: "base-tiny", LoraTraining: "whisper-base"}

PROFILES = {
    "smoke": Profile(
        name="smoke",
        base=_TINY,
        listener="listener-tiny",
        split=SAMPLE_POLICY,
        on_sample=True,
        description=(
            "a few clips of the synthetic sample corpus (data/sample); the numbers mean nothing"
        ),
        train_limit=48,
        eval_limit=24,
        checkpointing=False,
    ),
    "sample": Profile(
        name="sample",
        base=_TINY,
        listener="listener-tiny",
        split=SAMPLE_POLICY,
        on_sample=True,
        description=(
            "the synthetic sample corpus (data/sample): no learner ever spoke it, "
            "and a rate on it says nothing about people"
        ),
        checkpointing=False,
    ),
    "aihub": Profile(
        name="aihub",
        base={CTCTraining: HUB_CTC, LoraTraining: HUB_WHISPER},
        listener=HUB_CTC,  # spells; give a model trained on pronounced labels where there is one
        split=SplitPolicy(),
        embed_audio=False,
        description=(
            "AI Hub 505, 인공지능 학습을 위한 외국인 한국어 발화 음성 데이터; "
            "the data itself may not be redistributed"
        ),
        redistributable=False,
    ),
    "ksponspeech": Profile(
        name="ksponspeech",
        base={CTCTraining: HUB_CTC, LoraTraining: HUB_WHISPER},
        listener=HUB_CTC,
        split=AsDelivered(),  # nobody says who speaks
        reader="ksponspeech",
        native_l1="",  # natives are who is trained on
        embed_audio=False,
        description=(
            "KsponSpeech (AI Hub 123), 969 hours of native speakers in free conversation; "
            "the data itself may not be redistributed"
        ),
        redistributable=False,
    ),
}


def get_profile(name: str) -> Profile:
    """A profile by name.

    Raises:
        SpeakorError: there is none of that name; the message lists the known ones.
    """
    if name not in PROFILES:
        raise SpeakorError(f"unknown profile {name!r}; known are {sorted(PROFILES)}")
    return PROFILES[name]
