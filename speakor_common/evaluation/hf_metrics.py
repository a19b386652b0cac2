"""The metrics as ``evaluate.Metric`` classes, for code that expects that interface.

``evaluate.load("wer")`` fetches a script from the network; these classes are in the package, one
for each rate of :data:`speakor_common.evaluation.levels.LEVELS`, and named like it.

    from speakor_common.evaluation.hf_metrics import wer, cer
    evaluate.combine([wer(), cer()]).compute(references=[...], predictions=[...])
"""

from __future__ import annotations

from functools import cache

import datasets
import evaluate

from speakor_common.evaluation.levels import LEVELS
from speakor_common.evaluation.metrics import score


class RateMetric(evaluate.Metric):
    """One rate of :class:`speakor_common.evaluation.metrics.Score`."""

    rate = ""

    def _info(self) -> evaluate.MetricInfo:
        texts = {
            "predictions": datasets.Value("string"),
            "references": datasets.Value("string"),
        }
        return evaluate.MetricInfo(
            description=f"{self.rate} of Korean transcripts, a ratio of summed edit counts",
            citation="",
            inputs_description="predictions and references: lists of normalised texts",
            features=datasets.Features(texts),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        return {self.rate: score(references, predictions).rates[self.rate]}


@cache
def metric_class(rate: str) -> type[RateMetric]:
    """The class of one rate, the same one at every call."""
    return type(rate, (RateMetric,), {"rate": rate, "__doc__": RateMetric.__doc__})


def __getattr__(name: str) -> type[RateMetric]:
    """``wer`` and every other rate, as an attribute of this module."""
    if name not in {level.rate for level in LEVELS.values()}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return metric_class(name)
