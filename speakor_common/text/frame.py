"""The grammatical frame of a sentence: what stays when its content words are taken out.

Two sentences of one frame differ only in the words that fill it, as those do that are made by
filling slots. A recogniser that was trained on one knows half of the other, so parts of a corpus
should not share frames, and an audit counts how many they share.
"""

from __future__ import annotations

import re

from speakor_common.text.jamo import is_hangul
from speakor_common.text.morphology import Morpheme, analyse

# Sejong tags of content words by class: noun, verb, adjective, adverb, determiner, interjection.
_CLASSES = {
    **dict.fromkeys(("NNG", "NNP", "NP", "NR", "SN", "SL", "SH", "XR", "XPN"), "N"),
    "VV": "V",
    "VA": "A",
    **dict.fromkeys(("MAG", "MAJ"), "M"),
    "MM": "D",
    "IC": "I",
}
_DERIVED = {"XSV": "V", "XSA": "A", "XSN": "N", "XSM": "M"}  # what a noun becomes by a suffix
_CODAS = str.maketrans("ᆫᆯᆷᆸ", "은을음습")  # an ending's first coda, as it is after a coda
_FORMS = {
    "는": "은",
    "가": "이",
    "를": "을",
    "와": "과",
    "라고": "이라고",
    "랑": "이랑",
    "나": "이나",
}
_THEME = re.compile("^으(?=.)")  # 으로 and 로, 으면 and 면 are one


def frame(text: str) -> str:
    """The frame of a sentence: content words as their class, particles and endings as they are.

    Nouns, numerals, names and pronouns become ``N`` (a compound one of them), verb stems ``V``,
    adjective stems ``A``, adverbs ``M``, determiners ``D``, interjections ``I``. Kept are
    particles, endings, auxiliary verbs, the copula, and dependent nouns behind an ending (것, 수).
    Forms that only the sound before them chooses are one: 을 and 를, 으면 and 면.

    Args:
        text: a sentence in the project's text form, see
            :func:`speakor_common.text.normalize_korean`.

    Returns:
        One group of signs a word, morphemes with ``+`` between.

    >>> frame("사과를 먹었어요") == frame("김밥을 샀어요") == "N+을 V+었+어요"
    True
    """
    ends = _word_ends(text)
    words: list[list[str]] = [[] for _ in ends]
    before = ""
    for morpheme in analyse(text)[0].morphemes:
        word = words[next((i for i, end in enumerate(ends) if morpheme.start < end), -1)]
        _append(word, morpheme, before)
        before = morpheme.tag
    return " ".join("+".join(word) for word in words if word)


def _word_ends(text: str) -> list[int]:
    """For each word the number of syllables up to its end."""
    ends: list[int] = []
    for word in text.split():
        syllables = sum(is_hangul(character) for character in word)
        ends.append(syllables + (ends[-1] if ends else 0))
    return ends or [0]


def _append(word: list[str], morpheme: Morpheme, before: str) -> None:
    """Put one morpheme's sign behind those of its word."""
    tag = morpheme.tag
    if tag in _DERIVED:
        if word and word[-1] in ("N", "M"):
            word.pop()
        word.append(_DERIVED[tag])
        return

    # a dependent noun is grammar behind an ending, else a counter
    is_noun = tag == "NNB" and not before.startswith("ET")
    sign = "N" if is_noun else _CLASSES.get(tag, "")
    if not sign:
        form = _FORMS.get(morpheme.form, morpheme.form) if tag[0] == "J" else morpheme.form
        form = form.translate(_CODAS) if tag[0] == "E" else form
        word.append(_THEME.sub("", "은" if tag == "ETM" and form == "ᆫ" else form))
    elif not (sign == "N" and word and word[-1] == "N"):
        word.append(sign)
