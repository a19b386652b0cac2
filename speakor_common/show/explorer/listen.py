"""One utterance as people read and hear it: aligned, coloured text and a player, as HTML."""

from __future__ import annotations

import base64
import html

from speakor_common.audio import decode, encode_opus, level_peak
from speakor_common.evaluation.alignment import NOTHING, Pair, align_syllables, align_words
from speakor_common.text import compatibility, split_syllable

# Colour is never the only sign: deletions are struck through, insertions underlined.
STYLE = """
.speakor{font-family:'Speakor Hangul','Noto Sans KR','NanumGothic','Malgun Gothic','Apple SD Gothic Neo',sans-serif;line-height:1.6}
.speakor .sub{background:#fde2b8}.speakor .del{color:#b03a00;text-decoration:line-through}
.speakor .ins{color:#00527a;text-decoration:underline}.speakor table{border-collapse:collapse}
.speakor td,.speakor th{padding:2px 8px;text-align:left;vertical-align:top}
"""


def player(source: bytes | str) -> str:
    """An ``<audio>`` element that holds the clip as Opus; it neither loads nor plays by itself."""
    encoded = base64.b64encode(encode_opus(level_peak(decode(source)))).decode()
    return f'<audio controls preload="none" src="data:audio/ogg;base64,{encoded}"></audio>'


def diff(reference: str, hypothesis: str) -> tuple[str, str]:
    """Reference and hypothesis as HTML, words aligned, wrong syllables marked; jamo detail on hover."""
    left, right = [], []
    for pair in align_words(reference, hypothesis):
        if pair.operation == "equal":
            left.append(html.escape(pair.reference))
            right.append(html.escape(pair.hypothesis))
        elif pair.operation == "substitution":
            a, b = _syllables(pair)
            left.append(a)
            right.append(b)
        elif pair.operation == "deletion":
            left.append(f'<span class="del">{html.escape(pair.reference)}</span>')
        else:
            right.append(f'<span class="ins">{html.escape(pair.hypothesis)}</span>')
    return " ".join(left), " ".join(right)


def _syllables(words: Pair) -> tuple[str, str]:
    left, right = "", ""
    for pair in align_syllables(words.reference, words.hypothesis):
        if pair.operation == "equal":
            left, right = left + html.escape(pair.reference), right + html.escape(pair.hypothesis)
            continue
        title = html.escape(jamo_difference(pair))
        kind = {"substitution": "sub", "deletion": "del", "insertion": "ins"}[pair.operation]
        left += (
            f'<span class="{kind}" title="{title}">{html.escape(pair.reference)}</span>'
            if pair.reference
            else ""
        )
        right += (
            f'<span class="{kind}" title="{title}">{html.escape(pair.hypothesis)}</span>'
            if pair.hypothesis
            else ""
        )
    return left, right


def jamo_difference(pair: Pair) -> str:
    """A pair of syllables in words: ``초성 ㄱ→ㅋ``, for the hover text.

    >>> jamo_difference(Pair("substitution", "가", "카"))
    '초성 ㄱ→ㅋ'
    """
    if pair.operation == "deletion":
        return f"{pair.reference} 빠짐"
    if pair.operation == "insertion":
        return f"{pair.hypothesis} 더해짐"
    try:
        parts = zip(
            ("초성", "중성", "종성"),
            split_syllable(pair.reference),
            split_syllable(pair.hypothesis),
            strict=True,
        )
    except ValueError:  # a broken syllable: the recogniser wrote lone jamo
        return f"{pair.reference}→{pair.hypothesis}"
    return ", ".join(
        f"{name} {compatibility(a) or NOTHING}→{compatibility(b) or NOTHING}"
        for name, a, b in parts
        if a != b
    )
