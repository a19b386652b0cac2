"""Intervals by speaker, and paired comparison."""

import numpy as np

from speakor_common.evaluation.statistics import paired_comparison, rate_interval


def test_interval_of_equal_speakers_is_a_point_and_holds_the_value():
    equal = rate_interval([1] * 20, [10] * 20, [f"s{i % 4}" for i in range(20)])
    assert (equal.low, equal.value, equal.high, equal.n, equal.speakers) == (0.1, 0.1, 0.1, 20, 4)

    errors = np.random.default_rng(0).integers(0, 6, 200)
    mixed = rate_interval(errors, [10] * 200, [f"s{i % 10}" for i in range(200)])
    assert mixed.low < mixed.value < mixed.high


def test_interval_is_wider_when_errors_cluster_by_speaker():
    lengths = [10] * 40
    errors = [8] * 10 + [0] * 30
    clustered = rate_interval(errors, lengths, [f"s{i // 10}" for i in range(40)])
    spread = rate_interval(errors, lengths, [f"s{i}" for i in range(40)])
    assert clustered.high - clustered.low > spread.high - spread.low


def test_one_speaker_has_no_interval():
    assert np.isnan(rate_interval([1, 2], [10, 10], ["a", "a"]).low)


def test_paired_comparison_tells_a_real_difference_from_none():
    speakers = [f"s{i % 8}" for i in range(80)]
    draws = np.random.default_rng(1)
    errors = draws.integers(0, 4, 80)
    assert paired_comparison(errors, errors + 3, [10] * 80, speakers).significant

    noise = paired_comparison(errors, draws.permutation(errors), [10] * 80, speakers)
    assert not noise.significant
    assert noise.difference.value == 0
