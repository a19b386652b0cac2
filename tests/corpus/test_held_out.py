"""No sentence of validation or test is counted into a language model."""

import pytest
from datasets import Dataset, DatasetDict

from speakor_common.corpus.held_out import countable_texts, held_out_sentences, left_out
from speakor_common.errors import CorpusError


def splits(**texts):
    return DatasetDict({name: Dataset.from_dict({"text": each}) for name, each in texts.items()})


def test_sentences_of_validation_and_test_are_left_out_and_counted():
    prepared = splits(
        train=["가", "나 다", "라"], valid=["마", "마"], test=["나다"], native_test=["바"]
    )
    held_out = held_out_sentences(prepared)
    assert held_out["text"][:] == ["나다", "마", "바"]
    data = DatasetDict(
        {
            "train": prepared["train"],
            "native_train": splits(x=["바", "사"])["x"],
            "valid": prepared["valid"],
            "held_out": held_out,
        }
    )
    assert countable_texts(data) == ["가", "라", "사"]
    assert left_out(data) == {"transcripts": 5, "held_out": 2}


def test_without_a_list_the_validation_split_itself_is_held_out():
    assert countable_texts(splits(train=["가", "나"], valid=["나"])) == ["가"]
    assert countable_texts(splits(train=["가"])) == ["가"]


HELD = "저는 어제 친구하고 같이 도서관에 갔어요"


@pytest.mark.parametrize(
    "reading",
    [
        HELD,
        "저는 어제 친구하고 같이 도서관에갔어요",
        "어 저는 어제 친구하고 음 같이 도서관에 갔어요",
        "저는 어제 친구하고 같이 도 도서 도서관에 갔어요",
        "저는 저는 어제 친구하고 같이 도서관에 갔어요",
        "어제 친구하고 같이 도서관에 갔어요",
        "저는 오늘 친구하고 같이 도서관에 갔어요",
        "저는 어제 친구하고 같이 도서관에 다시 갔어요",
    ],
)
def test_other_readings_of_a_held_out_sentence_are_left_out_as_well(reading):
    other = "우리 동생은 아침마다 우유를 마셔요"
    assert countable_texts(splits(train=[reading, other], valid=[HELD])) == [other]
    assert countable_texts(splits(train=[HELD, other], valid=[reading])) == [other]


@pytest.mark.parametrize(
    "other",
    [
        "저는 어제 동생하고 같이 영화관에 갔어요",
        "어제 도서관에 갔어요",
        "저는 학생이에요",
        "어 네",
    ],
)
def test_sentences_that_share_less_are_counted(other):
    assert countable_texts(splits(train=[other], valid=[HELD, "네 좋아요"])) == [other]


def test_nothing_but_fillers_is_compared_as_it_is():
    assert countable_texts(splits(train=["어", "음"], valid=["어"])) == ["음"]


def test_nothing_left_to_count_is_an_error_that_says_what_helps():
    with pytest.raises(CorpusError, match=r"all 2 training transcripts .*--prompts apart"):
        countable_texts(splits(train=["가", "나"], valid=["나", "가"]))
