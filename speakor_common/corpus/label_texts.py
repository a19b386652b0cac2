"""What a label says → the text that is trained and scored on, or why it has none.

A label is trusted only as far as it can be read without guessing: what is dropped from it must not
have been spoken. How marks, numbers and letters are read is decided in :mod:`speakor_common.text`.
"""

from __future__ import annotations

import re

from speakor_common.corpus.schema import ReadOptions
from speakor_common.errors import CorpusError
from speakor_common.text import normalize_korean, strip_aihub_markup, unreadable_parts

# Stands for words that nobody could understand: the clip holds speech that no label says.
_UNINTELLIGIBLE = re.compile(r"(?<!\S)u/(?![A-Za-z0-9])", re.IGNORECASE)


def label_text(raw_text: str, options: ReadOptions) -> str:
    """Normalised text of a label.

    Raises:
        CorpusError: it says nothing, or something that cannot be written in Korean without
            guessing; names the pieces.
    """
    if not raw_text:
        raise CorpusError("missing text")
    if _UNINTELLIGIBLE.search(raw_text):
        raise CorpusError("speech that nobody understood (u/)")

    plain = strip_aihub_markup(raw_text, options.dual_form, options.fillers, options.fragments)
    if pieces := unreadable_parts(plain):
        raise CorpusError(f"text cannot be read in Korean: {', '.join(pieces)[:120]}")

    text = normalize_korean(plain)
    if not text:
        raise CorpusError("text empty after normalising")
    return text
