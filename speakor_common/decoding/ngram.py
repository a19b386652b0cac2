"""n-gram language models: counted here, written as ARPA files, read back with KenLM.

Counting is interpolated Witten-Bell smoothing (Witten & Bell, 1991; in the recursive form of Chen &
Goodman, 1998): P(w|h) = (c(hw) + t(h) P(w|h')) / (c(h) + t(h)), where t(h) counts the different
units seen after h, and h' is h without its first unit. Jamo contexts are dense enough for it, and
unlike Kneser-Ney it needs no counts of counts, which a few hundred sentences cannot give. KenLM has
no estimator in Python; reading goes through its binding in flashlight-text, whose beam search
(:mod:`.beam`) shares the loaded model. Which texts are counted is decided elsewhere.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from speakor_common.errors import SpeakorError
from speakor_common.storage import write_text

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
_NEVER = -99.0  # ARPA's log10 probability of what cannot occur
_LM_PACKAGES = {"flashlight": "flashlight-text", "mecab_ko": "mecab-ko"}  # module and distribution

Gram = tuple[str, ...]


class NGram:
    """Counts and probabilities of sequences of units: jamo, morphemes or tags.

    Args:
        sequences: one list of units a sentence, without start and end.
        order: longest n-gram.
        vocabulary: every unit a decoder may propose; unseen ones get a small probability.

    Raises:
        ValueError: no sequences, or an order below 2.
    """

    def __init__(
        self, sequences: Iterable[Sequence[str]], order: int, vocabulary: Iterable[str]
    ) -> None:
        if order < 2:
            raise ValueError(f"an n-gram model of order {order} has no context; use 2 or more")
        self.order = order

        # Count n-grams of every length. The start is given, never predicted.
        self.counts: list[Counter[Gram]] = [Counter() for _ in range(order)]
        for sequence in sequences:
            padded = (START, *sequence, END)
            for n, counts in enumerate(self.counts, 1):
                counts.update(padded[i : i + n] for i in range(len(padded) - n + 1))
        self.sentences = self.counts[0].pop((START,), 0)
        if not self.sentences:
            raise ValueError("no sentences to count; a language model needs at least one")
        seen = {gram[0] for gram in self.counts[0]}
        self.vocabulary = sorted(seen | set(vocabulary) | {UNKNOWN})

        # How often each history was seen, and how many different units after it.
        self._totals: dict[Gram, int] = defaultdict(int)
        self._distinct: dict[Gram, int] = defaultdict(int)
        for counts in self.counts:
            for gram, count in counts.items():
                self._totals[gram[:-1]] += count
                self._distinct[gram[:-1]] += 1

    def probability(self, unit: str, history: Gram = ()) -> float:
        """P(unit | history), with the last ``order - 1`` units of the history."""
        history = tuple(history)[-(self.order - 1) :]
        lower = self.probability(unit, history[1:]) if history else 1 / len(self.vocabulary)

        # A history that was never seen says no more than the shorter one.
        total = self._totals.get(history, 0)
        if total == 0:
            return lower
        distinct = self._distinct[history]
        count = self.counts[len(history)].get((*history, unit), 0)
        return (count + distinct * lower) / (total + distinct)

    def write_arpa(self, path: Path) -> Path:
        """Write the model in ARPA format, which KenLM reads."""
        unigrams = [(unit,) for unit in self.vocabulary]
        levels = [unigrams, *(sorted(counts) for counts in self.counts[1:])]

        # The header counts the start symbol among the unigrams, where it is listed first.
        lines = ["\\data\\"]
        for n, level in enumerate(levels, 1):
            lines.append(f"ngram {n}={len(level) + (n == 1)}")

        for n, level in enumerate(levels, 1):
            lines += ["", f"\\{n}-grams:"]
            if n == 1:
                lines.append(f"{_NEVER}\t{START}\t{self._backoff((START,)):.6f}")
            lines += [self._arpa_line(gram) for gram in level]
        return write_text(path, "\n".join([*lines, "", "\\end\\", ""]))

    def _arpa_line(self, gram: Gram) -> str:
        """log10 probability, n-gram and, where longer n-grams begin with it, back-off weight."""
        log10 = math.log10(self.probability(gram[-1], gram[:-1]))
        line = f"{log10:.6f}\t{' '.join(gram)}"
        if len(gram) == self.order or gram[-1] == END:
            return line
        return f"{line}\t{self._backoff(gram):.6f}"

    def _backoff(self, history: Gram) -> float:
        total = self._totals.get(history, 0)
        if total == 0:
            return 0.0
        distinct = self._distinct[history]
        return math.log10(distinct / (total + distinct))


class ArpaLanguageModel:
    """Probabilities of sequences of units by an ARPA file, computed by KenLM.

    Args:
        path: ARPA file of at most order 6, the limit of KenLM as packaged.
        units: what will be scored, by index; those the file does not list are unknown to it.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(self, path: Path, units: Iterable[str]) -> None:
        require_lm_packages()
        from flashlight.lib.text.decoder.kenlm import KenLM
        from flashlight.lib.text.dictionary import Dictionary

        self.dictionary = Dictionary([*units, UNKNOWN])
        self.dictionary.set_default_index(self.dictionary.get_index(UNKNOWN))
        with _silent_stderr():
            self.kenlm = KenLM(str(path), self.dictionary)

    def score(self, sequence: Sequence[str]) -> float:
        """Natural log probability of a sequence from its start to its end."""
        state = self.kenlm.start(False)
        total = 0.0
        for unit in sequence:
            state, log10 = self.kenlm.score(state, self.dictionary.get_index(unit))
            total += log10
        return (total + self.kenlm.finish(state)[1]) * math.log(10)


def arpa_units(path: Path) -> list[str]:
    """Units listed in an ARPA file, without start, end and unknown."""
    content = path.read_text(encoding="utf-8")
    unigrams = content.split("\\1-grams:\n", 1)[1].split("\n\n", 1)[0]
    units = [line.split("\t")[1] for line in unigrams.splitlines()]
    return [unit for unit in units if not unit.startswith("<")]


def missing_lm_packages() -> list[str]:
    """Distributions that decoding with language models needs and that are not installed here."""
    return [name for module, name in _LM_PACKAGES.items() if not importlib.util.find_spec(module)]


def require_lm_packages() -> None:
    """Check that language models can be read here.

    Raises:
        SpeakorError: a package is not installed; names it.
    """
    if missing := missing_lm_packages():
        raise SpeakorError(
            f"decoding with language models (exp06) needs {' and '.join(missing)}: "
            "pip install '.[lm]' with Python 3.11 or 3.12, for which flashlight-text has wheels"
        )


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """KenLM draws a bar on standard error whatever it is told; its errors are exceptions anyway."""
    sys.stderr.flush()
    original = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        os.close(nothing)
