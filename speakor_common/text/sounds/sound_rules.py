"""What two neighbouring syllables do to each other, and what a vowel may become.

The sound changes of 표준발음법 (Standard Pronunciation, 국립국어원) that need no dictionary:
given two spelled syllables and how they meet, the coda and the onset that are heard. How they meet
(inside a morpheme, before an ending, before a word of its own) is decided in :mod:`.word_rules` and
:mod:`.phrase_rules`; § numbers are the sections of the standard.
"""

from __future__ import annotations

from typing import NamedTuple

from speakor_common.text.jamo import CODA_LETTERS, ONSET_LETTERS, VOWEL_LETTERS

_CODAS = ("", *CODA_LETTERS)
SILENT = "ㅇ"  # the onset letter of a syllable that begins with its vowel
LAX = "ㄱㄷㅂㅅㅈ"
GLIDES = "ㅣㅑㅕㅛㅠㅒㅖ"  # vowels before which ㄴ is added (§29)

_TENSE = dict(zip(LAX, "ㄲㄸㅃㅆㅉ"))
_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_PALATAL = {"ㄷ": "ㅈ", "ㅌ": "ㅊ", "ㄾ": "ㅊ"}

# §8-11: the seven sounds a syllable can end in.
_CLOSED = {
    "": "",
    **dict.fromkeys("ㄱㄲㅋㄳㄺ", "ㄱ"),
    **dict.fromkeys("ㄴㄵㄶ", "ㄴ"),
    **dict.fromkeys("ㄷㅅㅆㅈㅊㅌㅎ", "ㄷ"),
    **dict.fromkeys("ㄹㄼㄽㄾㅀ", "ㄹ"),
    **dict.fromkeys("ㅁㄻ", "ㅁ"),
    **dict.fromkeys("ㅂㅍㅄㄿ", "ㅂ"),
    "ㅇ": "ㅇ",
}
# §14: which letter of a cluster stays and which moves on; ㅅ moves as ㅆ.
_STEMS_IN_LG = frozenset("읽맑밝늙긁굵묽붉갉낡옭얽")  # no noun ends in one of these syllables
_CLUSTERS = {
    "ㄳ": ("ㄱ", "ㅆ"),
    "ㄵ": ("ㄴ", "ㅈ"),
    "ㄺ": ("ㄹ", "ㄱ"),
    "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"),
    "ㄽ": ("ㄹ", "ㅆ"),
    "ㄾ": ("ㄹ", "ㅌ"),
    "ㄿ": ("ㄹ", "ㅍ"),
    "ㅄ": ("ㅂ", "ㅆ"),
}
_WITH_H = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}  # what is left when ㅎ goes


class Syllable(NamedTuple):
    """One spelled syllable as compatibility letters; the coda may be ``""``."""

    text: str
    onset: str
    vowel: str
    coda: str


class Meeting(NamedTuple):
    """How the second of two syllables begins.

    Attributes:
        apart: a morpheme with a meaning of its own begins there, so no spelled coda moves on (§15).
        insert: ㄴ is added before its vowel (§29).
        tense: the section by which its lax onset is tensed, ``""`` for none.
        stem: a verb's stem ends and its ending begins (§11, §24, §25).
        palatal: ㄷ and ㅌ become ㅈ and ㅊ before its ㅣ (§17).
        lateral: ㄴ and ㄹ meet as ㄹㄹ, else as ㄴㄴ (§20).
        loan: ㄹ stays as it is, which loanwords may do (원룸, 홈런).
        dropped: the coda is the ㅅ of §30 and is not heard.
    """

    apart: bool = False
    insert: bool = False
    tense: str = ""
    stem: bool = False
    palatal: bool = False
    lateral: bool = True
    loan: bool = False
    dropped: bool = False


class Contact(NamedTuple):
    """What is heard where two syllables meet: coda of the first, onset of the second.

    ``joined`` is False where the speaker pauses between two words; ``rules`` are the sections at
    work.
    """

    coda: str
    onset: str
    joined: bool = True
    rules: tuple[str, ...] = ()


def split(text: str) -> Syllable:
    """Letters of one precomposed syllable."""
    number = ord(text) - ord("가")
    vowel = VOWEL_LETTERS[number // 28 % 21]
    return Syllable(text, ONSET_LETTERS[number // 588], vowel, _CODAS[number % 28])


def compose(onset: str, vowel: str, coda: str) -> str:
    """The syllable of three heard sounds; ㅈ, ㅉ, ㅊ swallow the glide of ㅕ (§5: 가져 [가저])."""
    if onset in "ㅈㅉㅊ" and vowel == "ㅕ":
        vowel = "ㅓ"
    number = ONSET_LETTERS.index(onset) * 588 + VOWEL_LETTERS.index(vowel) * 28 + _CODAS.index(coda)
    return chr(ord("가") + number)


def tensed(onset: str) -> str:
    return _TENSE.get(onset, onset)


def closed(first: Syllable, second: Syllable | None = None) -> str:
    """The sound a syllable ends in before a consonant or a pause (§8-11).

    밟- ends in ㅂ, and so does 넓- in 넓죽하다, 넓둥글다 and 넓적하다 (§10).
    """
    is_wide = first.text == "넓" and second is not None and second.text in "죽둥적"
    if first.text == "밟" or is_wide:
        return "ㅂ"
    return _CLOSED[first.coda]


def pause(first: Syllable, second: Syllable) -> Contact:
    """Two words with a pause between them: each as it is alone."""
    return Contact(closed(first), second.onset, False, _closing_rules(first.coda))


def end(last: Syllable) -> Contact:
    """The end of a phrase."""
    return Contact(closed(last), "", False, _closing_rules(last.coda))


def meet(first: Syllable, second: Syllable, how: Meeting) -> Contact:
    """Coda and onset that are heard where two syllables meet."""
    # ㄴ comes before everything else: what it meets is then an ordinary consonant.
    if how.insert:
        contact = _before_consonant(first, second._replace(onset="ㄴ"), how)
        return contact._replace(rules=("§29", *contact.rules))

    if how.dropped:
        return Contact("", tensed(second.onset), True, ("§30",))
    if second.onset == SILENT:
        return _before_vowel(first, second, how)
    if second.onset == "ㅎ":
        return _before_h(first, second, how)
    return _before_consonant(first, second, how)


def _before_vowel(first: Syllable, second: Syllable, how: Meeting) -> Contact:
    coda = first.coda
    if coda in ("", "ㅇ"):
        return Contact(coda, SILENT)

    # §15: what is heard of the coda before a pause moves on, not what is spelled.
    if how.apart:
        heard = closed(first)
        rules = ("§13",) if heard == coda else ("§15",)
        return Contact("", heard, True, rules) if heard != "ㅇ" else Contact(heard, SILENT)

    if coda in _WITH_H:
        left = _WITH_H[coda]
        return Contact("", left or SILENT, True, ("§12",))
    if how.palatal and coda in _PALATAL:
        return Contact("ㄹ" if coda == "ㄾ" else "", _PALATAL[coda], True, ("§17",))
    if coda in _CLUSTERS:
        return Contact(*_CLUSTERS[coda], True, ("§14",))
    return Contact("", coda, True, ("§13",))


def _before_h(first: Syllable, second: Syllable, how: Meeting) -> Contact:
    heard = closed(first)
    if heard in ("", "ㄴ", "ㅁ", "ㅇ"):
        left = first.coda == "ㄵ" and not how.apart
        return Contact("ㄴ", "ㅊ", True, ("§12",)) if left else Contact(heard, "ㅎ")

    # §17: 굳히다 [구치다], 닫혀 [다처].
    if how.palatal and first.coda in "ㄷㅌㅈ":
        return Contact("", "ㅊ", True, ("§12", "§17"))
    # §12: a cluster keeps its ㄹ inside a word (밝히다 [발키다]), not before a new one (닭 한).
    if not how.apart and first.coda in ("ㄺ", "ㄼ"):
        moved = _CLUSTERS[first.coda][1]
        return Contact("ㄹ", _ASPIRATED[moved], True, ("§12",))
    if heard == "ㄹ":
        return Contact(heard, "ㅎ")
    if first.coda == "ㅈ" and not how.apart:
        return Contact("", "ㅊ", True, ("§12",))
    return Contact("", _ASPIRATED[heard], True, ("§12",))


def _before_consonant(first: Syllable, second: Syllable, how: Meeting) -> Contact:
    onset = second.onset
    if first.coda in _WITH_H and not how.apart and (found := _after_h(first.coda, onset)):
        return found
    # §11: ㄺ of a stem is ㄹ before ㄱ: 맑게 [말께], also in nouns made of it: 굵기 [굴끼].
    of_stem = how.stem or first.text in _STEMS_IN_LG
    if of_stem and first.coda == "ㄺ" and onset == "ㄱ":
        return Contact("ㄹ", "ㄲ", True, ("§11",))

    coda = closed(first, second)
    rules = list(_closing_rules(first.coda))
    if onset in LAX and (section := _tensing(first, coda, how)):
        onset = tensed(onset)
        rules.append(section)
    coda, onset, section = _assimilated(coda, onset, how)
    return Contact(coda, onset, True, (*rules, *section))


def _after_h(coda: str, onset: str) -> Contact | None:
    """§12: ㅎ, ㄶ and ㅀ before a consonant; None where ㅎ is only closed (좋 + ㅁ)."""
    left = _WITH_H[coda]
    if onset in _ASPIRATED:
        return Contact(left, _ASPIRATED[onset], True, ("§12",))
    if onset == "ㅅ":
        return Contact(left, "ㅆ", True, ("§12",))
    if onset == "ㄴ" and left:
        return Contact(left, "ㄹ" if left == "ㄹ" else "ㄴ", True, ("§12",))
    return None


def _tensing(first: Syllable, heard: str, how: Meeting) -> str:
    """The section by which a lax onset is tensed, or ``""``."""
    if heard in ("ㄱ", "ㄷ", "ㅂ"):
        return "§23"
    if first.coda == "ㄵ":
        return "§24"
    if how.stem and first.coda in ("ㄴ", "ㅁ", "ㄻ"):
        return "§24"
    if how.stem and first.coda in ("ㄼ", "ㄾ"):
        return "§25"
    return how.tense


def _assimilated(coda: str, onset: str, how: Meeting) -> tuple[str, str, tuple[str, ...]]:
    """§18 (국물 [궁물]), §19 (강릉 [강능]) and §20 (신라 [실라])."""
    if onset == "ㄹ" and how.loan:
        return coda, onset, ()
    if coda in _NASAL and onset in ("ㄴ", "ㅁ"):
        return _NASAL[coda], onset, ("§18",)
    if coda in _NASAL and onset == "ㄹ":
        return _NASAL[coda], "ㄴ", ("§19",)
    if coda in ("ㅁ", "ㅇ") and onset == "ㄹ":
        return coda, "ㄴ", ("§19",)
    if (coda, onset) == ("ㄹ", "ㄴ"):
        return coda, "ㄹ", ("§20",)
    if (coda, onset) == ("ㄴ", "ㄹ"):
        return ("ㄹ", "ㄹ", ("§20",)) if how.lateral else ("ㄴ", "ㄴ", ("§20",))
    return coda, onset, ()


def _closing_rules(coda: str) -> tuple[str, ...]:
    if coda == _CLOSED[coda]:
        return ()
    if coda in "ㄳㄵㄼㄽㄾㅄ":
        return ("§10",)
    return ("§11",) if coda in "ㄺㄻㄿ" else ("§9",)
