"""Which of several trained models is the best on validation, comparing only like with like.

Two rates can be compared where they were measured on the same clips. Trainings of one profile may
be validated on a drawn part or on all of a split, and language models are weighed on a draw of
their own. So weights are compared first, each without language models; then, for the best
weights, language models with the same weights without them on the clips they were weighed on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger(__name__)

Run = Mapping[str, Any]  # content of a run.json


def best_by_validation(runs: Mapping[str, Run], yardstick: str) -> str:
    """Name of the run with the lowest validation WER.

    Args:
        runs: finished runs of one profile by name, in order of preference; at least one.
        yardstick: whose validation clips decide; the first run's where it is not among them.
            What was validated on others is left out and named in the log.
    """
    clips = _validation_clips(runs.get(yardstick, next(iter(runs.values()))))
    comparable = {name: run for name, run in runs.items() if _validation_clips(run) == clips}
    if others := sorted(set(runs) - set(comparable)):
        logger.warning(
            "not compared with %s, because validated on other clips: %s",
            ", ".join(comparable),
            ", ".join(others),
        )
    best = min(comparable, key=lambda name: _plain_rate(comparable[name]))
    weights = _weights(best, runs[best])
    return _best_reading({n: run for n, run in comparable.items() if _weights(n, run) == weights})


def _validation_clips(run: Run) -> str | None:
    """Hash of the clips that a training was validated on; earlier versions do not know it."""
    return run.get("data_sha256", {}).get("valid")


def _plain_rate(run: Run) -> float:
    """Validation WER of a training, without language models."""
    return run.get("greedy_validation_wer", run["best_validation_wer"])


def _weights(name: str, run: Run) -> str:
    return run.get("fingerprint", name)


def _best_reading(runs: Mapping[str, Run]) -> str:
    """Of runs with the same weights the one read best; without language models where they lose."""
    gains = {
        name: run["decoder_validation"]["wer_without"] - run["decoder_validation"]["wer"]
        for name, run in runs.items()
        if "decoder_validation" in run
    }
    plain = {name: 0.0 for name, run in runs.items() if "decoding" not in run}
    compared = plain | gains
    return max(compared, key=compared.__getitem__) if compared else next(iter(runs))
