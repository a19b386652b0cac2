"""Speaker-disjoint, L1-stratified splits; prompt-disjoint on request.

AI Hub's own Training/Validation parts appear to share speakers, so a test score on them
measures memory as well as recognition. Splits here depend only on ids and a seed: the
same corpus always splits the same way, in any row order, and adding clips of known
speakers never moves a clip from one split to another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speakor_common.errors import CorpusError

if TYPE_CHECKING:
    import pandas as pd  # profiles hold policies, and must be there at once

TRAIN, VALID, TEST, UNUSED = "train", "valid", "test", "unused"
SPLITS = (TRAIN, VALID, TEST)


@dataclass(frozen=True)
class SplitPolicy:
    """How to split; part of a profile and saved with every result.

    Attributes:
        seed: of the split alone. Training seeds do not move it.
        valid_speakers, test_speakers: share of each L1's speakers.
        prompt_disjoint: also give every prompt to one split. Clips whose speaker and prompt
            belong to different splits are then ``unused`` and counted.
        valid_prompts, test_prompts: share of prompts, when ``prompt_disjoint``.
    """

    seed: int = 505
    valid_speakers: float = 0.1
    test_speakers: float = 0.1
    prompt_disjoint: bool = False
    valid_prompts: float = 0.12
    test_prompts: float = 0.22


SAMPLE_POLICY = SplitPolicy(seed=635, valid_speakers=0.14, test_speakers=0.26, prompt_disjoint=True)


def assign_splits(manifest: pd.DataFrame, policy: SplitPolicy) -> pd.DataFrame:
    """A copy of ``manifest`` with column ``split`` set to train, valid, test or unused.

    Raises:
        CorpusError: an L1 has too few speakers to fill the three splits.
    """
    l1_of = dict(zip(manifest["speaker_id"], manifest["l1"], strict=True))
    by_speaker = manifest["speaker_id"].map(speaker_splits(l1_of, policy))
    split = by_speaker
    if policy.prompt_disjoint:
        by_prompt = manifest["prompt_id"].map(lambda prompt: prompt_split(prompt, policy))
        split = by_speaker.where(by_speaker == by_prompt, UNUSED)
    result = manifest.copy()
    result["split"] = split
    missing = [name for name in SPLITS if not (split == name).any()]
    if missing:
        raise CorpusError(
            f"the splits {missing} would be empty: {len(l1_of)} speakers of {len(set(l1_of.values()))} first languages, "
            "at least one L1 needs 3 or more speakers; give more data or smaller shares in the split policy"
        )
    return result


def speaker_splits(l1_of: Mapping[str, str], policy: SplitPolicy) -> dict[str, str]:
    """Split of each speaker, given each speaker's L1.

    Within an L1, speakers are ordered by a hash of their id; the first go to test, the
    next to valid. An L1 with fewer than three speakers goes to train as a whole.
    """
    result: dict[str, str] = {}
    for l1 in sorted(set(l1_of.values())):
        speakers = sorted(
            (s for s in l1_of if l1_of[s] == l1), key=lambda s: (_unit(f"{policy.seed}/{s}"), s)
        )
        if len(speakers) < 3:
            result.update(dict.fromkeys(speakers, TRAIN))
            continue
        n_test = max(1, round(policy.test_speakers * len(speakers)))
        n_valid = max(1, round(policy.valid_speakers * len(speakers)))
        for rank, speaker in enumerate(speakers):
            result[speaker] = TEST if rank < n_test else VALID if rank < n_test + n_valid else TRAIN
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
