"""One utterance as people read and hear it: aligned, coloured text and a player, as HTML."""

from __future__ import annotations

import base64
import html

from speakor_common.audio import decode, encode_opus, level_speech
from speakor_common.errors import AudioError
from speakor_common.evaluation.alignment import NOTHING, Pair, align_syllables, align_words
from speakor_common.show.palette import css_variables
from speakor_common.text import PARTS, compatibility, split_syllable

PART_NAMES = dict(zip(PARTS, ("초성", "중성", "종성"), strict=True))
_CLASSES = {"substitution": "sub", "deletion": "del", "insertion": "ins"}

_FONTS = (
    "'Speakor Hangul','Noto Sans KR','NanumGothic','Malgun Gothic','Apple SD Gothic Neo',sans-serif"
)
# Colour is never the only sign: deletions are struck through, insertions underlined.
STYLE = (
    css_variables(".speakor,.speakor-explorer")
    + f".speakor,.speakor-explorer{{font-family:{_FONTS}}}\n"
    + """.speakor{line-height:1.6}
.speakor .sub{background:var(--substituted)}
.speakor .del{color:var(--deleted);text-decoration:line-through}
.speakor .ins{color:var(--inserted);text-decoration:underline}
.speakor table{border-collapse:collapse}
.speakor td,.speakor th{padding:2px 8px;text-align:left;vertical-align:top}
"""
)


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


def marked_texts(reference: str, hypothesis: str) -> tuple[str, str]:
    """Reference and hypothesis as HTML, words aligned and wrong syllables marked.

    Jamo detail appears where the pointer rests on a marked syllable.
    """
    left = []
    right = []
    for pair in align_words(reference, hypothesis):
        if pair.operation == "substitution":
            reference_word, hypothesis_word = _marked_syllables(pair)
            left.append(reference_word)
            right.append(hypothesis_word)
            continue
        if pair.reference:
            left.append(_marked(pair.reference, pair.operation))
        if pair.hypothesis:
            right.append(_marked(pair.hypothesis, pair.operation))
    return " ".join(left), " ".join(right)


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


def _marked_syllables(words: Pair) -> tuple[str, str]:
    left = ""
    right = ""
    for pair in align_syllables(words.reference, words.hypothesis):
        title = "" if pair.operation == "equal" else jamo_difference(pair)
        if pair.reference:
            left += _marked(pair.reference, pair.operation, title)
        if pair.hypothesis:
            right += _marked(pair.hypothesis, pair.operation, title)
    return left, right


def _marked(text: str, operation: str, title: str = "") -> str:
    """Text in the class of an edit operation; as it is where it is equal."""
    if operation == "equal":
        return html.escape(text)
    hover = f' title="{html.escape(title)}"' if title else ""
    return f'<span class="{_CLASSES[operation]}"{hover}>{html.escape(text)}</span>'
