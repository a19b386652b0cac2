"""Which clips train, which validate, which test: by speaker, or as the corpus was delivered.

AI Hub's own Training and Validation appear to share speakers, so a test score on them
measures memory as well as recognition. Splits by speaker depend only on ids and a seed: the
same corpus always splits the same way, in any row order, and adding clips of known speakers
never moves a clip from one split to another. A corpus that does not say who speaks, or whose
published results rest on its own splits, keeps those (:class:`AsDelivered`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speakor_common.errors import CorpusError

if TYPE_CHECKING:
    import pandas as pd  # profiles hold policies, and the command line needs them at once

TRAIN, VALID, TEST, UNUSED = "train", "valid", "test", "unused"
SPLITS = (TRAIN, VALID, TEST)
VOICES = "voices"  # a promise that only listening can check


@dataclass(frozen=True)
class SplitPolicy:
    """Speaker-disjoint, stratified by L1; part of a profile and saved with every result.

    Attributes:
        seed: of the split alone. Training seeds do not move it.
        valid_speakers, test_speakers: share of each L1's speakers.
        prompt_disjoint: also give every prompt to one split. Clips whose speaker and prompt
            belong to different splits are then ``unused`` and counted.
        valid_prompts, test_prompts: share of prompts, when ``prompt_disjoint``.
        voice_disjoint: speakers of two splits are also to sound like two people; else what is
            heard is reported only. Among thousands of real speakers some are too alike for a
            machine to tell, and a promise would stop every run.
    """

    seed: int = 505

    # speakers
    valid_speakers: float = 0.1
    test_speakers: float = 0.1

    # prompts
    prompt_disjoint: bool = False
    valid_prompts: float = 0.12
    test_prompts: float = 0.22

    # voices
    voice_disjoint: bool = False

    def assign(self, manifest: pd.DataFrame) -> pd.Series:
        """Split of every row; ``unused`` where nobody knows who speaks."""
        known = manifest[manifest["speaker_id"] != ""]
        if known.empty:
            raise CorpusError(
                f"none of {len(manifest)} clips says who speaks, so no split can keep speakers "
                "apart; use the splits the corpus was delivered with: split=AsDelivered()"
            )

        l1_of = dict(zip(known["speaker_id"], known["l1"], strict=True))
        by_speaker = manifest["speaker_id"].map(speaker_splits(l1_of, self)).fillna(UNUSED)
        if not self.prompt_disjoint:
            return by_speaker

        by_prompt = manifest["prompt_id"].map(lambda prompt: prompt_split(prompt, self))
        return by_speaker.where(by_speaker == by_prompt, UNUSED)

    @property
    def promises(self) -> tuple[str, ...]:
        """What no two splits share; see :mod:`speakor_common.corpus.audit`."""
        more = {"prompts": self.prompt_disjoint, VOICES: self.voice_disjoint}
        return ("speakers", "audio", *(what for what, promised in more.items() if promised))


@dataclass(frozen=True)
class AsDelivered:
    """The splits a corpus comes with; clips it puts in none are ``unused``.

    What they share is counted by the audit. Only identical recordings are ruled out, because
    more was not promised by whoever made the splits.
    """

    def assign(self, manifest: pd.DataFrame) -> pd.Series:
        """Split of every row."""
        return manifest["split"].where(manifest["split"].isin(SPLITS), UNUSED)

    @property
    def promises(self) -> tuple[str, ...]:
        return ("audio",)


Policy = SplitPolicy | AsDelivered

SAMPLE_POLICY = SplitPolicy(seed=635, valid_speakers=0.14, test_speakers=0.26, prompt_disjoint=True)


def assign_splits(manifest: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """A copy of ``manifest`` with column ``split`` set to train, valid, test or unused.

    Raises:
        CorpusError: a split would be empty, or speakers are to be kept apart and are not known.
    """
    result = manifest.copy()
    result["split"] = policy.assign(manifest)
    check_splits(result, policy)
    return result


def check_splits(manifest: pd.DataFrame, policy: Policy) -> None:
    """Raise CorpusError if train, valid or test holds no clip; says what would help."""
    missing = [name for name in SPLITS if not (manifest["split"] == name).any()]
    if not missing:
        return

    if isinstance(policy, AsDelivered):
        counts = manifest["split"].value_counts().to_dict()
        raise CorpusError(
            f"the splits {missing} would be empty: the corpus was delivered with {counts}; "
            "give it whole, or split by speaker"
        )
    speakers = manifest["speaker_id"].nunique()
    raise CorpusError(
        f"the splits {missing} would be empty: {speakers} speakers of {manifest['l1'].nunique()} "
        "first languages, at least one L1 needs 3 or more speakers; give more data or smaller "
        "shares in the split policy"
    )


def speaker_splits(l1_of: Mapping[str, str], policy: SplitPolicy) -> dict[str, str]:
    """Split of each speaker, given each speaker's L1.

    Within an L1, speakers are ordered by a hash of their id; the first go to test, the
    next to valid. An L1 with fewer than three speakers goes to train as a whole.
    """
    result: dict[str, str] = {}
    for l1 in sorted(set(l1_of.values())):
        speakers = [speaker for speaker in l1_of if l1_of[speaker] == l1]
        speakers.sort(key=lambda speaker: (_unit(f"{policy.seed}/{speaker}"), speaker))
        if len(speakers) < 3:
            result.update(dict.fromkeys(speakers, TRAIN))
            continue

        n_test = max(1, round(policy.test_speakers * len(speakers)))
        n_valid = max(1, round(policy.valid_speakers * len(speakers)))
        result.update(dict.fromkeys(speakers[:n_test], TEST))
        result.update(dict.fromkeys(speakers[n_test : n_test + n_valid], VALID))
        result.update(dict.fromkeys(speakers[n_test + n_valid :], TRAIN))
    return result


def prompt_split(prompt_id: str, policy: SplitPolicy) -> str:
    """Split of one prompt, from its id alone."""
    position = _unit(f"{policy.seed}/prompt/{prompt_id}")
    if position < policy.test_prompts:
        return TEST
    return VALID if position < policy.test_prompts + policy.valid_prompts else TRAIN


def _unit(key: str) -> float:
    """A stable number in [0, 1) for a string; ``hash()`` differs between processes."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
