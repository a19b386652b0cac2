"""Pronounced Hangul → syllable units → IPA phones for the synthesiser.

Spelling is first turned into pronounced Hangul by the standard rules (국물이 → 궁무리, see
:mod:`speakor_common.text.pronunciation`). What remains is allophony, which Hangul does not write:
lax stops are voiced between voiced sounds, ㅅ is palatal before ㅣ, ㄹ is a flap unless doubled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from speakor_common.text import CODAS, ONSETS, VOWELS, from_jamo, split_syllable

_SILENT = "ᄋ"

_ONSET_PHONES = dict(
    zip(
        ONSETS,
        "k ʔk n t ʔt ɾ m p ʔp s ss - ʨ ʔʨ ʨʰ kʰ tʰ pʰ h".replace("-", "_").split(),
        strict=True,
    )
)
_VOICED = {"ᄀ": "ɡ", "ᄃ": "d", "ᄇ": "b", "ᄌ": "ʥ"}
# ㅓ is ɔ: the synthesiser's ʌ is heard as ㅏ with most of its voices. (Three sentences with many ㅓ
# by seven voices, read by untuned whisper-base: CER 0.41 with ʌ, 0.32 with ɔ.)
_VOWEL_PHONES = dict(
    zip(VOWELS, "a ɛ ja jɛ ɔ e jɔ je o wa wɛ we jo u wɔ we wi ju ɯ ɰi i".split(), strict=True)
)
# Only the seven codas of the standard language are heard; others are neutralised before.
_CODA_PHONES = {"ᆨ": "k", "ᆫ": "n", "ᆮ": "t", "ᆯ": "l", "ᆷ": "m", "ᆸ": "p", "ᆼ": "ŋ"}
_NEUTRALISED = {
    **dict.fromkeys("ᆩᆪᆰᆿ", "ᆨ"),
    **dict.fromkeys("ᆬᆭ", "ᆫ"),
    **dict.fromkeys("ᆺᆻᆽᆾᇀᇂ", "ᆮ"),
    **dict.fromkeys("ᆲᆳᆴᆶ", "ᆯ"),
    **dict.fromkeys("ᆱ", "ᆷ"),
    **dict.fromkeys("ᆹᇁᆵ", "ᆸ"),
}
_PALATAL_VOWELS = frozenset("ᅣᅤᅧᅨᅭᅲᅵ")


@dataclass(frozen=True)
class Syllable:
    """One pronounced syllable as conjoining jamo; ``coda`` may be empty; ``word`` counts from 0."""

    onset: str
    vowel: str
    coda: str
    word: int

    @property
    def jamo(self) -> str:
        return self.onset + self.vowel + self.coda

    def with_part(self, part: str, jamo: str) -> Syllable:
        """A copy with onset, vowel or coda replaced; a removed onset becomes silent ㅇ."""
        return replace(self, **{part: jamo or (_SILENT if part == "onset" else "")})


def to_syllables(pronounced: str) -> list[Syllable]:
    """Pronounced Hangul as syllable units with neutralised codas."""
    syllables = []
    for index, word in enumerate(pronounced.split()):
        for character in word:
            onset, vowel, coda = split_syllable(character)
            assert coda == "" or coda in CODAS
            syllables.append(Syllable(onset, vowel, _NEUTRALISED.get(coda, coda), index))
    return syllables


def to_hangul(syllables: list[Syllable]) -> str:
    """Syllable units back to pronounced Hangul with spaces between words."""
    words: dict[int, str] = {}
    for syllable in syllables:
        words[syllable.word] = words.get(syllable.word, "") + syllable.jamo
    return from_jamo(" ".join(words[index] for index in sorted(words)))


def to_phones(syllables: list[Syllable], pauses: frozenset[int] = frozenset()) -> str:
    """IPA string for the synthesiser.

    Args:
        syllables: what is pronounced.
        pauses: words after which the speaker hesitates (written as a comma).
    """
    pieces: list[str] = []
    previous: Syllable | None = None
    for syllable in syllables:
        # between words: a space, or a comma, after which nothing is voiced by what came before
        if previous is not None and previous.word != syllable.word:
            pieces.append(", " if previous.word in pauses else " ")
            if previous.word in pauses:
                previous = None

        pieces.append(_onset_phone(syllable, previous))
        pieces.append(_VOWEL_PHONES[syllable.vowel])
        pieces.append(_CODA_PHONES.get(syllable.coda, ""))
        previous = syllable
    return "".join(pieces) + "."


def _onset_phone(syllable: Syllable, previous: Syllable | None) -> str:
    onset = syllable.onset
    if onset == _SILENT:
        return ""
    if onset in _VOICED and previous is not None and previous.coda in ("", "ᆫ", "ᆷ", "ᆼ", "ᆯ"):
        return _VOICED[onset]
    if onset == "ᄅ" and previous is not None and previous.coda == "ᆯ":
        return "l"
    if onset in "ᄉᄊ" and syllable.vowel in _PALATAL_VOWELS:
        return "ɕ" if onset == "ᄉ" else "ɕɕ"
    return _ONSET_PHONES[onset]
