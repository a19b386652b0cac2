"""Sentences below the figures of notebook 05 hold the numbers."""

from dataclasses import replace

import pandas as pd
import pytest

from speakor_common.batching.conditions import CLEAN, REAL
from speakor_common.evaluation import error_tables, summary
from speakor_common.show import evaluation, report


@pytest.fixture
def metrics(table):
    return summary.summarise_predictions(table)


def test_models_are_named_with_rates_and_compared(metrics, table):
    comparison = summary.compare_experiments(table, "exp05", "exp01")
    sentence = evaluation.finding_models(metrics, {("exp05", "exp01"): comparison})
    assert "exp01 WER 0.250" in sentence and "n = 6" in sentence
    assert "exp05 minus exp01 -0.250" in sentence and "4 speakers" in sentence


def test_a_difference_that_may_be_none_is_not_significant(table):
    same = summary.compare_experiments(
        table.assign(speaker_id=table["utterance_id"]), "exp05", "exp05"
    )
    sentence = evaluation.difference("a", "b", same)
    assert sentence.endswith("[+0.000, +0.000], exploratory, not significant")
    few = summary.compare_experiments(table, "exp05", "exp01")
    sentence = evaluation.difference("a", "b", few)
    assert sentence == "a minus b -0.250 [– 4 speakers < 5], exploratory, no verdict"


def test_the_primary_comparison_says_what_can_be_detected(metrics, table):
    spread = table.assign(speaker_id=table["utterance_id"])
    compared = summary.compare_experiments(spread, "exp05", "exp01")
    primary = {("exp05", "exp01"): replace(compared, primary=True)}
    sentence = evaluation.finding_models(metrics, primary)
    assert ", primary, " in sentence and "found 80% of the time from 0." in sentence
    assert "with 6 speakers" in sentence and "with 40 speakers" in sentence
    assert "of the time" not in evaluation.finding_models(metrics, {("a", "b"): compared})


def test_native_speech_is_named_or_missed():
    entry = {"wer": 0.125, "wer_95": [0.1, 0.15], "n": 60}
    assert "the base has WER 0.125 [0.100, 0.150] (n = 60)" in evaluation.finding_native(entry)
    assert "no native speech" in evaluation.finding_native(None)


def test_contexts_are_compared_on_validation(table):
    comparison = summary.compare_experiments(table, "exp05", "exp01")
    rows = pd.DataFrame(
        {"context": ["short", "full"], "n": 6, "wer": [0.0, 0.25], "seconds": [1.0, 6.0]}
    )
    sentence = evaluation.finding_contexts(rows, comparison)
    assert "0.0000 on short context (1 s) and 0.2500 on full context (6 s)" in sentence
    assert "short minus full -0.2500" in sentence and sentence.endswith("(validation, n = 6).")


def test_groups_name_best_and_worst(table):
    counted = summary.with_counts(table[table["experiment"] == "exp01"])
    by_l1 = summary.breakdown(counted, "l1")
    sentence = evaluation.finding_groups("exp01", by_l1, summary.breakdown(counted, "level"))
    assert "best on JP (0.167, n = 3) and worst on VN (0.333, n = 3)" in sentence
    assert "중 0.250 (n = 2)" in sentence


def test_a_trend_goes_from_the_first_large_group_to_the_last():
    rows = pd.DataFrame(
        {"duration_bin": ["0-2 s", "2-3 s", "3-4 s"], "wer": [0.1, 0.2, 0.9], "n": [30, 40, 2]}
    )
    large = rows.assign(small=rows["n"] < 20)
    assert "from 0-2 s to 2-3 s" in evaluation.finding_trend("exp05", large, "duration_bin")
    assert "Too few" in evaluation.finding_trend("exp05", large.assign(small=True), "duration_bin")


def test_letters_and_words_are_counted(metrics, table):
    wrong = table[table["experiment"] == "exp01"]
    top = error_tables.top_confusions(error_tables.jamo_confusions(wrong))
    assert "3 times" in evaluation.finding_confusions("exp01", top, 6)
    assert "put no letter" in evaluation.finding_confusions("exp05", top.head(0), 6)

    familiar = error_tables.by_familiarity(wrong, {"저는"})
    sentence = evaluation.finding_familiarity("exp01", familiar)
    assert "misses 0.0% of the words" in sentence and "50.0% of the others (n = 6)" in sentence

    assert evaluation.flag_table(metrics, "exp01").loc["empty", "utterances"] == 0


def test_suspects_are_counted_by_utterance():
    suspects = pd.DataFrame({"utterance_id": ["a", "a", "b"]})
    assert evaluation.finding_suspects(suspects, 9) == "**Finding.** 3 words in 2 of 9 utterances."


def test_conditions_are_said_for_each_experiment(table):
    both = pd.concat([table.assign(condition=CLEAN), table.assign(condition=REAL)])
    rows = report.condition_table(summary.summarise_predictions(both))
    clean_only = rows[(rows["experiment"] == "exp01") | (rows["condition"] == CLEAN)]
    sentence = evaluation.finding_conditions(["exp01", "exp05"], clean_only)
    assert "exp01: WER 0.250 clean, 0.250 in the combined real condition" in sentence
    assert "exp05 was measured on clean audio only" in sentence
