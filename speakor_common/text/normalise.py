"""Labels and transcripts → the project's one text form: marks out, numbers and letters spelled, Hangul only.

Labels, vocabularies and metrics must agree on what a Korean text is, so this stands here and nowhere else. The room is
light on purpose (no torch, no pandas): a backend may import it alone.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from num2words import num2words

from speakor_common.text.jamo import to_nfc

PUNCTUATION = ".,!?"

DualForm = Literal["spoken", "written"]
MarkHandling = Literal["keep", "drop"]

# KsponSpeech's dual transcription "(written)/(spoken)": (3개)/(세 개).
_DUAL = re.compile(r"\(([^()]*)\)\s*/\s*\(([^()]*)\)")
# Noise tags stand alone: n/ sn/ un/ and, in sibling corpora, b/ l/ o/ u/. Matched before any other
# slash, or the letter stays behind as text.
_NOISE = re.compile(r"(?<!\S)(?:sn|un|[nbolu])/")
_FILLER = re.compile(r"(?<!\S)[가-힣]+/")
_FRAGMENT = re.compile(r"(?<!\S)[가-힣]+\+")

_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 제트"
        ).split(),
        strict=True,
    )
)
_LATIN = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<unit>\s*[가-힣]*)")
_LONGEST_NUMBER = 16  # digits num2words names in Korean; longer runs are read digit by digit
_DIGITS = "영일이삼사오육칠팔구"
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
# Counters that take native numerals; the longest is tried first. 시 (hour) must not catch 시월 and 시간 is itself.
_NATIVE_COUNTERS = "개월 개 명 살 시간 시 번째 번 마리 잔 병 권 장 대 사람 가지 그릇 송이 켤레 벌 군데 채 곳 달 분이 분은 분의 분께".split()
_SINO_COUNTERS = ("개월", "개국", "번지", "장조", "대학")

_UNSEEN = ("Cf", "Cc")  # Unicode categories of zero-width and control characters
_PERCENT = {"%": " 퍼센트", "℃": " 도", "㎏": " 킬로그램", "㎞": " 킬로미터", "㎝": " 센티미터"}


def strip_aihub_markup(
    text: str,
    dual_form: DualForm = "spoken",
    fillers: MarkHandling = "keep",
    fragments: MarkHandling = "keep",
) -> str:
    """Remove AI Hub transcription marks and keep the words.

    Args:
        text: a raw label.
        dual_form: side of ``(written)/(spoken)`` to keep: what was said, or how it is spelled.
        fillers: ``어/ 저는`` becomes ``어 저는`` (keep) or ``저는`` (drop).
        fragments: ``온+ 오는`` becomes ``온 오는`` (keep) or ``오는`` (drop).

    Returns:
        NFC text with single spaces.

    >>> strip_aihub_markup("n/ 어/ (3개)/(세 개) 온+ 오는 sn/")
    '어 세 개 온 오는'
    """
    text = _DUAL.sub(r"\2" if dual_form == "spoken" else r"\1", to_nfc(text))
    text = _NOISE.sub(" ", text)
    if fillers == "drop":
        text = _FILLER.sub(" ", text)
    if fragments == "drop":
        text = _FRAGMENT.sub(" ", text)
    text = text.replace("/", " ").replace("+", " ").replace("*", " ")
    return " ".join(text.split())


def normalize_korean(text: str, keep_punctuation: bool = False) -> str:
    """Turn any label or transcript into the project's one text form.

    NFC, AI Hub marks out, numbers and Latin letters spelled in Korean, everything
    else that is not a Hangul syllable out, single spaces. Never raises; whether a
    label *should* be read aloud this way is asked with :func:`unreadable_parts`.

    Args:
        text: raw label or hypothesis.
        keep_punctuation: keep ``. , ! ?`` (the seed's exp01-exp03 did).

    >>> normalize_korean("사과 3개를 샀어요.")
    '사과 세 개를 샀어요'
    """
    text = spell_out(strip_aihub_markup(text))
    allowed = f"[^가-힣{re.escape(PUNCTUATION)} ]" if keep_punctuation else "[^가-힣 ]"
    # A removed character separates words unless it is an apostrophe or quote inside one, or is not seen at all.
    text = re.sub(r"['\"‘’“”`]", "", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _UNSEEN or c.isspace())
    text = " ".join(re.sub(allowed, " ", text).split())
    return re.sub(rf"\s+([{re.escape(PUNCTUATION)}])", r"\1", text) if keep_punctuation else text


def unreadable_parts(text: str) -> list[str]:
    """Pieces of a label whose Korean reading would be a guess.

    Latin words that are no abbreviation (``coffee``: 커피 or letter by letter?) and
    letters of other scripts (hanja, kana, Cyrillic). A label with any is quarantined,
    because leaving the piece out would teach the model to skip speech.

    >>> unreadable_parts("TV에서 coffee 廣告를 봤어요")
    ['coffee', '廣告']
    """
    text = strip_aihub_markup(text)
    latin = [m for m in _LATIN.findall(text) if len(m) > 1 and not (m.isupper() and len(m) <= 5)]
    other = re.findall(r"[^\W\d_]+", re.sub(r"[A-Za-z가-힣ᄀ-ᇿㄱ-ㆎ℃㎏㎞㎝]", " ", text))
    return latin + other


def spell_out(text: str) -> str:
    """Spell digits and Latin letters in Korean (``3개`` → ``세 개``, ``TV`` → ``티브이``)."""
    for sign, word in _PERCENT.items():
        text = text.replace(sign, word)
    text = _NUMBER.sub(_spell_number, text)
    return _LATIN.sub(lambda m: "".join(_LETTERS[c] for c in m.group().upper()), text)


def _spell_number(match: re.Match[str]) -> str:
    number, unit = match["number"].replace(",", ""), match["unit"]
    counter = unit.strip()
    if _takes_native(number, counter):
        value = int(number)
        words = "스무" if value == 20 else _NATIVE_TENS[value // 10] + _NATIVE_ONES[value % 10]
        return f"{words} {counter}"
    whole = number.split(".")[0]
    if len(whole) > _LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return "".join(_DIGITS[int(c)] if c.isdigit() else " 점 " for c in number) + unit
    value = float(number) if "." in number else int(number)
    return num2words(value, lang="ko") + unit


def _takes_native(number: str, counter: str) -> bool:
    if not number.isdigit() or number.startswith("0") or int(number) > 99:
        return False
    if counter.startswith(_SINO_COUNTERS):
        return False
    if counter.startswith("시") and not counter.startswith("시간") and int(number) > 12:
        return False  # 13시 is 십삼 시
    return counter.startswith(tuple(_NATIVE_COUNTERS))
