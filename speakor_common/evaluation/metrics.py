"""Counts first, rates second: WER, CER, CER without spaces, spacing-normalised WER, jamo error rate.

Edit operations are counted by jiwer for every utterance and summed; a rate is a ratio of
sums, never a mean of utterance rates. Texts are compared as given, only composed (NFC) and
with single spaces: normalisation is the caller's decision and happens before.

Empty texts: an empty hypothesis deletes every reference token; tokens said against an empty
reference are insertions. A corpus whose references are all empty has rate 0 when nothing was
said and otherwise as many as were inserted (jiwer's rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import jiwer
import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from speakor_common.text import to_jamo, to_nfc


@dataclass(frozen=True)
class Counts:
    """Edit operations between references and hypotheses at one level."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def reference_length(self) -> int:
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        return (
            self.errors / self.reference_length if self.reference_length else float(self.insertions)
        )


@dataclass(frozen=True)
class Score:
    """Error counts of a set of utterances; rates follow from them.

    Attributes:
        words: words as written, split at spaces.
        characters: characters with spaces, as jiwer and the seed count them.
        characters_no_space: syllables only.
        words_respaced: words after the hypothesis was spaced like the reference.
        jamo: letters of the decomposed syllables, without spaces.
    """

    n: int
    words: Counts
    characters: Counts
    characters_no_space: Counts
    words_respaced: Counts
    jamo: Counts

    @property
    def wer(self) -> float:
        return self.words.rate

    @property
    def cer(self) -> float:
        return self.characters.rate

    @property
    def cer_no_space(self) -> float:
        return self.characters_no_space.rate

    @property
    def swer(self) -> float:
        return self.words_respaced.rate

    @property
    def jer(self) -> float:
        return self.jamo.rate

    @property
    def hits(self) -> int:
        return self.words.hits

    @property
    def substitutions(self) -> int:
        return self.words.substitutions

    @property
    def deletions(self) -> int:
        return self.words.deletions

    @property
    def insertions(self) -> int:
        return self.words.insertions

    def to_dict(self) -> dict:
        """Rates and counts for metrics.json."""
        rates = {name: getattr(self, name) for name in RATES}
        return {
            "n": self.n,
            **rates,
            "counts": {level: asdict(getattr(self, level)) for level in LEVELS},
        }


LEVELS = ("words", "characters", "characters_no_space", "words_respaced", "jamo")
RATES = {
    "wer": "words",
    "cer": "characters",
    "cer_no_space": "characters_no_space",
    "swer": "words_respaced",
    "jer": "jamo",
}


def score(references: Sequence[str], hypotheses: Sequence[str]) -> Score:
    """Score hypotheses against references.

    Raises:
        ValueError: different numbers of references and hypotheses, or none.

    >>> result = score(["저는 학생입니다"], ["저는 학생임니다"])
    >>> result.wer, round(result.cer, 3), result.words.substitutions
    (0.5, 0.125, 1)
    """
    table = utterance_counts(references, hypotheses)
    return summarise(table)


def utterance_counts(
    references: Sequence[str], hypotheses: Sequence[str], levels: Sequence[str] = LEVELS
) -> pd.DataFrame:
    """Counts of every utterance: int64 columns ``<level>_<operation>`` for each of ``levels``, one row an utterance, order kept."""
    if len(references) != len(hypotheses):
        raise ValueError(
            f"{len(references)} references but {len(hypotheses)} hypotheses; give one hypothesis a reference"
        )
    if len(references) == 0:
        raise ValueError("nothing to score: no references were given")
    refs = [" ".join(to_nfc(text).split()) for text in references]
    hyps = [" ".join(to_nfc(text).split()) for text in hypotheses]
    bare_refs, bare_hyps = [r.replace(" ", "") for r in refs], [h.replace(" ", "") for h in hyps]
    outputs = {
        "words": lambda: jiwer.process_words(refs, hyps),
        "characters": lambda: jiwer.process_characters(refs, hyps),
        "characters_no_space": lambda: jiwer.process_characters(bare_refs, bare_hyps),
        "words_respaced": lambda: jiwer.process_words(
            refs, [space_like(ref, hyp) for ref, hyp in zip(refs, hyps, strict=True)]
        ),
        "jamo": lambda: jiwer.process_characters(
            [to_jamo(r) for r in bare_refs], [to_jamo(h) for h in bare_hyps]
        ),
    }
    columns = {}
    for level in levels:
        counts = np.array(
            [_count(alignment) for alignment in outputs[level]().alignments], dtype=np.int64
        )
        for index, operation in enumerate(OPERATIONS):
            columns[f"{level}_{operation}"] = counts[:, index]
    return pd.DataFrame(columns)


OPERATIONS = ("hits", "substitutions", "deletions", "insertions")


def _count(alignment: list[jiwer.AlignmentChunk]) -> tuple[int, int, int, int]:
    totals = dict.fromkeys(("equal", "substitute", "delete", "insert"), 0)
    for chunk in alignment:
        kind = "substitute" if chunk.type == "replace" else chunk.type
        totals[kind] += max(
            chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx
        )
    return totals["equal"], totals["substitute"], totals["delete"], totals["insert"]


def summarise(table: pd.DataFrame) -> Score:
    """Sum a table of :func:`utterance_counts` into a score."""
    counts = {
        level: Counts(*(int(table[f"{level}_{operation}"].sum()) for operation in OPERATIONS))
        for level in LEVELS
    }
    return Score(n=len(table), **counts)


def space_like(reference: str, hypothesis: str) -> str:
    """Move the hypothesis' word boundaries to where the reference has them.

    Syllables are aligned without spaces and each reference boundary is carried over, as in
    ESPnet's KsponSpeech recipe: Korean spacing varies among correct writers, so sWER asks
    only whether the right words were heard.

    >>> space_like("할 수 있어요", "할수 잇어요")
    '할 수 잇어요'
    """
    bare_ref, bare_hyp = reference.replace(" ", ""), hypothesis.replace(" ", "")
    boundaries, position = [], 0
    for word in reference.split()[:-1]:
        position += len(word)
        boundaries.append(position)
    alignment = Levenshtein.opcodes(bare_ref, bare_hyp)
    cuts = {_carry(position, alignment) for position in boundaries}
    return " ".join("".join((" " if i in cuts else "") + c for i, c in enumerate(bare_hyp)).split())


def _carry(position: int, opcodes) -> int:
    """Where a reference position falls in the hypothesis; inside a replaced run, as far from its end."""
    for code in opcodes:
        if code.src_start <= position < code.src_end or (
            code.tag != "insert" and position == code.src_end
        ):
            return (
                min(code.dest_end, code.dest_start + position - code.src_start)
                if code.tag != "delete"
                else code.dest_start
            )
    return 0
