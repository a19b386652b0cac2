"""How the syllables inside a word meet, as far as its morphemes tell.

A word here is what stands between two spaces: nouns with particles, stems with endings. Words whose
pronunciation has to be known come from :mod:`.lexical`; numerals from :mod:`.numeral_sounds`.
"""

from __future__ import annotations

from typing import NamedTuple

from speakor_common.text.morphology import Morpheme
from speakor_common.text.sounds.sound_rules import (
    GLIDES,
    LAX,
    SILENT,
    Contact,
    Meeting,
    Syllable,
    meet,
)

NOUNS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "XR", "UN", "SN"})
# A morpheme with one of these tags has a meaning of its own: what stands before it is closed (§15).
CONTENT = NOUNS | {"MM", "MAG", "MAJ", "IC", "VV", "VA", "VX", "VCN", "XPN"}

# Syllables that are readings of Chinese characters: a word made of them is taken for Sino-Korean.
_SINO = frozenset(
    "가각간갈감갑강개객갱갹거건걸검겁게격견결겸경계고곡곤골공곶과곽관괄광괘괴굉교구국군굴궁권궐궤귀"
    "규균귤극근금급긍기긴길김끽나낙난날남납낭내냉녀년념녕노농뇌뇨누눈눌뉴능니닉다단달담답당대덕도독돈"
    "돌동두둔득등라락란랄람랍랑래랭략량려력련렬렴렵령례로록론롱뢰료룡루류륙륜률륭륵름릉리린림립마막만"
    "말망매맥맹면멸명몌모목몰몽묘무묵문물미민밀박반발방배백번벌범법벽변별병보복본볼봉부북분불붕비빈"
    "빙사삭산살삼삽상새색생서석선설섬섭성세소속손솔송쇄쇠수숙순술숭슬습승시식신실심십쌍씨아악안알암압"
    "앙애액앵야약양어억언얼엄업에여역연열염엽영예오옥온옹와완왈왕왜외요욕용우욱운울웅원월위유육윤율융"
    "은을음읍응의이익인일임입잉자작잔잠잡장재쟁저적전절점접정제조족존졸종좌죄주죽준중즉즐즙증지직진질"
    "짐집징차착찬찰참창채책처척천철첨첩청체초촉촌총촬최추축춘출충췌취측층치칙친칠침칩칭쾌타탁탄탈탐탑"
    "탕태택탱터토톤통퇴투특파판팔패팽퍅편폄평폐포폭표품풍피필핍하학한할함합항해핵행향허헌헐험혁현혈혐"
    "협형혜호혹혼홀홍화확환활황회획횡효후훈훙훤훼휘휴흉흑흔흘흠흡흥희힐"
)
# Last syllables that form a word of their own after a noun in ㄴ, so that ㄴㄹ is [ㄴㄴ] (§20):
# 의견란, 생산량, 판단력, 공권력, 동원령, 상견례, 횡단로, 이원론, 입원료, 구근류.
_LATERAL_SUFFIXES = frozenset("란량력령례로론료류률률리림록련래락룡루롱릉")
# Syllables that end in the ㅅ between the parts of a compound (§30).
_SAI_SIOT = frozenset(
    "갯뒷콧뱃귓칫샛빗윗랫맷댓삿뭇셋냇핏룻젯겟줏찻잿횟춧챗둣촛땟뼛훗윳됫홧폿톳횃뎃혓곗죗낏뗏텃"
    "탯깻쳇푯굣랏눗릿롯밋깃밧싯쇳겻숫닷잇넛앳찟윳묏멧슷"
)
_NOMINAL_ENDS = ("하", "되", "스럽", "롭", "시키", "당하", "받")  # of verbs made of a noun
# Words that lean on what precedes them: no ㄴ is added before them, though §29 would allow it.
_NEVER_ADDED = frozenset(
    "있 일찍 이번 이때 이날 이후 이전 이하 이내 이외 이상 요즘 예정 이틀".split()
)
_MAY_TAKE_N = frozenset({"NNG", "NNP", "VV", "VA", "XR", "XPN"})
_HAS_GLIDE_VARIANT = "ㅣㅐㅔㅚㅟㅢ"  # §22: a stem in one of these may have 어 as 여


class Options(NamedTuple):
    """What may be heard where two syllables meet, best first."""

    contacts: tuple[Contact, ...]
    sure: bool = True


def options(first: Syllable, second: Syllable, *ways: Meeting, sure: bool = True) -> Options:
    """The different outcomes of several ways to meet."""
    found: dict[tuple[str, str], Contact] = {}
    for way in ways:
        contact = meet(first, second, way)
        found.setdefault(contact[:2], contact)
    return Options(tuple(found.values()), sure)


def inside(morpheme: Morpheme, place: int, first: Syllable, second: Syllable) -> Options:
    """Two syllables of one morpheme.

    Args:
        place: of the first syllable in the morpheme, from 0.
    """
    tag = morpheme.tag
    if tag.startswith("E"):
        return options(first, second, _in_ending(morpheme, place))

    # A verb may be made of a noun, which keeps its sounds (솔직 + 하).
    if tag.startswith("V"):
        noun = noun_of(morpheme)
        if noun is not None and place + 1 < len(noun.form):
            return _in_noun(noun, place, first, second)
        return options(first, second, Meeting(palatal=second.vowel in "ㅣㅕ"))

    if tag.startswith("J"):
        return options(first, second, Meeting())
    return _in_noun(morpheme, place, first, second)


def noun_of(verb: Morpheme) -> Morpheme | None:
    """The noun of two syllables or more that a verb is made of: 솔직 of 솔직하다."""
    for ending in _NOMINAL_ENDS:
        form = verb.form.removesuffix(ending)
        if form != verb.form and len(form) >= 2:
            return Morpheme(form, "NNG", verb.start, verb.start + len(form))
    return None


def _in_ending(morpheme: Morpheme, place: int) -> Meeting:
    """§27: what follows the -ㄹ an ending begins with is tense (할게, 먹을수록)."""
    begins = morpheme.form[:1] in ("ᆯ", "을")
    return Meeting(tense="§27" if begins and place == 0 else "")


def _in_noun(morpheme: Morpheme, place: int, first: Syllable, second: Syllable) -> Options:
    length = morpheme.end - morpheme.start
    plain = Meeting(palatal=second.vowel == "ㅣ")

    # §30: the ㅅ between the parts of a compound is not heard, or as ㄷ.
    if is_sai_siot(first, second) and morpheme.tag in ("NNG", "NNP", "MAG"):
        return options(first, second, Meeting(dropped=True), plain)

    # §20: a suffix after a noun of two syllables or more.
    if (first.coda, second.onset) == ("ㄴ", "ㄹ"):
        if not is_sino(morpheme.form):
            return options(first, second, plain, Meeting(lateral=False), Meeting(loan=True))
        suffixed = place >= 1 and place == length - 2 and second.text in _LATERAL_SUFFIXES
        return options(first, second, Meeting(lateral=not suffixed))

    # §19 need not hold in loanwords (홈런).
    if second.onset == "ㄹ" and first.coda in ("ㅁ", "ㅇ") and not is_sino(morpheme.form):
        return options(first, second, plain, Meeting(loan=True))

    # §26: ㄷ, ㅅ and ㅈ after ㄹ in a Sino-Korean word, not where two words of two syllables meet.
    if first.coda == "ㄹ" and second.onset in "ㄷㅅㅈ" and is_sino(_core(morpheme)):
        return _after_sino_l(morpheme, place, first, second)
    return options(first, second, plain)


def is_sai_siot(first: Syllable, second: Syllable) -> bool:
    """Whether a syllable looks as if its ㅅ joined two nouns (§30)."""
    return first.text in _SAI_SIOT and second.onset in LAX


def _after_sino_l(morpheme: Morpheme, place: int, first: Syllable, second: Syllable) -> Options:
    plain, tense = Meeting(), Meeting(tense="§26")
    length = morpheme.end - morpheme.start

    # Not where the same sounds are said twice (절절하다, 허허실실, 중얼중얼).
    half = length // 2
    repeated = length > 1 and morpheme.form[:half] == morpheme.form[half:]
    if repeated or first.text == second.text:
        return options(first, second, plain)

    # Names go either way, and so do two words of two syllables that became one.
    if morpheme.tag == "NNP":
        return options(first, second, tense, plain, sure=False)
    if length >= 4 and place % 2 == 1:
        return options(first, second, plain, tense, sure=False)
    return options(first, second, tense)


def _core(morpheme: Morpheme) -> str:
    """What an adverb is made of: 열심 of 열심히, 절대 of 절대로."""
    adverb = morpheme.tag in ("MAG", "MAJ") and morpheme.form[-1] in "히로이"
    return morpheme.form[:-1] if adverb else morpheme.form


def is_sino(word: str) -> bool:
    """Whether every syllable can be the reading of a Chinese character."""
    return _SINO.issuperset(word)


def between(before: Morpheme, after: Morpheme, first: Syllable, second: Syllable) -> Options:
    """The last syllable of one morpheme and the first of the next, inside a word."""
    # §27: 할것, 할밖에.
    if is_adnominal_l(before) and second.onset in LAX:
        return options(first, second, Meeting(apart=True, tense="§27"))
    if after.tag in CONTENT:
        return _before_content(before, after, first, second)
    if after.tag == "XSN" and is_sino(after.form):
        return _before_suffix(before, first, second)

    # A particle or an ending belongs to what stands before it; only [ㅎ] needs that closed.
    how = Meeting(palatal=second.vowel == "ㅣ")
    if after.tag.startswith("J") and second.onset == "ㅎ":
        how = Meeting(apart=True)
    elif after.tag.startswith("E") and before.tag[0] in "VX":
        how = Meeting(stem=True, palatal=after.form.startswith("이"))
    return options(first, second, how)


def _before_suffix(before: Morpheme, first: Syllable, second: Syllable) -> Options:
    """A Sino-Korean suffix: 음운 + 론 (§20), 기술 + 적 (§26)."""
    long = before.end - before.start > 1
    tense = first.coda == "ㄹ" and second.onset in "ㄷㅅㅈ" and is_sino(before.form)
    lateral = not (long and second.text in _LATERAL_SUFFIXES)
    return options(first, second, Meeting(lateral=lateral, tense="§26" if tense else ""))


def _before_content(
    before: Morpheme, after: Morpheme, first: Syllable, second: Syllable
) -> Options:
    """A morpheme that has a meaning of its own begins with the second syllable."""
    apart = Meeting(apart=True)
    added = Meeting(apart=True, insert=True)

    # §30: Kiwi cuts 빗소리 into 빗 and 소리.
    noun = before.tag in ("NNG", "XPN") and after.tag in ("NNG", "NNB")
    if noun and is_sai_siot(first, second):
        return options(first, second, Meeting(dropped=True), apart)

    # §29: always after a native prefix (맨입), else mostly; 일 is more often a day than work.
    if takes_n(before, after, first, second):
        if before.tag == "XPN" and not is_sino(after.form):
            return options(first, second, added)
        if after.form == "일" and is_sino(before.form):
            return options(first, second, apart, added)
        return options(first, second, added, apart)

    if (first.coda, second.onset) == ("ㄴ", "ㄹ"):
        return options(first, second, Meeting(apart=True, lateral=False), apart)
    return options(first, second, apart)


def is_adnominal_l(morpheme: Morpheme) -> bool:
    """Whether it is the ending -ㄹ or -을 that makes a verb modify a noun."""
    return morpheme.tag == "ETM" and morpheme.form[-1:] in ("ᆯ", "을")


def takes_n(before: Morpheme, after: Morpheme, first: Syllable, second: Syllable) -> bool:
    """§29: the first ends in a consonant and a word of its own begins with 이, 야, 여, 요 or 유."""
    if not first.coda or second.onset != SILENT or second.vowel not in GLIDES:
        return False

    # 일 after 그런 or 할 is work, not the counter of days; 여러분 is a pronoun, yet a word.
    work = after.form == "일" and before.tag in ("MM", "ETM")
    if work or after.form == "여러분":
        return True
    return after.tag in _MAY_TAKE_N and after.form not in _NEVER_ADDED


def vowel_variants(
    before: Morpheme, after: Morpheme, first: Syllable, second: Syllable
) -> tuple[str, ...]:
    """§22: 되어 may be [되여], 아니오 [아니요]; the vowels of the second syllable, or none."""
    if first.coda or second.onset != SILENT or not after.tag.startswith("E"):
        return ()

    # 이에요, 아니오; then stems: 되어, 피어.
    copula = before.tag in ("VCP", "VCN")
    if copula and second.vowel in "ㅔㅗ":
        return (second.vowel, "ㅖ" if second.vowel == "ㅔ" else "ㅛ")
    stem = before.tag[0] == "V" or before.tag in ("XSV", "XSA")
    if stem and second.vowel == "ㅓ" and first.vowel in _HAS_GLIDE_VARIANT:
        return ("ㅓ", "ㅕ")
    return ()
