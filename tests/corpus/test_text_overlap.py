"""What texts of validation and test share with training."""

import pandas as pd

from speakor_common.corpus import text_overlap
from speakor_common.corpus.text_overlap import nearest_sentences


def manifest(*rows):
    return pd.DataFrame(rows, columns=["split", "l1", "text"])


TRAINING = [
    ("train", "VN", "사과를 먹었어요"),
    ("train", "KR", "어제 친구와 김밥을 먹었어요"),
]


def families(*rows, native_l1="KR"):
    return text_overlap.text_overlap(manifest(*TRAINING, *rows), native_l1)["families"]


def test_shares_are_counted_at_every_size():
    found = families(
        ("test", "VN", "어제 친구와 빵을 먹었어요"),
        ("test", "VN", "학교에 갑니다"),
    )
    assert list(found) == ["test"]
    test = found["test"]
    assert (test["utterances"], test["sentences"]) == (2, 2)
    assert test["words"] == 0.5  # 어제 친구와 먹었어요 of six
    assert test["2-grams"] == 0.25
    assert test["3-grams"] == test["4-grams"] == test["identical"] == 0
    assert test["frames"] == 0.5


def test_learners_and_natives_are_apart_and_both_train():
    rows = [("valid", "VN", "김밥을 먹었어요"), ("valid", "KR", "사과를 먹었어요")]
    found = families(*rows)
    assert found["valid"]["words"] == 1 and found["valid"]["identical"] == 0
    assert found["native_valid"]["identical"] == 1
    assert found["valid"]["3-grams"] is None  # nothing to count
    together = families(*rows, native_l1="")
    assert list(together) == ["valid"] and together["valid"]["sentences"] == 2


def test_a_frame_is_seen_though_no_word_is():
    test = families(("test", "VN", "바지를 입었어요"))["test"]
    assert test["words"] == 0 and test["frames"] == 1


def test_the_nearest_sentence_is_found_in_words():
    training = pd.Series(["가 나 다 라", "마 바"])
    found = nearest_sentences(
        ["가 나 다 라", "가 나 사 라", "나 다", "마", "하 하 하 하 하"], training
    )
    assert found["words_apart"] == {"0": 1, "1": 2, "2": 1, "3": 0, "4+": 1}
    assert found["word_edit_rate"]["50 %"] == 1  # 나 다, 마, 하 …: as many edits as words
    assert found["compared"] == found["of"] == 2


def test_of_a_large_corpus_all_sentences_and_some_frames_are_looked_at(monkeypatch):
    monkeypatch.setattr(text_overlap, "MOST_FRAMES", 1)
    report = text_overlap.text_overlap(
        manifest(
            *TRAINING,
            *TRAINING,
            ("train", "VN", "네"),
            ("test", "VN", "네"),
            ("test", "VN", "아니요"),
        ),
        "KR",
    )
    assert report["training_sentences"] == 3 and report["training_frames_of"] == 1
    assert report["families"]["test"]["nearest"]["compared"] == 3
