"""The corpus of a profile, prepared; what notebook 01 and ``speakor prepare`` call.

Profiles say how a corpus is split and stored, and :mod:`speakor_common.corpus` does it. Which
corpus is meant must be said: a profile of real data never quietly gets the synthetic sample.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from speakor_common import paths
from speakor_common.corpus.splits import Policy, SplitPolicy
from speakor_common.errors import CorpusError
from speakor_common.training.profiles import Profile, get_profile

if TYPE_CHECKING:
    from speakor_common.corpus.prepare import Prepared  # heavy, and a refusal needs none of it


PROMPTS_APART = "apart"


def prepare_profile(
    profile_name: str,
    data_root: str | Path = "",
    exclude: str | Path = "",
    progress: bool = True,
    prompts: str = "",
    reader: str = "",
) -> Prepared:
    """Read, split, audit and store the corpus of a profile in ``data/prepared/<profile>``.

    Args:
        data_root: corpus as delivered; ``""`` is the shipped sample, where the profile is for it.
        exclude: a ``review.csv``; what it tags as unusable is left out.
        prompts: ``"apart"`` gives every prompt to one split, ``""`` does as the profile says.
        reader: form of the corpus, a name of :data:`speakor_common.corpus.readers.READERS`;
            ``""`` is the profile's.

    Raises:
        SpeakorError: unknown profile.
        CorpusError: the profile needs a corpus of one's own, or see :func:`prepare`.
    """
    from speakor_common.corpus.prepare import prepare

    profile = get_profile(profile_name)
    return prepare(
        corpus_root(profile, data_root),
        paths.prepared(profile.name),
        split_policy(profile, prompts),
        profile.native_l1,
        profile.embed_audio,
        exclude=exclude,
        progress=progress,
        reader=reader or profile.reader,
    )


def corpus_root(profile: Profile, data_root: str | Path) -> Path:
    """``data_root``, or the shipped sample where the profile is for it.

    Raises:
        CorpusError: the profile is for a corpus of one's own, and none was given.
    """
    if data_root:
        return Path(data_root)
    if not profile.on_sample:
        raise CorpusError(
            f"profile {profile.name} is for a corpus of your own: say where it lies with "
            '--data "/path/to/corpus" (make: DATA=…, notebook 01: data_root), '
            "or use the profile sample or smoke"
        )
    return paths.sample_corpus()


def split_policy(profile: Profile, prompts: str) -> Policy:
    """How a profile splits, with prompts apart if that is asked for.

    Raises:
        CorpusError: another word than ``apart``, or splits that are taken as delivered.
    """
    if not prompts:
        return profile.split
    if prompts != PROMPTS_APART:
        raise CorpusError(
            f"prompts can be kept {PROMPTS_APART!r} or left as they are, not {prompts!r}"
        )
    if not isinstance(profile.split, SplitPolicy):
        raise CorpusError(
            f"profile {profile.name} takes the splits its corpus is delivered with, "
            "whose prompts cannot be kept apart"
        )
    return replace(profile.split, prompt_disjoint=True)
