"""Vocabularies, posteriors and texts small enough to decode by hand."""

import numpy as np
import pytest

from speakor_common.decoding.ngram import missing_lm_packages
from speakor_common.decoding.words import to_hypothesis
from speakor_common.text import CODAS, ONSETS, VOWELS, to_jamo

BLANK = 0
ALL_JAMO = ["", "", "|", *ONSETS, *VOWELS, *CODAS]  # blank, unknown, delimiter, jamo

needs_lm = pytest.mark.skipif(
    bool(missing_lm_packages()), reason="flashlight-text has no wheel for this Python"
)


def spelled(text):
    """Jamo of a text, ``|`` between words."""
    return list(to_jamo(text).replace(" ", "|"))


def symbols_of(*texts):
    """The smallest vocabulary that spells the texts; index 0 is the blank."""
    return ["", *sorted({jamo for text in texts for jamo in spelled(text)})]


def log_softmax(rows):
    logits = np.array(rows, np.float32)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def posteriors(text, symbols, doubt=None):
    """Two frames a jamo and a blank between: float32, shape = (T, V), natural logarithm.

    Args:
        doubt: position of a jamo, and a wrong one that is a little stronger there.
    """
    rows = []
    for position, jamo in enumerate(spelled(text)):
        row = np.full(len(symbols), 1e-3)
        row[symbols.index(jamo)] = 1.0
        if doubt and position == doubt[0]:
            row[symbols.index(doubt[1])] = 1.2
        rest = np.full(len(symbols), 1e-3)
        rest[BLANK] = 1.0
        rows += [row, row, rest]
    return np.log(np.array(rows) / np.sum(rows, axis=1, keepdims=True)).astype(np.float32)


def text_of(alignment, logs, symbols):
    """What an alignment spells."""
    alignment = np.asarray(alignment)
    return to_hypothesis(alignment, logs, symbols, BLANK, "|", 0.02, len(logs) * 0.02).text
