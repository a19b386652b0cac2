"""The nearest sentence of training, found without comparing all with all."""

import random

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from speakor_common.corpus import nearest_texts
from speakor_common.corpus.nearest_texts import Sequences, fewest_edits


def sentences(count, seed, words=400):
    """Sentences of words as frequent as words are: some in very many, most in few."""
    draw = random.Random(seed)
    return [
        " ".join(f"말{int(words * draw.random() ** 3)}" for _ in range(draw.randint(1, 12)))
        for _ in range(count)
    ]


def changed(text, draw):
    """A sentence with one word replaced, left out or put in."""
    words = text.split()
    place = draw.randrange(len(words))
    what = draw.choice(["replace", "leave out", "put in"])
    words[place : place + (what != "put in")] = [] if what == "leave out" else ["새말"]
    return " ".join(words)


def exact(asked, training):
    """By comparing all with all."""
    split = [[text.split() for text in texts] for texts in (asked, training)]
    return cdist(*split, scorer=Levenshtein.distance, dtype=np.int64).min(axis=1)


@pytest.fixture(scope="module")
def corpus():
    training = sentences(3_000, 1)
    draw = random.Random(2)
    near = [changed(text, draw) for text in training[:200]]
    return [text for text in near if text] + sentences(200, 3), training


def test_what_is_near_is_found_and_nothing_is_nearer_than_it_is(corpus):
    asked, training = corpus
    found, true = fewest_edits(asked, training), exact(asked, training)
    assert (found >= true).all()
    assert np.mean(found[true <= 1] == true[true <= 1]) > 0.99
    assert np.mean(found == true) > 0.85


def test_frequent_sequences_lead_to_sentences_of_about_that_length(corpus, monkeypatch):
    monkeypatch.setattr(nearest_texts, "MOST_OF_A_SEQUENCE", 40)
    asked, training = corpus
    found, true = fewest_edits(asked, training), exact(asked, training)
    assert (found >= true).all() and np.mean(found[true <= 1] == true[true <= 1]) > 0.97


@pytest.mark.parametrize(
    ("asked", "training", "edits"),
    [
        ("가 나", ["가 나"], 0),
        ("가 나", ["나 가"], 2),
        ("가 나 다", ["라"], 3),
        ("가", ["라 마 바", "사 아 자 차"], 3),  # nothing shared: the shortest is the nearest
        ("", ["가 나"], 2),
        ("가 " * 300, ["나"], 255),
    ],
)
def test_single_sentences(asked, training, edits):
    assert fewest_edits([asked], training).tolist() == [edits]


@pytest.mark.parametrize("block", [1, 2, 50_000])
def test_sequences_keep_within_sentences(monkeypatch, block):
    monkeypatch.setattr(nearest_texts, "_BLOCK", block)
    found = Sequences(["가 나 다", "", "나 다", "가 나"])
    assert found.lengths.tolist() == [3, 0, 2, 2]
    numbers, owners = found.of_size(2)
    assert owners.tolist() == [0, 0, 2, 3]
    assert numbers[1] == numbers[2] and numbers[0] == numbers[3] != numbers[1]
    assert len(found.of_size(3)[0]) == 1 and len(found.of_size(4)[0]) == 0
    assert len(Sequences(["다 나"]).of_size(2)[0]) == 1
    assert Sequences(["다 나"]).of_size(2)[0][0] != numbers[1]


def test_of_no_sentences_there_is_nothing():
    assert len(fewest_edits([], ["가"])) == 0 and len(Sequences([]).of_size(1)[0]) == 0
