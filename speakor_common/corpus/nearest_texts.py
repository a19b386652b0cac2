"""For each sentence the nearest one of training, found among all of them.

Comparing every sentence with every other takes the product of their numbers: 4 billion pairs in AI
Hub 505. Sentences that are near share sequences of words; so those of training that share most of
them are looked up, and only they are compared word by word. A sequence that is in very many
sentences leads to those of them that are about as long. A sentence that shares nothing needs no
comparison: to turn it into another of no common word takes as many edits as the longer has words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

LONGEST = 4  # words of a sequence
MOST_OF_A_SEQUENCE = 500  # sentences of training that one sequence leads to
MOST_COMPARED = 100  # sentences of training that a sentence is compared with
_BLOCK = 50_000  # sentences split into words at a time, to bound memory
_FAR = 255  # edits, what an unsigned byte holds
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing


class Sequences:
    """Sequences of words of many sentences, as numbers; equal ones have the same number.

    Args:
        texts: sentences, words separated by spaces.

    Attributes:
        lengths: words of each sentence; int64, shape = (sentences,).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        hashes, lengths = [], []
        remaining = iter(texts)
        while block := [text.split() for text in islice(remaining, _BLOCK)]:
            words = [word for sentence in block for word in sentence]
            hashes.append(pd.util.hash_array(np.array(words, dtype=object)))
            lengths.append(np.array([len(sentence) for sentence in block], dtype=np.int64))
        self.lengths = np.concatenate(lengths) if lengths else np.zeros(0, np.int64)
        self._words = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
        self._owners = np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)

    def of_size(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Sequences of ``size`` words, in the order of the sentences.

        Returns:
            numbers (uint64) and the sentence each stands in (int32), shape = (sequences,).
        """
        count = max(0, len(self._words) - size + 1)
        numbers = np.zeros(count, np.uint64)
        for place in range(size):
            numbers = numbers * _MIX + self._words[place : place + count]
        last = self._owners[size - 1 : size - 1 + count]
        whole = self._owners[:count] == last
        return numbers[whole], last[whole]


def fewest_edits(sentences: Sequence[str], training: Sequence[str]) -> np.ndarray:
    """The least number of words to insert, delete or replace to get a sentence of training.

    Args:
        sentences: words separated by spaces.
        training: at least one.

    Returns:
        int64, shape = (sentences,), at most 255.
    """
    by_length = sorted(training, key=lambda text: len(text.split()))
    known = Sequences(by_length)
    asked = Sequences(sentences)
    shortest = int(known.lengths[0])

    least = np.maximum(asked.lengths, shortest)
    for row, near in enumerate(_near_ones(asked, known)):
        if len(near):
            candidates = [by_length[place].split() for place in near]
            edits = cdist(
                [sentences[row].split()], candidates, scorer=Levenshtein.distance, dtype=np.uint8
            )
            least[row] = min(least[row], int(edits.min()))
    return np.minimum(least, _FAR)


def _near_ones(asked: Sequences, known: Sequences) -> Iterator[np.ndarray]:
    """For each sentence those of training that share most with it, as places in ``known``."""
    lookups = [_Lookup(asked, known, size) for size in range(LONGEST, 0, -1)]
    for row, length in enumerate(asked.lengths):
        from_place = int(np.searchsorted(known.lengths, length))
        found = [near for lookup in lookups for near in lookup.of(row, from_place)]
        if not found:
            yield np.zeros(0, np.int64)
            continue

        # those that share most first; of the same share those that are as long
        places, shared = np.unique(np.concatenate(found), return_counts=True)
        apart = np.abs(known.lengths[places] - length)
        order = np.lexsort((apart, apart - shared))
        yield places[order[:MOST_COMPARED]]


class _Lookup:
    """Where sequences of one size stand in training."""

    def __init__(self, asked: Sequences, known: Sequences, size: int) -> None:
        self._asked, owners = asked.of_size(size)
        self._rows = np.searchsorted(owners, np.arange(len(asked.lengths) + 1))
        numbers, places = known.of_size(size)

        # only what is asked for is sorted; a stable sort keeps the order of lengths
        wanted = np.isin(numbers, self._asked)
        numbers, places = numbers[wanted], places[wanted]
        order = np.argsort(numbers, kind="stable")
        numbers, self._places = numbers[order], places[order]
        self._first = np.searchsorted(numbers, self._asked, side="left")
        self._end = np.searchsorted(numbers, self._asked, side="right")

    def of(self, row: int, from_place: int) -> Iterator[np.ndarray]:
        """Places in training of each sequence of a sentence; of many those about as long."""
        here = slice(self._rows[row], self._rows[row + 1])
        for first, end in set(zip(self._first[here], self._end[here], strict=True)):
            places = self._places[first:end]
            places = places[np.diff(places, prepend=-1) > 0]  # once each
            if len(places) > MOST_OF_A_SEQUENCE:
                middle = int(np.searchsorted(places, from_place))
                start = min(max(0, middle - MOST_OF_A_SEQUENCE // 4), len(places))
                places = places[start : start + MOST_OF_A_SEQUENCE]
            yield places
