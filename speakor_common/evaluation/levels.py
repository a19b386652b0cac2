"""The table of metrics: at which levels texts are compared, and what the error rates are called.

Counting, scoring, metrics.json, the report and the ``evaluate`` classes all go through
:data:`LEVELS`, so a further metric is a further entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jiwer
from rapidfuzz.distance import Levenshtein, Opcodes

from speakor_common.text import to_jamo

TextPair = tuple[str, str]  # reference and hypothesis


@dataclass(frozen=True)
class Level:
    """One way to compare texts, and the error rate that comes of it.

    Attributes:
        rate: name of the rate, as in metrics.json.
        meaning: what is counted, for people to read.
        align: jiwer's function that splits texts into words or characters and aligns them.
        compared: what is compared of a reference and a hypothesis.
        in_report: a column of the report's table of models.
        in_breakdowns: a column of the tables by first language, level and so on.
    """

    rate: str
    meaning: str
    align: Callable[[list[str], list[str]], jiwer.WordOutput | jiwer.CharacterOutput]
    compared: Callable[[str, str], TextPair]
    in_report: bool = True
    in_breakdowns: bool = False


def as_written(reference: str, hypothesis: str) -> TextPair:
    return reference, hypothesis


def without_spaces(reference: str, hypothesis: str) -> TextPair:
    return reference.replace(" ", ""), hypothesis.replace(" ", "")


def spaced_alike(reference: str, hypothesis: str) -> TextPair:
    return reference, space_like(reference, hypothesis)


def in_jamo(reference: str, hypothesis: str) -> TextPair:
    bare_reference, bare_hypothesis = without_spaces(reference, hypothesis)
    return to_jamo(bare_reference), to_jamo(bare_hypothesis)


def space_like(reference: str, hypothesis: str) -> str:
    """Move the hypothesis' word boundaries to where the reference has them.

    Syllables are aligned without spaces and each reference boundary is carried over, as in
    ESPnet's KsponSpeech recipe: Korean spacing varies among correct writers, so sWER asks
    only whether the right words were recognised.

    >>> space_like("할 수 있어요", "할수 잇어요")
    '할 수 잇어요'
    """
    bare_reference, bare_hypothesis = without_spaces(reference, hypothesis)

    # Where the reference's words end, counted in its syllables.
    boundaries = []
    position = 0
    for word in reference.split()[:-1]:
        position += len(word)
        boundaries.append(position)

    # The same places in the hypothesis.
    alignment = Levenshtein.opcodes(bare_reference, bare_hypothesis)
    cuts = {_carry(boundary, alignment) for boundary in boundaries}

    # A cut at the very beginning or two at one place leave no empty word.
    spaced = [f" {c}" if i in cuts else c for i, c in enumerate(bare_hypothesis)]
    return " ".join("".join(spaced).split())


def _carry(position: int, opcodes: Opcodes) -> int:
    """Where a reference position falls in the hypothesis.

    Inside a replaced run it keeps its distance from the run's start, up to the run's end.
    """
    for code in opcodes:
        inside = code.src_start <= position < code.src_end
        at_end = code.tag != "insert" and position == code.src_end
        if not (inside or at_end):
            continue
        if code.tag == "delete":
            return code.dest_start
        return min(code.dest_end, code.dest_start + position - code.src_start)
    return 0


LEVELS: dict[str, Level] = {
    "words": Level(
        rate="wer",
        meaning="words as written, split at spaces",
        align=jiwer.process_words,
        compared=as_written,
        in_breakdowns=True,
    ),
    "characters": Level(
        rate="cer",
        meaning="characters with spaces, as jiwer counts them",
        align=jiwer.process_characters,
        compared=as_written,
        in_breakdowns=True,
    ),
    "characters_no_space": Level(
        rate="cer_no_space",
        meaning="syllables only",
        align=jiwer.process_characters,
        compared=without_spaces,
        in_report=False,
    ),
    "words_respaced": Level(
        rate="swer",
        meaning="words after the hypothesis was spaced like the reference",
        align=jiwer.process_words,
        compared=spaced_alike,
    ),
    "jamo": Level(
        rate="jer",
        meaning="letters of the decomposed syllables, without spaces",
        align=jiwer.process_characters,
        compared=in_jamo,
    ),
}
