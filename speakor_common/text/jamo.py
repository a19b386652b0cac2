"""Hangul syllables and the letters they are made of.

Two forms are used. *Syllables* are precomposed Hangul (NFC, ``가``-``힣``), the
form of all labels and outputs. *Jamo* are the conjoining letters of NFD
(``U+1100`` onsets, ``U+1161`` vowels, ``U+11A8`` codas), the form of the small
CTC vocabulary: onset and coda are different symbols, so composing is unambiguous.
"""

from __future__ import annotations

import unicodedata

from speakor_common.errors import TextError

ONSETS = tuple(chr(0x1100 + i) for i in range(19))
VOWELS = tuple(chr(0x1161 + i) for i in range(21))
CODAS = tuple(chr(0x11A8 + i) for i in range(27))
PRONOUNCED_CODAS = ("", *"ᆨᆫᆮᆯᆷᆸᆼ")  # the seven sounds a syllable can end in, and none
PARTS = ("onset", "vowel", "coda")  # of a syllable, in the order of split_syllable

# How a lone conjoining jamo is shown to people: compatibility letters have a glyph of their own.
ONSET_LETTERS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWEL_LETTERS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODA_LETTERS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_COMPAT = dict(
    zip(ONSETS + VOWELS + CODAS, ONSET_LETTERS + VOWEL_LETTERS + CODA_LETTERS, strict=True)
)


def to_nfc(text: str) -> str:
    """Compose Hangul; file names and labels of the corpus occur in both Unicode forms."""
    return unicodedata.normalize("NFC", text)


def to_jamo(text: str) -> str:
    """Decompose Hangul syllables into conjoining jamo (NFD); other characters pass.

    >>> [hex(ord(c)) for c in to_jamo("각")]
    ['0x1100', '0x1161', '0x11a8']
    """
    return unicodedata.normalize("NFD", to_nfc(text))


def from_jamo(jamo: str) -> str:
    """Compose conjoining jamo into syllables (NFC), whatever their order.

    A recogniser can emit sequences that are no syllable (a vowel without onset, two
    codas). Legal runs are composed; each left-over jamo appears as its compatibility
    letter, so an error stays visible and countable instead of vanishing.

    >>> from_jamo(to_jamo("먹어요")), from_jamo("ᅡᆸᆷ")
    ('먹어요', 'ㅏㅂㅁ')
    """
    return "".join(_COMPAT.get(c, c) for c in unicodedata.normalize("NFC", jamo))


def is_hangul(character: str) -> bool:
    """Whether a character is a precomposed Hangul syllable.

    >>> is_hangul("각"), is_hangul("ㄱ")
    (True, False)
    """
    return "가" <= character <= "힣"


def is_syllable(text: str) -> bool:
    """Whether a text is one Hangul syllable, in either Unicode form.

    >>> is_syllable("각"), is_syllable("ㄱ"), is_syllable("각각")
    (True, False, False)
    """
    composed = to_nfc(text)
    return len(composed) == 1 and is_hangul(composed)


def split_syllable(syllable: str) -> tuple[str, str, str]:
    """Onset, vowel and coda of one precomposed syllable as conjoining jamo; coda may be ``""``.

    Raises:
        TextError: ``syllable`` is not a single Hangul syllable.
    """
    if not is_syllable(syllable):
        raise TextError(f"expected one Hangul syllable, found {syllable!r}")
    jamo = to_jamo(syllable)
    return jamo[0], jamo[1], jamo[2:]


def compatibility(jamo: str) -> str:
    """Conjoining jamo as stand-alone letters for tables and figures."""
    return "".join(_COMPAT.get(c, c) for c in jamo)


def conjoining(letter: str, part: str) -> str:
    """The conjoining jamo of a letter as onset, vowel or coda; ``""`` for no letter.

    >>> [hex(ord(conjoining("ㄱ", part))) for part in ("onset", "coda")]
    ['0x1100', '0x11a8']

    Raises:
        TextError: the letter stands in no such part.
    """
    if not letter:
        return ""
    for jamo in (ONSETS, VOWELS, CODAS)[PARTS.index(part)]:
        if _COMPAT[jamo] == letter:
            return jamo
    raise TextError(f"{letter!r} is no {part}")
