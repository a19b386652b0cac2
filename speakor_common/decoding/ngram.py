"""A small n-gram language model over CTC symbols, written as an ARPA file.

Interpolated Witten-Bell smoothing (Witten & Bell, 1991; in the recursive form of Chen &
Goodman, 1998): P(w|h) = (c(hw) + t(h) P(w|h')) / (c(h) + t(h)), where t(h) counts the different
symbols seen after h and h' is h without its first symbol. Jamo contexts are dense enough for
it, and unlike Kneser-Ney it needs no count-of-counts, which a few hundred sentences cannot give.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from speakor_common.storage import write_text

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
_NEVER = -99.0  # ARPA's log10 probability of what cannot occur

Gram = tuple[str, ...]


class NGram:
    """Counts and probabilities of symbol sequences.

    Args:
        sequences: one list of symbols a sentence, without start and end symbols.
        order: longest n-gram.
        vocabulary: every symbol a decoder may propose; unseen ones get a small probability.

    Raises:
        ValueError: no sequences, or an order below 2.
    """

    def __init__(
        self, sequences: Iterable[Sequence[str]], order: int, vocabulary: Iterable[str]
    ) -> None:
        if order < 2:
            raise ValueError(f"an n-gram model of order {order} has no context; use 2 or more")
        self.order = order
        self.counts: list[Counter[Gram]] = [Counter() for _ in range(order)]
        for sequence in sequences:
            padded = (START, *sequence, END)
            for n in range(1, order + 1):
                self.counts[n - 1].update(padded[i : i + n] for i in range(len(padded) - n + 1))
        self.sentences = self.counts[0].pop((START,), 0)  # the start is given, never predicted
        if not self.sentences:
            raise ValueError("no sentences to count; a language model needs at least one")
        self.vocabulary = sorted(set(vocabulary) | {gram[0] for gram in self.counts[0]} | {UNKNOWN})
        self._totals: dict[Gram, int] = defaultdict(int)
        self._kinds: dict[Gram, int] = defaultdict(int)
        for grams in self.counts:
            for gram, count in grams.items():
                self._totals[gram[:-1]] += count
                self._kinds[gram[:-1]] += 1

    def probability(self, symbol: str, history: Gram = ()) -> float:
        """P(symbol | history), with the last ``order - 1`` symbols of the history."""
        history = tuple(history)[-(self.order - 1) :]
        lower = self.probability(symbol, history[1:]) if history else 1 / len(self.vocabulary)
        total, kinds = self._totals.get(history, 0), self._kinds.get(history, 0)
        if total == 0:
            return lower
        return (self.counts[len(history)].get((*history, symbol), 0) + kinds * lower) / (
            total + kinds
        )

    def write_arpa(self, path: Path) -> Path:
        """Write the model in ARPA format, which KenLM reads."""
        grams = [
            [(symbol,) for symbol in self.vocabulary],
            *(sorted(level) for level in self.counts[1:]),
        ]
        sizes = [len(level) + (n == 0) for n, level in enumerate(grams)]
        lines = [
            "\\data\\",
            *(f"ngram {n}={size}" for n, size in enumerate(sizes, 1)),
            "",
            "\\1-grams:",
        ]
        lines.append(f"{_NEVER}\t{START}\t{self._backoff((START,)):.6f}")
        for n, level in enumerate(grams, 1):
            if n > 1:
                lines += ["", f"\\{n}-grams:"]
            lines += [self._line(gram) for gram in level]
        return write_text(path, "\n".join([*lines, "", "\\end\\", ""]))

    def _line(self, gram: Gram) -> str:
        probability = math.log10(self.probability(gram[-1], gram[:-1]))
        line = f"{probability:.6f}\t{' '.join(gram)}"
        return (
            line
            if len(gram) == self.order or gram[-1] == END
            else f"{line}\t{self._backoff(gram):.6f}"
        )

    def _backoff(self, history: Gram) -> float:
        total, kinds = self._totals.get(history, 0), self._kinds.get(history, 0)
        return math.log10(kinds / (total + kinds)) if total else 0.0
