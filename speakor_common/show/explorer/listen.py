"""One utterance as people read and hear it: aligned, coloured text and a player, as HTML."""

from __future__ import annotations

import base64
import html

from speakor_common.audio import decode, encode_opus, level_speech
from speakor_common.errors import AudioError
from speakor_common.evaluation.alignment import NOTHING, Pair, align_syllables, align_words
from speakor_common.text import PARTS, compatibility, split_syllable

PART_NAMES = dict(zip(PARTS, ("초성", "중성", "종성"), strict=True))
_CLASSES = {"substitution": "sub", "deletion": "del", "insertion": "ins"}


def opus_clip(source: bytes | str) -> bytes:
    """A clip as people hear it: at one level, encoded as Opus.

    Raises:
        AudioError: it cannot be read.
    """
    return encode_opus(level_speech(decode(source)))


def player(source: bytes | str) -> str:
    """An ``<audio>`` element that holds the clip and neither loads nor plays by itself.

    Where the clip cannot be read, the reason stands in its place.
    """
    try:
        encoded = base64.b64encode(opus_clip(source)).decode()
    except AudioError as error:
        return f"<em>cannot be played: {html.escape(str(error))}</em>"
    return f'<audio controls preload="none" src="data:audio/ogg;base64,{encoded}"></audio>'


def label_line(reference: str) -> str:
    """A label as HTML, its words numbered as :func:`marked_line` numbers what became of them."""
    words = enumerate(reference.split())
    return " ".join(_word(html.escape(word), number) for number, word in words)


def marked_line(reference: str, hypothesis: str) -> str:
    """A hypothesis as HTML: words aligned with the label's, wrong syllables marked.

    What is left out stands in its place, struck through. A marked syllable can be pointed at and
    focused; ``data-jamo`` says which sounds differ.
    """
    line = []
    number = 0
    for pair in align_words(reference, hypothesis):
        if pair.operation == "substitution":
            content = _marked_syllables(pair)
        elif pair.operation == "equal":
            content = html.escape(pair.hypothesis)
        else:
            text = pair.reference or pair.hypothesis
            content = _marked(text, pair.operation, jamo_difference(pair))
        line.append(_word(content, number) if pair.reference else content)
        number += bool(pair.reference)
    return " ".join(line)


def _word(content: str, number: int) -> str:
    return f'<span data-word="{number}">{content}</span>'


def jamo_difference(pair: Pair) -> str:
    """A pair of syllables in words: ``초성 ㄱ→ㅋ``, for the hover text.

    >>> jamo_difference(Pair("substitution", "가", "카"))
    '초성 ㄱ→ㅋ'
    """
    if pair.operation == "deletion":
        return f"{pair.reference} 빠짐"
    if pair.operation == "insertion":
        return f"{pair.hypothesis} 더해짐"

    # Onset is compared with onset, vowel with vowel, coda with coda.
    try:
        left = split_syllable(pair.reference)
        right = split_syllable(pair.hypothesis)
    except ValueError:  # a broken syllable: the recogniser wrote lone jamo
        return f"{pair.reference}→{pair.hypothesis}"
    return ", ".join(
        f"{name} {compatibility(a) or NOTHING}→{compatibility(b) or NOTHING}"
        for name, a, b in zip(PART_NAMES.values(), left, right, strict=True)
        if a != b
    )


def _marked_syllables(words: Pair) -> str:
    marked = ""
    for pair in align_syllables(words.reference, words.hypothesis):
        if pair.operation == "equal":
            marked += html.escape(pair.hypothesis)
        else:
            text = pair.hypothesis or pair.reference
            marked += _marked(text, pair.operation, jamo_difference(pair))
    return marked


def _marked(text: str, operation: str, difference: str) -> str:
    """Text in the class of an edit operation, with what differs."""
    return mark(text, _CLASSES[operation], difference)


def mark(text: str, css_class: str, says: str) -> str:
    """Marked text that says something where it is pointed at or focused."""
    shown = html.escape(text)
    said = html.escape(says)
    return (
        f'<span class="{css_class}" data-jamo="{said}" tabindex="0" role="note" '
        f'aria-label="{shown}: {said}">{shown}</span>'
    )
