"""Labels and transcripts → the project's one text form.

Labels, vocabularies and metrics must agree on what a Korean text is, so this stands here and
nowhere else. A *label* says what was spoken: where its reading would be a guess it must not be
trained on, and :func:`unreadable_parts` says why. A *hypothesis* is what a model wrote: numbers
take their likelier reading, and what is no Korean stays in it and counts as wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from speakor_common.text.characters import role
from speakor_common.text.folding import fold
from speakor_common.text.numbers import Choice, readings
from speakor_common.text.numbers.counters import is_tail

PUNCTUATION = ".,!?"

DualForm = Literal["spoken", "written"]
MarkHandling = Literal["keep", "drop"]

# Dual transcription "(written)/(spoken)": (3개)/(세 개); the slash may be missing where the first
# side is plainly the written one.
_DUAL = re.compile(
    r"\(([^()]*)\)\s*/\s*\(([^()]*)\)|\(([^()가-힣]*[0-9A-Za-z][^()]*)\)\s*\(([가-힣\s.,!?]+)\)"
)
# Noise tags stand alone: n/ sn/ un/ and, in sibling corpora, b/ l/ o/ u/. Matched before any other
# slash, or the letter stays behind as text.
_NOISE = re.compile(r"(?<!\S)(?:sn|un|[nbolu])/(?![A-Za-z0-9])", re.IGNORECASE)
_START = r"(?<![^\s(\[<\"'“‘])"
_FILLER = re.compile(rf"{_START}([가-힣]+)/(?=\s|$|[.,!?])")
_FRAGMENT = re.compile(rf"{_START}([가-힣]+)\+(?=\s|$|[.,!?]|\1)")  # also 한+한국에서
_UNCLEAR = re.compile(r"(?<=[가-힣])\*(?=\s|$|[.,!?])")  # behind a word that is hard to make out
_SLASH = re.compile(r"(?<![0-9A-Za-z])/|/(?![0-9A-Za-z])")  # not 1/2 or km/h

_NAMES = (
    "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 "
    "엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 제트"
)
_LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAMES.split(), strict=True))
# Abbreviations that are always read letter by letter; TOPIK or NASA are not.
_INITIALISMS = frozenset(
    "TV PC CD DVD PD MC DJ IT KTX SRT CCTV USB SNS ATM PPT PDF VIP CEO DNA PCR GPS LED LCD KBS MBC "
    "SBS EBS JTBC UN EU FTA IMF GDP BBC CNN DM DIY DMZ OTT PVC SUV tv pc cd dvd".split()
)
_TWO_NAMES = frozenset("RZ")  # 아르 or 알, 제트 or 지
_TOKEN = re.compile(r"[0-9]*[A-Za-z][A-Za-z0-9]*(?:[-.&'’/+_@:][A-Za-z0-9]+)*(?P<sign>[+#*&])?")
_LAUGHTER = re.compile("[ㅋㅎㅠㅜㅡ]{2,}")  # ㅋㅋ, ㅠㅠ: written faces, no word
_TITLE = re.compile("<([^<>]+)>")
_CLOSED = re.compile(r"(?<=[가-힣])[)\]》〉」』】}]([가-힣]+)")
# A tilde that may stand for a word: between long words (월요일~금요일), or at a number.
_TILDE = re.compile("(?<=[가-힣]{2})~(?=[가-힣]{2})")
_WORD_TILDE = "∼"  # stands for it meanwhile; folding leaves none of these in a text


def strip_aihub_markup(
    text: str,
    dual_form: DualForm = "spoken",
    fillers: MarkHandling = "keep",
    fragments: MarkHandling = "keep",
) -> str:
    """Remove AI Hub transcription marks and keep the words.

    Only marks go: a plus sign that is no mark of a fragment (``A+``, ``3+4``) stays.

    Args:
        text: a raw label.
        dual_form: side of ``(written)/(spoken)`` to keep: what was said, or how it is spelled.
        fillers: ``어/ 저는`` becomes ``어 저는`` (keep) or ``저는`` (drop).
        fragments: ``온+ 오는`` becomes ``온 오는`` (keep) or ``오는`` (drop).

    Returns:
        NFC text with single spaces, of one width.

    >>> strip_aihub_markup("n/ 어/ (3개)/(세 개) 온+ 오는 sn/")
    '어 세 개 온 오는'
    """
    # Of the four groups two belong to the form with a slash and two to the one without.
    groups = (2, 4) if dual_form == "spoken" else (1, 3)
    text = _DUAL.sub(lambda match: match[groups[0]] or match[groups[1]] or "", fold(text))

    text = _NOISE.sub(" ", text)
    text = _FILLER.sub(r"\1 " if fillers == "keep" else " ", text)
    text = _FRAGMENT.sub(r"\1 " if fragments == "keep" else " ", text)
    return " ".join(_SLASH.sub(" ", _UNCLEAR.sub("", text)).split())


def normalize_korean(text: str, keep_punctuation: bool = False) -> str:
    """Turn a label into the project's one text form: Hangul syllables and single spaces.

    Numbers and initialisms are spelled, marks and punctuation removed. Never raises. What cannot
    be read for certain takes its likelier reading, or is left out if it has none: ask
    :func:`unreadable_parts` first.

    Args:
        text: raw label.
        keep_punctuation: keep ``. , ! ?`` (the seed's exp01-exp03 did).

    >>> normalize_korean("사과 3개를 샀어요.")
    '사과 세 개를 샀어요'
    """
    best = readings(strip_aihub_markup(text)).best
    return _clean(best, PUNCTUATION if keep_punctuation else "", keep_spoken=False)


def normalise_hypothesis(text: str) -> str:
    """A model's raw output in the project's text form, without deciding what it cannot know.

    As a label, but what has no certain Korean reading (``coffee``, lone jamo, ``@``) stays as it
    is. It counts as wrong, and :func:`unreadable_parts` finds it.

    >>> normalise_hypothesis("coffee 3잔, TV")
    'coffee 세 잔 티브이'
    """
    return _clean(readings(text).best, "", keep_spoken=True)


def alternatives(text: str) -> tuple[str, ...]:
    """What a raw hypothesis may mean, its numbers read and spaced in other ways; the best first.

    Every combination of readings up to 64, beyond that one number at a time read otherwise; where a
    space is a matter of taste it is there for all numbers or for none
    (:meth:`speakor_common.text.numbers.Readings.spellings`).

    >>> alternatives("3번")
    ('세 번', '삼 번', '삼번')
    """
    spellings = (_clean(t, "", keep_spoken=True) for t in readings(text).spellings())
    return tuple(dict.fromkeys((normalise_hypothesis(text), *spellings)))


def unreadable_parts(text: str) -> list[str]:
    """Pieces of a label whose Korean reading would be a guess, in the order of the text.

    Latin words that are no initialism, letters of other scripts, lone jamo, signs that are spoken,
    and numbers with several readings, which are named. A label with any is quarantined, because a
    guess or a gap would teach the model to mishear.

    >>> unreadable_parts("TV에서 coffee 廣告를 3번 봤어요 5%")
    ['coffee', '廣告', '5% (오 퍼센트 / 오 프로)']
    """
    parts = readings(strip_aihub_markup(text)).parts
    found: list[str] = []
    for index, part in enumerate(parts):
        if isinstance(part, Choice):
            if part.is_ambiguous:
                found.append(f"{part.piece.strip()} ({' / '.join(part.readings)})")
            continue

        # A tilde that touches a number stands for a word: ~3시, 3시~.
        follows, leads = index > 0, index < len(parts) - 1
        touches = (follows and part.startswith("~")) or (leads and part.endswith("~"))
        found += ["~"] if touches else []
        found += _spoken_pieces(part)
    return found


def _spoken_pieces(text: str) -> list[str]:
    """Runs of what is spoken, but not how; a tilde between two long words is such a word."""
    spoken = ""
    for token, is_kept in _tokens(_TILDE.sub(_WORD_TILDE, _plain(text))):
        spoken += token if is_kept else "".join(c if role(c) == "spoken" else " " for c in token)
    return [piece.replace(_WORD_TILDE, "~") for piece in spoken.split()]


def _clean(text: str, punctuation: str, keep_spoken: bool) -> str:
    """Text with its numbers read, reduced to what the project writes."""
    said = []
    for token, is_kept in _tokens(_plain(text)):
        if is_kept:
            said.append(token if keep_spoken else " ")
            continue
        for character in token:
            what = role(character)
            stays = what == "kept" or character in punctuation
            stays = stays or (keep_spoken and what == "spoken")
            said.append(character if stays else "" if what == "joined" else " ")

    # Punctuation belongs to the word before it.
    text = " ".join("".join(said).split())
    return re.sub(rf"\s+([{re.escape(punctuation)}])", r"\1", text) if punctuation else text


def _plain(text: str) -> str:
    """Text without written laughter, with brackets off titles and their particles put to them."""
    text = _TITLE.sub(r" (\1)", _LAUGHTER.sub(" ", fold(text)))
    return _CLOSED.sub(lambda match: match[1] if is_tail(match[1]) else match[0], text)


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Pieces of a text, and whether each is a Latin word that stays as it is."""
    end = 0
    for match in _TOKEN.finditer(text):
        yield text[end : match.start()], False
        word = match[0]
        if word in _INITIALISMS or (len(word) == 1 and word.isupper() and word not in _TWO_NAMES):
            yield "".join(_LETTERS[letter] for letter in word.upper()), False
        else:
            yield word, True
        end = match.end()
    yield text[end:], False
