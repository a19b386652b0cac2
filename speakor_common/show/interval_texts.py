"""Intervals as people read them: two bounds, or a dash and why there are none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from speakor_common.evaluation.statistics import reason_for_none


def bounds_text(bounds: Sequence[float] | None, reason: str, form: str = ".3f") -> str:
    """``[0.311, 0.426]``, or ``[– 2 speakers < 5]`` where there is no interval.

    Args:
        reason: why there is none; used only then.
        form: format of each bound.
    """
    if bounds is None:
        return f"[– {reason or 'too few speakers'}]"
    low, high = bounds
    return f"[{low:{form}}, {high:{form}}]"


def rate_text(entry: Mapping[str, Any], rate: str, form: str = ".3f") -> str:
    """A rate of an entry of metrics.json with its interval, or why it has none."""
    reason = entry.get("no_interval") or reason_for_none(entry.get("speakers", 0))
    return f"{entry[rate]:{form}} {bounds_text(entry.get(f'{rate}_95'), reason, form)}"


def verdict_text(row: Any) -> str:
    """What a study's table says of one claim, such as ``WER -0.010 [-0.018, -0.002]; helps``.

    Args:
        row: of :func:`speakor_common.pipeline.verdicts.verdicts`, by attributes. Tables of
            earlier versions, whose intervals are over speakers alone, give no verdict.
    """
    bounds = None if math.isnan(row.low) else (row.low, row.high)
    reason = getattr(row, "no_interval", "")
    verdict = getattr(row, "verdict", "no verdict, as the interval is over speakers alone")
    interval = f"WER {row.difference:+.3f} {bounds_text(bounds, reason, '+.3f')}"
    return f"{interval}; {verdict} ({row.seeds} seeds of {row.n // row.seeds} clips)"
