"""Intervals over speakers hold what they promise; comparisons, their correction and power."""

import numpy as np
import pytest

from speakor_common.evaluation.statistics import (
    Comparison,
    crossed_comparison,
    detectable_difference,
    paired_comparison,
    rate_interval,
    with_holm,
)

TRIALS = 1500
SEED = 20


def speech(draws, speakers, trials):
    """Words, and errors of two models: speakers of unequal size with rates of their own.

    int64, shape = (trials, speakers) each.
    """
    shape = (trials, speakers)
    words = draws.integers(5, 41, shape) * 6
    rates = draws.beta(3, 7, shape)
    others = np.clip(rates * (0.85 + 0.15 * draws.standard_normal(shape)), 0, 1)
    errors = [
        draws.binomial(words, rate) + draws.poisson(0.03 * words * draws.gamma(1.0, 1.0, shape))
        for rate in (rates, others)
    ]
    return words, *errors


def percentile_bootstrap(errors, lengths, draws):
    counts = draws.multinomial(len(errors), np.full(len(errors), 1 / len(errors)), 300)
    return np.quantile(counts @ errors / (counts @ lengths), [0.025, 0.975])


def coverage(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


@pytest.fixture(scope="module")
def truths():
    """The rate of the first model, and the difference between both, of very many speakers."""
    words, first, second = speech(np.random.default_rng(0), 1_000_000, 1)
    return first.sum() / words.sum(), (first - second).sum() / words.sum()


@pytest.mark.parametrize("speakers", [8, 20, 40])
def test_intervals_hold_the_truth_95_times_in_100(speakers, truths):
    names = [str(number) for number in range(speakers)]
    trials = list(zip(*speech(np.random.default_rng(SEED), speakers, TRIALS), strict=True))
    rates = [rate_interval(first, words, names).interval for words, first, _ in trials]
    assert 0.93 <= coverage(rates, truths[0]) <= 0.97

    differences = [
        paired_comparison(first, second, words, names).difference.interval
        for words, first, second in trials
    ]
    assert 0.93 <= coverage(differences, truths[1]) <= 0.97


def test_the_simulation_finds_a_percentile_bootstrap_too_narrow(truths):
    draws = np.random.default_rng(SEED)
    trials = list(zip(*speech(draws, 8, 1000), strict=True))
    rates = [percentile_bootstrap(first, words, draws) for words, first, _ in trials]
    assert coverage(rates, truths[0]) < 0.93
    differences = [
        percentile_bootstrap(first - second, words, draws) for words, first, second in trials
    ]
    assert coverage(differences, truths[1]) < 0.93


@pytest.mark.parametrize(("speakers", "seeds"), [(8, 3), (20, 3), (40, 5)])
@pytest.mark.parametrize("of_seed", [0.0, 0.01, 0.03])
def test_intervals_over_speakers_and_seeds_hold_the_truth(speakers, seeds, of_seed):
    draws = np.random.default_rng(SEED)
    words = draws.integers(30, 240, speakers)
    lengths = np.repeat(words, seeds)
    names = np.repeat(np.arange(speakers).astype(str), seeds)
    numbers = np.tile(np.arange(seeds), speakers)

    # No true difference: speakers, seeds and both together add to it.
    found = []
    for _ in range(500):
        rate = 0.05 * draws.standard_normal((speakers, 1))
        rate = rate + of_seed * draws.standard_normal((1, seeds))
        rate = (rate + 0.03 * draws.standard_normal((speakers, seeds))).ravel()
        result = crossed_comparison(rate * lengths, 0 * lengths, lengths, names, numbers)
        found.append(result.difference.interval)
    assert 0.93 <= coverage(found, 0) <= 0.995  # never below one factor alone: rather too wide


def test_seeds_that_disagree_give_no_verdict_where_speakers_alone_would():
    speakers = np.repeat([f"s{i}" for i in range(20)], 3)
    seeds = np.tile([1, 2, 3], 20)
    errors = np.tile([8, 0, -1], 20) + np.repeat(np.arange(20) % 2, 3)
    lengths = np.full(60, 100)
    zero = np.zeros(60, int)
    assert paired_comparison(errors, zero, lengths, speakers).significant
    assert not crossed_comparison(errors, zero, lengths, speakers, seeds).significant

    agreeing = np.tile([8, 7, 8], 20) + np.repeat(np.arange(20) % 2, 3)
    assert crossed_comparison(agreeing, zero, lengths, speakers, seeds).significant


def test_two_seeds_have_no_interval():
    speakers = np.repeat([f"s{i}" for i in range(8)], 2)
    result = crossed_comparison([1] * 16, [0] * 16, [9] * 16, speakers, [1, 2] * 8)
    assert result.difference.no_interval == "2 seeds < 3" and not result.significant


def test_interval_of_equal_speakers_is_a_point_and_holds_the_value():
    equal = rate_interval([1] * 20, [10] * 20, [f"s{i % 5}" for i in range(20)])
    assert equal.interval == (0.1, 0.1) and (equal.n, equal.speakers) == (20, 5)

    errors = np.random.default_rng(0).integers(0, 6, 200)
    mixed = rate_interval(errors, [10] * 200, [f"s{i % 10}" for i in range(200)])
    assert mixed.low < mixed.value < mixed.high
    assert mixed.freedom == pytest.approx(9)


def test_interval_is_wider_when_errors_cluster_by_speaker():
    lengths = [10] * 50
    errors = [8] * 10 + [0] * 40
    clustered = rate_interval(errors, lengths, [f"s{i // 10}" for i in range(50)])
    spread = rate_interval(errors, lengths, [f"s{i}" for i in range(50)])
    assert clustered.high - clustered.low > spread.high - spread.low
    assert clustered.low == 0 and clustered.high <= 1


def test_below_five_speakers_there_is_no_interval_but_a_reason():
    few = rate_interval([1, 2, 0, 1], [10] * 4, list("abcd"))
    assert few.interval is None and few.bounds is None and few.p is None
    assert few.value == 0.1 and few.no_interval == "4 speakers < 5" and np.isnan(few.low)
    assert rate_interval([1, 2], [10, 10], ["a", "a"]).no_interval == "1 speaker < 5"

    # Who said nothing that counts is no speaker, and a difference needs as many.
    silent = rate_interval([1, 2, 0, 1, 0], [10] * 4 + [0], list("abcde"))
    assert silent.speakers == 4 and silent.interval is None
    compared = paired_comparison([9] * 4, [0] * 4, [10] * 4, list("abcd"))
    assert not compared.significant and compared.difference.no_interval == "4 speakers < 5"
    assert np.isnan(detectable_difference(compared.difference))


def test_paired_comparison_tells_a_real_difference_from_none():
    speakers = [f"s{i % 8}" for i in range(80)]
    draws = np.random.default_rng(1)
    errors = draws.integers(0, 4, 80)
    assert paired_comparison(errors, errors + 3, [10] * 80, speakers).significant

    noise = paired_comparison(errors, draws.permutation(errors), [10] * 80, speakers)
    assert not noise.significant
    assert noise.difference.value == 0


def test_what_is_explored_together_is_corrected_and_the_primary_is_not():
    speakers = [f"s{i}" for i in range(8)]
    noise = np.array([1, -1, 2, -2, 1, -1, 0, 0])

    def compared(shift):
        return paired_comparison(noise + shift, 0 * noise, [10] * 8, speakers)

    primary = Comparison(compared(1).difference, primary=True)
    results = with_holm([compared(1), compared(3), primary, compared(0)])
    raw = [each.difference.p for each in results]
    assert results[1].p_holm == pytest.approx(3 * raw[1])
    assert results[0].p_holm == pytest.approx(2 * raw[0])
    assert results[3].p_holm == 1 and results[2].p_holm is None
    assert results[2].significant == (raw[2] < 0.05)


def test_the_detectable_difference_is_detected_four_times_in_five():
    draws = np.random.default_rng(SEED)
    speakers = [str(number) for number in range(20)]
    lengths = np.full(20, 100)

    def compared(shift):
        errors = draws.normal(shift, 5, 20)
        return paired_comparison(errors, 0 * lengths, lengths, speakers)

    detectable = np.mean([detectable_difference(compared(0).difference) for _ in range(300)])
    found = [compared(100 * detectable).significant for _ in range(1000)]
    assert 0.75 < np.mean(found) < 0.87

    difference = compared(0).difference
    assert detectable_difference(difference, 80) < detectable_difference(difference, 20) / 1.9


def test_a_rate_a_thousand_is_not_cut_at_one():
    """One false alarm of a thousand syllables, or none: more than one may be true."""
    alarms = [0, 1000, 0, 1000, 1000]
    speakers = list("abcde")
    cut = rate_interval(alarms, [1000] * 5, speakers)
    whole = rate_interval(alarms, [1000] * 5, speakers, highest=1000)
    assert cut.value == whole.value == pytest.approx(0.6)
    assert cut.high == 1.0 < whole.high
