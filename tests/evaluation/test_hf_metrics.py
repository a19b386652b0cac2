"""The ``evaluate`` classes: one a rate, without a network."""

import evaluate
import pytest

from speakor_common.evaluation import hf_metrics
from speakor_common.evaluation.hf_metrics import cer, cer_no_space, jer, swer, wer


def test_metrics_combine_without_network():
    combined = evaluate.combine([wer(), cer()])
    rates = combined.compute(references=["저는 학생"], predictions=["저는 학교"])
    assert rates == {"wer": 0.5, "cer": 0.2}


@pytest.mark.parametrize(
    ("metric", "rate"), [(swer, 0.0), (wer, 1.0), (cer, 0.2), (cer_no_space, 0.0), (jer, 0.0)]
)
def test_each_rate_has_a_class(metric, rate):
    result = metric().compute(references=["저는 학생"], predictions=["저는학생"])
    assert result == {metric.rate: rate}


def test_an_unknown_rate_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'per'"):
        _ = hf_metrics.per
