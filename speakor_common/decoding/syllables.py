"""Decoding without a language model: the best symbols that spell Korean.

Legend: T frames, V vocabulary, S = V + 4 states of the search.

The strongest jamo of each frame can add up to what is no syllable (기자ㅣㅂ니다, where the silent
onset ㅇ was missed). A Hangul word is a sequence of onset, vowel and at most one coda, a grammar
small enough for an exact Viterbi search (:func:`.ctc_lattice.viterbi`). No language model is
involved, so what a learner said is not replaced by what is usual, only by what can be written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from speakor_common.decoding.ctc_lattice import collapse, viterbi
from speakor_common.text import CODAS, ONSETS, VOWELS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Kinds of symbols. Other is the word delimiter, and anything that is no jamo.
_ONSET, _VOWEL, _CODA, _OTHER = _KINDS = range(4)
# The grammar: what may follow each kind. A text begins as after other and never ends in an onset.
_FOLLOWS = {
    _ONSET: (_VOWEL,),
    _VOWEL: (_ONSET, _CODA, _OTHER),
    _CODA: (_ONSET, _OTHER),
    _OTHER: (_ONSET, _OTHER),
}


def vocabulary(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Symbols of a tokenizer by index; special tokens, which are never text, as ``""``."""
    special = {tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token, tokenizer.eos_token}
    by_index = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return ["" if symbol in special else symbol for symbol, _ in by_index]


def viterbi_decoder(symbols: list[str], blank: int) -> Callable[[np.ndarray], np.ndarray]:
    """How posteriors become symbols of frames, without a language model.

    Args:
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.

    Returns:
        A function from posteriors (float32, shape = (T, V), natural logarithm) to the symbol index
        of each frame (int64, shape = (T,)): of the most probable legal syllables if the vocabulary
        holds jamo, of the strongest symbols otherwise.
    """
    if set(ONSETS) & set(symbols):
        return LegalSyllables(symbols, blank).decode
    return lambda log_probabilities: log_probabilities.argmax(axis=1)


class LegalSyllables:
    """Viterbi search over symbols and blanks under the grammar of Hangul syllables.

    Args:
        symbols: vocabulary by index, conjoining jamo; special tokens as ``""`` are never chosen.
        blank: index of the CTC blank.
    """

    def __init__(self, symbols: list[str], blank: int) -> None:
        self._blank = blank
        self._is_special = np.array([not symbol for symbol in symbols])
        self._kinds = np.array([_kind(symbol) for symbol in symbols])
        self._follows = np.zeros((len(_KINDS), len(_KINDS)), bool)
        for kind, following in _FOLLOWS.items():
            self._follows[kind, list(following)] = True

        # States are the symbols, then four blanks, one for each kind of symbol it comes after.
        kinds = np.concatenate([self._kinds, _KINDS])
        is_blank = np.arange(len(kinds)) >= len(symbols)
        same_kind = kinds[:, None] == kinds
        self._allowed = np.where(is_blank, same_kind, self._follows[kinds[:, None], kinds])

        # Staying in a state is always allowed, and a special token is never chosen.
        np.fill_diagonal(self._allowed, True)
        self._allowed[:, :-4][:, self._is_special] = False

        # A text begins as after the blank of other, and ends where a syllable may end.
        self._start = self._allowed[-1]
        self._end = kinds != _ONSET

    def decode(self, log_probabilities: np.ndarray) -> np.ndarray:
        """Symbol index of every frame, int64, shape = (T,), of the most probable legal text.

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.
        """
        # The strongest symbols are the best there is if they happen to be legal, as most are.
        strongest = log_probabilities.argmax(axis=1)
        if self.is_legal(strongest):
            return strongest

        blanks = np.repeat(log_probabilities[:, [self._blank]], len(_KINDS), axis=1)
        scores = np.concatenate([log_probabilities, blanks], axis=1)
        states, _ = viterbi(scores, self._allowed, self._start, self._end)
        return np.where(states < len(self._kinds), states, self._blank)

    def is_legal(self, frame_symbols: np.ndarray) -> bool:
        """Whether symbols of frames, repeats merged and blanks dropped, are whole syllables."""
        labels = collapse(frame_symbols, self._blank)
        if self._is_special[labels].any():
            return False
        kinds = np.concatenate([[_OTHER], self._kinds[labels], [_OTHER]])
        return bool(self._follows[kinds[:-1], kinds[1:]].all())


def _kind(symbol: str) -> int:
    if symbol in ONSETS:
        return _ONSET
    if symbol in VOWELS:
        return _VOWEL
    return _CODA if symbol in CODAS else _OTHER
