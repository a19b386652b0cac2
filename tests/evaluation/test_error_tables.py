"""Confusions, flags, familiar words and labels that may be wrong."""

import numpy as np
import pandas as pd
import pytest

from speakor_common.evaluation import error_tables
from tests.builders import predictions


def test_jamo_confusions_are_counted_by_part():
    table = error_tables.jamo_confusions(predictions(["밥 먹어"], ["바 모거"]))
    wrong = table[table["reference"] != table["hypothesis"]]
    assert set(zip(wrong["part"], wrong["reference"], wrong["hypothesis"], strict=True)) == {
        ("coda", "ㅂ", "–"),
        ("vowel", "ㅓ", "ㅗ"),
        ("coda", "ㄱ", "–"),
        ("onset", "ㅇ", "ㄱ"),
    }
    sums = error_tables.confusion_matrix(table, "coda").sum(axis=1).to_numpy()
    assert np.allclose(sums[sums > 0], 1.0)

    top = error_tables.top_confusions(table).set_index(["part", "reference", "hypothesis"])
    assert top.loc[("coda", "ㅂ", "–"), "share"] == 1.0


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("저는 학생", "저는 학생", []),
        ("저는 학생", "", ["empty"]),
        ("저는 학생", "저는학생", ["spacing"]),
        ("네", "네 네 네 네", ["repetition"]),
        ("커피", "coffee", ["not_korean"]),
        ("가을", "가ㅡㄹ", ["not_korean"]),
        ("네", "네 네 아니 네", []),
        ("네", "가" * 30, ["hallucination"]),
        ("네", "가" * 12, []),
        ("네", "가" * 13, ["hallucination"]),  # more than twice the length and 10
        ("가" * 30, "나" * 30, ["hallucination"]),  # 15 a second
    ],
)
def test_flags(reference, hypothesis, expected):
    assert error_tables.flags(reference, hypothesis, 2.0) == expected


def test_words_of_the_training_transcripts_are_told_from_others():
    table = predictions(["저는 학생", "저는 바다"], ["저는 학교", "나는 바다 가"])
    rates = error_tables.by_familiarity(table, {"저는", "학생"})
    assert rates.loc["seen"].tolist() == [3, 2, 2 / 3]
    assert rates.loc["unseen"].tolist() == [1, 0, 0.0]


def test_a_label_all_models_contradict_alike_is_suspect():
    labels = ["저는 학생 이에요", "밥 먹어요", "네"]
    first = predictions(labels, ["저는 학교 이에요", "밥을 먹었어요", "네"], "a")
    second = predictions(labels, ["나는 학교 이에요", "밥을 먹어요", "네"], "b")
    suspects = error_tables.label_suspects(pd.concat([first, second], ignore_index=True))
    assert suspects[["position", "reference", "hypothesis"]].to_numpy().tolist() == [
        [1, "학생", "학교"],
        [0, "밥", "밥을"],
    ]
    assert suspects["utterance_id"].tolist() == first["utterance_id"].tolist()[:2]
    with pytest.raises(ValueError, match="at least two models, and these are of 1"):
        error_tables.label_suspects(first)
