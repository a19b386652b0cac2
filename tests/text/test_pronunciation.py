"""Allowed pronunciations, from the examples of 표준발음법 and from everyday Korean."""

from __future__ import annotations

import itertools
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.errors import TextError
from speakor_common.text import pronunciations
from speakor_common.text.characters import role
from speakor_common.text.folding import fold
from speakor_common.text.sounds import utterance
from speakor_common.text.sounds.lexicon import lexicon, parse
from speakor_common.text.sounds.sound_rules import Meeting, meet, split

# Spelling: allowed forms, spaces left out, any of which may be the best.
ALLOWED = """
§5    가져: 가저 · 쪄: 쩌 · 다쳐: 다처 · 묻혀: 무처 · 붙여: 부처 · 닫혀: 다처 · 맞혀: 마처
§5    시계: 시계 시게 · 개폐: 개폐 개페 · 지혜: 지혜 지헤 · 은혜: 은혜 은헤 · 예절: 예절
§5    차례: 차례 · 무늬: 무니 · 띄어쓰기: 띠어쓰기 · 희망: 히망 · 유희: 유히 · 의사: 의사
§5    하늬바람: 하니바람 · 주의: 주의 주이 · 협의: 혀븨 혀비 · 우리의: 우리의 우리에
§5    강의의: 강의의 강이에 강의에 강이의
§9    닦다: 닥따 · 키읔과: 키윽꽈 · 웃다: 욷따 · 젖: 젇 · 빚다: 빋따 · 쫓다: 쫃따 · 솥: 솓
§9    덮다: 덥따
§10   넋과: 넉꽈 · 앉다: 안따 · 여덟: 여덜 · 외곬: 외골 · 핥다: 할따 · 값: 갑 · 없다: 업따
§10   밟다: 밥따 · 밟는: 밤는 · 밟게: 밥께 · 밟아: 발바 · 넓죽하다: 넙쭈카다 · 넓둥글다: 넙뚱글다
§10   넓적하다: 넙쩌카다 · 넓네: 널레 · 여덟만: 여덜만 · 여덟이: 여덜비
§11   흙과: 흑꽈 · 맑다: 막따 · 늙지: 늑찌 · 젊다: 점따 · 읊고: 읍꼬 · 맑게: 말께 · 읽기: 일끼
§11   굵기: 굴끼
§12   놓고: 노코 · 않던: 안턴 · 닳지: 달치 · 각하: 가카 · 밝히다: 발키다 · 맏형: 마텽
§12   꽂히다: 꼬치다 · 앉히다: 안치다 · 닿소: 다쏘 · 싫소: 실쏘 · 놓는: 논는 · 않네: 안네
§12   뚫네: 뚤레 · 낳은: 나은 · 쌓이다: 싸이다 · 싫어도: 시러도 · 숱하다: 수타다
§12   깨끗하다: 깨끄타다 · 흙하고: 흐카고
§13   옷이: 오시 · 있어: 이써 · 꽃을: 꼬츨 · 밭에: 바테 · 앞으로: 아프로 · 부엌에: 부어케
§14   넋이: 넉씨 · 앉아: 안자 · 닭을: 달글 · 곬이: 골씨 · 핥아: 할타 · 읊어: 을퍼 · 값을: 갑쓸
§15   밭아래: 바다래 · 젖어미: 저더미 · 맛없다: 마덥따 · 겉옷: 거돋 · 헛웃음: 허두슴 · 팥알: 파달
§15   맛있다: 마딛따 마싣따 · 멋있다: 머딛따 머싣따 · 값어치: 가버치 · 값있는: 가빈는
§15   첫인상: 처딘상
§16   디귿이: 디그시 · 지읒을: 지으슬 · 치읓에: 치으세 · 키읔이: 키으기 · 티읕을: 티으슬
§16   피읖에: 피으베 · 히읗이: 히으시 · 쌍디귿을: 쌍디그슬
§17   굳이: 구지 · 땀받이: 땀바지 · 밭이: 바치 · 벼훑이: 벼훌치 · 닫히다: 다치다 · 해돋이: 해도지
§18   먹는: 멍는 · 국물: 궁물 · 깎는: 깡는 · 몫몫이: 몽목씨 · 흙만: 흥만 · 짓는: 진는 · 없는: 엄는
§19   담력: 담녁 · 강릉: 강능 · 대통령: 대통녕 · 막론: 망논 · 석류: 성뉴 · 협력: 혐녁
§19   왕십리: 왕심니
§20   난로: 날로 · 신라: 실라 · 칼날: 칼랄 · 줄넘기: 줄럼끼 · 닳는: 달른 · 핥네: 할레
§20   할는지: 할른지 · 의견란: 의견난 · 생산량: 생산냥 · 결단력: 결딴녁 · 공권력: 공꿘녁
§20   상견례: 상견녜 · 이원론: 이원논 · 입원료: 이붠뇨 · 구근류: 구근뉴 · 판단력: 판단녁
§20   음운론: 으문논
§22   되어: 되어 되여 · 피어: 피어 피여 · 이오: 이오 이요 · 아니오: 아니오 아니요
§22   씌어: 씨어 씨여
§23   국밥: 국빱 · 넋받이: 넉빠지 · 닭장: 닥짱 · 옷고름: 옫꼬름 · 낯설다: 낟썰다 · 값지다: 갑찌다
§24   껴안다: 껴안따 · 앉고: 안꼬 · 닮고: 담꼬 · 젊지: 점찌 · 안기다: 안기다 · 굶기다: 굼기다
§25   넓게: 널께 · 핥다: 할따 · 훑소: 훌쏘 · 떫지: 떨찌
§26   갈등: 갈뜽 · 절도: 절또 · 발전: 발쩐 · 몰상식: 몰쌍식 · 허허실실: 허허실실 · 일시: 일씨
§26   열심히: 열씸히 · 기술적: 기술쩍 · 경찰서: 경찰써 · 칼슘: 칼슘 · 월드컵: 월드컵
§27   할수록: 할쑤록 · 할걸: 할껄 · 할게요: 할께요 · 할지라도: 할찌라도 · 할밖에: 할빠께
§28   문고리: 문꼬리 · 눈동자: 눈똥자 · 물동이: 물똥이 · 그믐달: 그믐딸 · 아침밥: 아침빱
§28   김밥: 김밥 김빱 · 비빔밥: 비빔빱 · 물고기: 물꼬기 · 술집: 술찝 · 빵집: 빵찝 · 보름달: 보름딸
dict  문법: 문뻡 · 한자: 한짜 · 헌법: 헌뻡 · 물가: 물까 · 평가: 평까 · 여권: 여꿘 · 인기: 인끼
dict  사건: 사껀 · 조건: 조껀 · 성격: 성껵 · 치과: 치꽈 · 장점: 장쩜 · 초점: 초쩜 · 글자: 글짜
dict  학생증: 학쌩쯩 · 면허증: 면허쯩 · 영수증: 영수증 · 방법: 방법 · 불법: 불법 불뻡 · 결과: 결과
dict  효과: 효과 효꽈 · 관건: 관건 관껀 · 교과서: 교과서 교꽈서 · 가능성: 가능썽 · 여성: 여성
§29   솜이불: 솜니불 · 홑이불: 혼니불 · 막일: 망닐 · 꽃잎: 꼰닙 · 한여름: 한녀름 · 색연필: 생년필
§29   늑막염: 능망념 · 영업용: 영엄뇽 · 밤윷: 밤뉻 · 솔잎: 솔립 · 설익다: 설릭따 · 서울역: 서울력
§29   금융: 금늉 그뮹 · 검열: 검녈 거멸 · 이죽이죽: 이중니죽 이주기죽 · 육이오: 유기오
§29   삼일절: 사밀쩔 · 송별연: 송벼련 · 등용문: 등용문 · 두통약: 두통냑 · 신혼여행: 신혼녀행
§29   십육: 심뉵 · 백육십: 뱅뉵씹 · 이십육: 이심뉵 · 십이: 시비 · 열여섯: 열려섣
§29   서른일곱: 서른닐곱
§30   냇가: 내까 낻까 · 깃발: 기빨 긷빨 · 콧날: 콘날 · 베갯잇: 베갠닏 · 깻잎: 깬닙
§30   나뭇잎: 나문닙 · 숫자: 수짜 숟짜 · 바닷가: 바다까 바닫까 · 나뭇가지: 나무까지 나묻까지
§30   고갯짓: 고개찓 고갣찓
"""

# Two words: all of these are allowed, the first of them said together.
TOGETHER = """
책 넣는다: 챙넌는다 책넌는다 · 흙 말리다: 흥말리다 · 옷 한 벌: 오탄벌 옫한벌
꽃 한 송이: 꼬탄송이 · 닭 한 마리: 다칸마리 닥한마리 · 낮 한때: 나탄때 · 할 일: 할릴 할일
잘 입다: 잘립따 잘입따 · 옷 입다: 온닙따 옫입따 · 한 일: 한닐 한일 · 먹은 엿: 머근녇
서른 여섯: 서른녀섣 · 못 읽어요: 몬닐거요 · 꽃 위: 꼬뒤 꼳위 · 값이 없어요: 갑씨업써요
갈 곳: 갈꼳 갈곧 · 몇 리: 면니 · 할 것을: 할꺼슬 할거슬 · 갈 데가: 갈떼가 · 만날 사람: 만날싸람
갈 거예요: 갈꺼예요 · 열 시: 열씨 열시 · 여덟 개: 여덜깨 · 칠 도: 칠또 · 안 입어요: 안니버요
앞 약국: 암냑꾹 아뱍꾹 · 한국 음식: 한구금식 한국음식 · 밥 을: 바블 · 못 해요: 모태요
천육백 원: 천뉵빼권 · 몇 시: 멷씨
"""

WRONG = """
문법: 문법 · 여권: 여권 · 맛없다: 마섭따 · 유월: 육월 · 밟다: 발따 · 넓네: 넘네 · 겉옷: 거톧
붙여: 부텨 · 디귿이: 디그지 · 판단력: 판달력 · 할 일: 하릴 · 옷 입다: 오딥따 · 잘 입다: 자립따
못 읽어요: 모딜거요 · 십육: 시뷱 · 열여섯: 여려섣 · 강남역: 강나멱 · 감기: 강기 · 같이: 가티
국물: 국물 · 전화: 저놔 · 영수증: 영수쯩 · 신고하다: 신꼬하다 · 안기다: 안끼다 · 육이오: 융니오
예의: 예에 · 시계: 시개 · 불닭: 불다기 · 꽃을: 꼬슬 · 괜찮아요: 괜찬하요 · 희망: 희망 · 의사: 이사
효과: 효콰 · 간단: 간딴
"""

# In a longer word, with particles and in compounds.
INSIDE = """
문법책을: 문뻡채글 · 여권이: 여꿔니 · 결정했어요: 결쩡해써요 · 영문법을: 영문뻐블
인기가요: 인끼가요 · 물가지수: 물까지수 · 솔직하다: 솔찌카다 · 특별한: 특뼐한
시청역에서: 시청녀게서 · 닭칼국수: 닥칼국쑤 · 불닭케밥: 불닥케밥 · 진흙쿠키: 진흑쿠키
힘겨워요: 힘껴워요 · 끝없이: 끄덥씨 · 맛있게: 마딛께 · 삶이: 살미 · 힘듦이: 힘드미
만듦이: 만드미 · 싫증이: 실쯩이 · 미완성: 미완성 · 재검증: 재검증
"""


def cases(table: str) -> list[tuple[str, list[str]]]:
    """``spelling: form form · …`` line by line, each line with or without the section first."""
    found = []
    for line in filter(None, table.splitlines()):
        for item in re.sub(r"^(§\d+|dict)\s+", "", line).split(" · "):
            spelling, forms = item.split(": ")
            found.append((spelling, forms.split()))
    return found


def plain(text: str) -> str:
    return text.replace(" ", "")


@pytest.mark.parametrize(("spelling", "forms"), cases(ALLOWED + INSIDE))
def test_every_listed_form_is_allowed_and_the_best_is_one(spelling, forms):
    said = pronunciations(spelling)
    assert plain(said.best) in forms
    assert [form for form in forms if not said.allows(form)] == []


@pytest.mark.parametrize(("spelling", "forms"), cases(TOGETHER))
def test_words_are_said_together_or_apart(spelling, forms):
    said = pronunciations(spelling)
    assert plain(said.best) == forms[0]
    assert [form for form in forms if not said.allows(form)] == []


@pytest.mark.parametrize(("spelling", "forms"), cases(WRONG))
def test_wrong_forms_are_not_allowed(spelling, forms):
    assert [form for form in forms if pronunciations(spelling).allows(form)] == []


@pytest.mark.parametrize(
    ("spelling", "forms"),
    cases("잠자리: 잠자리 잠짜리 · 밭이랑: 바치랑 반니랑 · 신고: 신고 신꼬 · 성적: 성적 성쩍"),
)
def test_homographs_have_both_forms_and_are_not_sure(spelling, forms):
    said = pronunciations(spelling)
    assert all(said.allows(form) for form in forms)
    assert not said.sure


@pytest.mark.parametrize(
    "text",
    [
        "저는 학교에서 한국어를 배워요",
        "여권을 잃어버렸어요",
        "신발을 신고 나가세요",
        "김밥을 먹었어요",
    ],
)
def test_everyday_words_are_sure(text):
    assert pronunciations(text).sure


@pytest.mark.parametrize(
    ("text", "unsure"),
    [
        ("어머니 잠자리가", {3, 4, 5, 6}),
        ("잠자리, 밥", {0, 1, 2}),
        ("김밥을 먹었어요", set()),
        ("", set()),
    ],
)
def test_all_syllables_of_an_unsure_word_are_unsure(text, unsure):
    assert pronunciations(text).unsure_syllables == unsure


def test_context_tells_homographs_apart():
    assert pronunciations("신발을 신고 나가세요").best == "신바를 신꼬 나가세요"
    assert pronunciations("경찰에 신고했어요").best == "경차레 신고해써요"


def test_words_carry_forms_and_rules():
    first, second = pronunciations("국물이 시계").words
    assert (first.spelling, first.forms, first.rules) == ("국물이", ("궁무리",), ("§13", "§18"))
    assert (second.forms, second.rules, second.sure) == (("시계", "시게"), ("§5",), True)


def test_nobody_joins_words_over_punctuation():
    assert pronunciations("옷, 한 벌").best == "옫 한 벌"
    assert not pronunciations("옷, 한 벌").allows("오탄벌")
    assert pronunciations("'책'을 읽어요!").best == "채글 일거요"


@pytest.mark.parametrize("text", ["", " ", "...", "?!"])
def test_a_text_without_syllables_is_silence(text):
    said = pronunciations(text)
    assert (said.best, said.words, said.lattice(), said.choices()) == ("", (), (), [])
    assert said.allows("") and said.sure and not said.allows("가")
    assert list(said.forms()) == [said.spoken([])] == [""]


NO_HANGUL = "6월 TV를 ㅋㅋ ᄀ 학\ufffd교 漢字 5% a 락&롤 백% 서울@집 #태그 한+한 ㈜가 가＆가"


@pytest.mark.parametrize("text", NO_HANGUL.split())
def test_what_is_said_and_no_hangul_is_named(text):
    with pytest.raises(TextError, match=re.escape(repr(text))):
        pronunciations(text)


@pytest.mark.parametrize(
    ("text", "best", "words"),
    [
        ("`책`을 읽어요", "채글 일거요", 2),
        ("국\u200b물이", "궁무리", 1),
        ("\ufeff국물이", "궁무리", 1),
        ("국물이 ^^", "궁무리", 1),
        ("옷^한 벌", "옫 한 벌", 3),
        ("😀 신발을 신고 나가세요 👍🏽", "신바를 신꼬 나가세요", 3),
        ("옷 ☺\ufe0f 한 벌", "옫 한 벌", 3),
        ("옷～ 한 벌", "옫 한 벌", 3),
        ("옷 한 벌", "오 탄 벌", 3),
    ],
)
def test_what_is_not_said_is_left_out(text, best, words):
    said = pronunciations(text)
    assert (said.best, len(said.words)) == (best, words)


@given(st.characters(codec="utf-8"))
def test_a_character_has_a_pronunciation_just_where_it_is_not_spoken(character):
    """Beside a syllable: what is decided about characters is decided in one place."""
    is_said = any(role(folded) == "spoken" for folded in fold(character))
    try:
        utterance.parse(f"가 {character}")
    except TextError:
        assert is_said
    else:
        assert not is_said


def test_decomposed_hangul_is_the_same_text():
    assert pronunciations("국물").best == "궁물"
    assert pronunciations("국물").allows("궁물")


def test_lattice_paths_are_allowed_forms_of_the_text():
    said = pronunciations("옷 한 벌 있어요")
    lattice = said.lattice()
    spoken = set()
    for path in itertools.product(*lattice):
        if all(left.after == right.before for left, right in itertools.pairwise(path)):
            spoken.add("".join(form.spoken for form in path))
    assert {"오탄버리써요", "옫한벌이써요", "오탄벌이써요"} <= spoken
    assert all(said.allows(form) for form in spoken)
    assert not said.allows("옫탄벌이써요")  # two contacts of one seam
    assert lattice[0][0].joined_after and not lattice[0][-1].joined_after


def test_choices_are_independent_and_zeros_give_the_best():
    said = pronunciations("시계 옆에서 회의를 했어요")
    counts = [choice.count for choice in said.choices()]
    assert said.spoken([0] * len(counts)) == said.best
    for number, count in enumerate(counts):
        for option in range(count):
            picks = [0] * len(counts)
            picks[number] = option
            assert said.allows(said.spoken(picks))


def test_forms_come_best_first_and_only_when_asked():
    said = pronunciations("강의의 의의 " * 40)  # more forms than could ever be listed
    assert next(said.forms()) == said.best
    assert len(list(said.forms(10))) == 10


syllables = st.text(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), max_size=6)


@given(st.lists(syllables, max_size=5).map(" ".join))
def test_any_hangul_gives_whole_syllables_that_are_allowed(text):
    said = pronunciations(text)
    forms = list(said.forms(20))
    assert all(re.fullmatch("[가-힣 ]*", form) for form in [said.best, *forms])
    assert said.allows(said.best) and all(map(said.allows, forms))
    assert len(plain(said.best)) == len(said) == len("".join(text.split()))
    assert forms[0] == said.best == said.spoken([0] * len(said.choices()))
    assert all(
        form in {f.spoken for f in word} for word, form in zip(said.lattice(), said.best.split())
    )


@given(syllables, syllables)
def test_only_strings_of_the_same_length_are_allowed(text, spoken):
    if pronunciations(text).allows(spoken):
        assert len(spoken) == len(text)


def test_threads_get_what_one_thread_gets():
    texts = ["문법책을 샀어요", "옷 한 벌", "할 일이 많아요", "시계가 없어요"] * 20
    expected = [pronunciations.__wrapped__(text).best for text in texts]
    found: dict[int, list[str]] = {}

    def read(number):
        found[number] = [pronunciations.__wrapped__(text).best for text in texts]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == expected for number in range(4))


# Ways to meet by which a row of the lexicon may be explained.
WAYS = [
    Meeting(apart=apart, insert=insert, tense=tense, palatal=palatal, lateral=lateral, loan=loan)
    for apart, insert, tense, palatal, lateral, loan in itertools.product(
        (False, True), (False, True), ("", "§28"), (False, True), (True, False), (False, True)
    )
] + [Meeting(dropped=True)]


def test_rows_of_the_lexicon_differ_by_sound_changes_only():
    odd = []
    tables = lexicon()
    for entry in [*tables.words.values(), *tables.stems.values(), *tables.endings.values()]:
        letters = [split(character) for character in entry.spelling]
        for number, (first, second) in enumerate(itertools.pairwise(letters)):
            possible = {meet(first, second, way)[:2] for way in WAYS}
            if not possible.issuperset(entry.seam(number)):
                odd.append(entry.spelling)
    assert odd == []


def test_words_of_the_lexicon_are_read_as_it_says():
    missing = []
    for spelling, entry in lexicon().words.items():
        said = pronunciations.__wrapped__(spelling)
        forms = ["".join(syllable.text for syllable in form) for form in entry.forms]
        if said.best != forms[0] or not all(map(said.allows, forms)):
            missing.append((spelling, said.best, forms))
    assert missing == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("문법\t문뻡", "2 columns"),
        ("문법\t문뻐브\t§28", "not as long"),
        ("문법\t문1\t§28", "more than Hangul"),
        ("문법\t문뻡\t§28\n문법\t문뻡\t§28", "twice"),
    ],
)
def test_a_broken_row_of_the_lexicon_is_named(row, message):
    with pytest.raises(TextError, match=message):
        parse(row)
