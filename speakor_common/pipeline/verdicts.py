"""What a study shows: each change against what it changes, over speakers and seeds alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from speakor_common.evaluation.statistics import Comparison, crossed_comparison, with_holm
from speakor_common.evaluation.summary import with_counts

COLUMNS = (
    "claim",
    "variant",
    "against",
    "difference",
    "low",
    "high",
    "no_interval",
    "p",
    "p_holm",
    "significant",
    "verdict",
    "speakers",
    "seeds",
    "n",
)


@dataclass(frozen=True)
class Claim:
    """The change that one variant of a study makes to another.

    Attributes:
        name, against: of the variants; one that is against itself is no change.
    """

    name: str
    claim: str
    against: str


def verdicts(claims: Sequence[Claim], predictions: pd.DataFrame) -> pd.DataFrame:
    """Every claim's difference in WER on the same test clips with the same seeds.

    All claims explore, so p is corrected for their number. A verdict needs a difference that
    holds over speakers and over seeds.

    Args:
        predictions: all runs', with a column ``seed``.

    Returns:
        :data:`COLUMNS`, a row a claim whose both sides have runs of the same seed; none, if there
        are no predictions yet. The difference is negative where the change helped; ``verdict`` is
        ``helps``, ``hurts`` or ``not shown``; ``n`` counts a clip once a seed.
    """
    if predictions.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    counted = with_counts(predictions)
    made = []
    for claim in claims:
        changed = _of_variant(counted, claim.name)
        plain = _of_variant(counted, claim.against)
        shared = changed.index.intersection(plain.index)
        if claim.name != claim.against and len(shared):
            compared = _over_speakers_and_seeds(changed.loc[shared], plain.loc[shared])
            made.append((claim, compared, shared.get_level_values("seed").nunique()))

    # Together, because they are corrected together.
    corrected = with_holm([compared for _, compared, _ in made])
    rows = [
        _row(claim, result) | {"seeds": seeds, "n": result.difference.n}
        for (claim, _, seeds), result in zip(made, corrected, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(claim: Claim, result: Comparison) -> dict[str, Any]:
    difference = result.difference
    verdict = "not shown"
    if result.significant:
        verdict = "helps" if difference.value < 0 else "hurts"
    return {
        "claim": claim.claim,
        "variant": claim.name,
        "against": claim.against,
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "no_interval": difference.no_interval,
        "p": difference.p,
        "p_holm": result.p_holm,
        "significant": result.significant,
        "verdict": verdict,
        "speakers": difference.speakers,
    }


def _of_variant(counted: pd.DataFrame, name: str) -> pd.DataFrame:
    return counted[counted["experiment"] == name].set_index(["seed", "utterance_id"])


def _over_speakers_and_seeds(a: pd.DataFrame, b: pd.DataFrame) -> Comparison:
    return crossed_comparison(
        a["words_errors"].tolist(),
        b["words_errors"].tolist(),
        a["words_length"].tolist(),
        a["speaker_id"].tolist(),
        a.index.get_level_values("seed").tolist(),
    )
