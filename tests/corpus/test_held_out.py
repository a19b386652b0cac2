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


def test_nothing_left_to_count_is_an_error_that_says_what_helps():
    with pytest.raises(CorpusError, match=r"all 2 training transcripts .*--prompts apart"):
        countable_texts(splits(train=["가", "나"], valid=["나", "가"]))
