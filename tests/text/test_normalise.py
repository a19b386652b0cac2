"""Labels and hypotheses: tables of odd cases, and properties that hold for any text."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import text

syllables = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=12)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("저는 학생입니다.", "저는 학생입니다"),
        (unicodedata.normalize("NFD", "저는 학생"), "저는 학생"),
        ("n/ 어/ 저는 온+ 오는 sn/", "어 저는 온 오는"),
        ("음/", "음"),
        ("(3개)/(세 개) 주세요", "세 개 주세요"),
        ("사과 3개를 샀어요", "사과 세 개를 샀어요"),
        ("20살이에요", "스무 살이에요"),
        ("21살이에요", "스물한 살이에요"),
        ("3개월 동안", "삼개월 동안"),
        ("2시 30분", "두 시 삼십분"),
        ("13시", "십삼시"),
        ("2023년", "이천이십삼년"),
        ("1,234원", "천이백삼십사원"),
        ("3.5점", "삼 점 오점"),
        ("100%", "백 퍼센트"),
        ("007 영화", "영영칠 영화"),
        ("TV를 봐요", "티브이를 봐요"),
        ("PC방", "피시방"),
        ("좋아요!!! 😀", "좋아요"),
        ("안녕ㅋㅋ", "안녕"),
        ("  여러   공백\t\n", "여러 공백"),
        ("", ""),
        ("...", ""),
    ],
)
def test_normalize_korean(raw, expected):
    assert text.normalize_korean(raw) == expected


def test_punctuation_is_kept_on_request():
    assert (
        text.normalize_korean("네 , 저는 학생이에요 . 정말?", keep_punctuation=True)
        == "네, 저는 학생이에요. 정말?"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "어 세 개 온 오는"),
        ({"dual_form": "written"}, "어 3개 온 오는"),
        ({"fillers": "drop"}, "세 개 온 오는"),
        ({"fragments": "drop"}, "어 세 개 오는"),
    ],
)
def test_markup_options(options, expected):
    assert text.strip_aihub_markup("n/ 어/ (3개)/(세 개) 온+ 오는 un/", **options) == expected


@pytest.mark.parametrize("tag", ["n/", "sn/", "un/", "b/", "l/", "o/", "u/"])
def test_noise_tags_leave_no_letter(tag):
    assert text.strip_aihub_markup(f"{tag} 네 {tag}") == "네"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("（3개）/（세 개）", "세 개"),
        ("(3개) / (세 개)", "세 개"),
        ("(3개)(세 개)", "세 개"),
        ("(한국)(서울)", "(한국)(서울)"),  # neither side is written in digits
        ("N/ 네", "네"),
        ("n/네", "네"),
        ("한+한국에서", "한 한국에서"),
        ("발음* 좋아요", "발음 좋아요"),
        ("남자/여자", "남자 여자"),
        ("A+", "A+"),  # signs that are no marks stay
        ("3+4", "3+4"),
        ("1/2", "1/2"),
        ("사과+배", "사과+배"),
        ("김**", "김**"),
    ],
)
def test_markup_and_what_only_looks_like_it(raw, expected):
    assert text.strip_aihub_markup(raw) == expected


def test_a_filler_is_dropped_but_not_a_word_before_a_slash():
    assert text.strip_aihub_markup("어/ 남자/여자", fillers="drop") == "남자 여자"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<서울의 봄>을 봤어요", "서울의 봄을 봤어요"),
        ("「봄」이", "봄이"),
        ("(서울) 사람", "서울 사람"),
        ("네~ 알겠어요", "네 알겠어요"),
        ("ㅠㅠ ^^ ★ ♪", ""),
        ("3\ufe0f\u20e3개", "세 개"),
        ("ＴＶ", "티브이"),
        ("A형", "에이형"),
    ],
)
def test_what_is_not_spoken_goes(raw, expected):
    assert text.normalize_korean(raw) == expected
    assert text.unreadable_parts(raw) == []


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("TV에서 봐요", []),
        ("coffee를 마셔요", ["coffee"]),
        ("廣告", ["廣告"]),
        ("カメラ", ["カメラ"]),
        ("3개", []),
        ("ㅋㅋ", []),
        ("TOPIK 시험", ["TOPIK"]),
        ("K-POP", ["K-POP"]),
        ("CO2", ["CO2"]),
        ("A+를", ["A+"]),
        ("R석", ["R"]),
        ("café", ["café"]),
        ("ㄹ 발음", ["ㄹ"]),
        ("ㄱ자", ["ㄱ"]),
        ("ᄒᆞᆫ국", ["ᄒᆞᆫ"]),
        ("학\ufffd에", ["\ufffd"]),
        ("½ Ⅱ ① ㈜", ["½", "Ⅱ", "①", "㈜"]),
        ("٣개", ["٣"]),
        ("# @ & % ° × + =", ["#", "@", "&", "%", "°", "×", "+", "="]),
        ("김**", ["**"]),
        ("3번", ["3번 (세 번 / 삼 번)"]),
        ("5%", ["5% (오 퍼센트 / 오 프로)"]),
        ("월요일~금요일", ["~"]),
        ("3시~", ["~"]),
        ("아~네", []),
    ],
)
def test_unreadable_parts(raw, parts):
    assert text.unreadable_parts(raw) == parts


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" 저는 학생입니다.", "저는 학생입니다"),
        ("coffee 3잔", "coffee 세 잔"),
        ("K-POP을 don't", "K-POP을 don't"),
        ("TV를 봐요", "티브이를 봐요"),
        ("6월 6일", "유월 육일"),
        ("5G, CO2", "5G CO2"),
        ("ㄱㅏ 廣告 @", "ㄱㅏ 廣告 @"),
        ("ㅋㅋ 😀 ...", ""),
    ],
)
def test_hypotheses_keep_what_is_no_korean(raw, expected):
    assert text.normalise_hypothesis(raw) == expected


def test_alternatives_hold_every_reading_and_spacing():
    assert text.alternatives("3번 30분") == (
        "세 번 삼십분",
        "삼 번 삼십분",
        "세 번 삼십 분",
        "삼 번 삼십 분",
        "삼번 삼십분",
    )
    assert text.alternatives("커피") == ("커피",)


# Everything that may go from a label without a word, by Unicode category alone.
_NEVER_SPOKEN = {"Cc", "Cf", "Sk", "Zl", "Zp", "Zs", "Pc", "Pd", "Pe", "Pf", "Pi", "Ps", "Po"}


def _may_vanish(character: str) -> bool:
    name = unicodedata.name(character, "")
    is_variant = "VARIATION SELECTOR" in name or "KEYCAP" in name
    folded = unicodedata.normalize("NFKC", character)  # half-width ■ is ■
    is_picture = unicodedata.category(character) == "So" and ord(folded[0]) >= 0x2300
    return (
        unicodedata.category(character) in _NEVER_SPOKEN
        or is_variant
        or (is_picture and character != "\ufffd" and not unicodedata.decomposition(folded[0]))
        or unicodedata.normalize("NFKC", character) in ("~", "∼", "〜", "˜")
        or character == "⁓"
    )


@given(st.characters())
def test_no_character_vanishes_unreported(character):
    raw = f"가 {character} 나"
    kept = text.normalize_korean(raw) != "가 나"
    assert kept or text.unreadable_parts(raw) or _may_vanish(character)


@pytest.mark.parametrize("sign", "%‰&@#*§$€₩¥+=<×÷±√∞°©™№→㈜①½²Ⅱㄱㅏᄀ漢éа\ufffd\ue000")
def test_signs_that_are_spoken_are_reported(sign):
    assert text.unreadable_parts(f"가 {sign} 나")


@given(st.characters(exclude_categories=["Cs"]))
def test_hypotheses_lose_only_what_is_not_spoken(character):
    assert text.normalise_hypothesis(f"가 {character} 나") != "가 나" or _may_vanish(character)


@given(st.text(max_size=60))
def test_a_hypothesis_is_its_own_best_alternative(value):
    once = text.normalise_hypothesis(value)
    assert text.alternatives(value)[0] == once
    assert once == " ".join(once.split())


@given(st.text(max_size=60))
def test_normalising_is_idempotent_and_yields_hangul_only(value):
    once = text.normalize_korean(value)
    assert text.normalize_korean(once) == once
    assert all(c == " " or "가" <= c <= "힣" for c in once)
    assert once == " ".join(once.split())


@given(syllables)
def test_unicode_form_does_not_matter(value):
    assert text.normalize_korean(unicodedata.normalize("NFD", value)) == text.normalize_korean(
        value
    )


@given(st.integers(0, 10**12))
def test_numbers_never_vanish(number):
    assert text.normalize_korean(f"{number}개")[:-1].strip()


def test_importing_text_loads_no_torch():
    code = "import sys, speakor_common, speakor_common.text; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
