"""n-gram models in ARPA files, read with KenLM (through flashlight-text, whose beam search shares them)."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from speakor_common.decoding.ngram import UNKNOWN
from speakor_common.errors import SpeakorError


def require() -> None:
    """Check that language models can be read here.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """
    if importlib.util.find_spec("flashlight") is None:
        raise SpeakorError(
            "decoding with a language model needs flashlight-text, which has wheels for Python up to 3.12; "
            "install it, or train without a language model (lm_order 0)"
        )


class LanguageModel:
    """Probabilities of sequences of units: jamo, or words.

    Args:
        path: ARPA file of at most order 6, the limit of KenLM as packaged.
        units: what will be scored, by index; those the file does not list are unknown, as are all others.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(self, path: Path, units: Iterable[str]) -> None:
        require()
        from flashlight.lib.text.decoder.kenlm import KenLM
        from flashlight.lib.text.dictionary import Dictionary

        self.dictionary = Dictionary([*units, UNKNOWN])
        self.dictionary.set_default_index(self.dictionary.get_index(UNKNOWN))
        with _silent():
            self.kenlm = KenLM(str(path), self.dictionary)

    def score(self, sequence: Sequence[str]) -> float:
        """Natural log probability of a sequence from its start to its end."""
        state, total = self.kenlm.start(False), 0.0
        for unit in sequence:
            state, log10 = self.kenlm.score(state, self.dictionary.get_index(unit))
            total += log10
        return (total + self.kenlm.finish(state)[1]) * math.log(10)


@contextmanager
def _silent() -> Iterator[None]:
    """KenLM draws a bar on the process's standard error whatever it is told; its errors are exceptions all the same."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def listed(path: Path) -> list[str]:
    """Units of an ARPA file, without start, end and unknown."""
    lines = (
        path.read_text(encoding="utf-8")
        .split("\\1-grams:\n", 1)[1]
        .split("\n\n", 1)[0]
        .splitlines()
    )
    return [unit for unit in (line.split("\t")[1] for line in lines) if not unit.startswith("<")]
