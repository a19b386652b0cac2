"""The metrics as ``evaluate.Metric`` classes, for code that expects that interface.

``evaluate.load("wer")`` fetches a script from the network; these classes are in the package.

    from speakor_common.evaluation.hf_metrics import wer, cer
    evaluate.combine([wer(), cer()]).compute(references=[...], predictions=[...])
"""

from __future__ import annotations

import datasets
import evaluate

from speakor_common.evaluation.metrics import RATES, score


class _Rate(evaluate.Metric):
    """One rate of :class:`speakor_common.evaluation.metrics.Score`."""

    rate = ""

    def _info(self) -> evaluate.MetricInfo:
        texts = datasets.Features(
            {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
        )
        return evaluate.MetricInfo(
            description=f"{self.rate} of Korean transcripts, a ratio of summed edit counts",
            citation="",
            inputs_description="predictions and references: lists of normalised texts",
            features=texts,
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        return {self.rate: getattr(score(references, predictions), self.rate)}


wer, cer, cer_no_space, swer, jer = (
    type(name, (_Rate,), {"rate": name, "__doc__": _Rate.__doc__}) for name in RATES
)
