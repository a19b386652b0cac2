"""The native listener: judged against all allowed forms, and silent where it cannot judge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakor_common import paths
from speakor_common.decoding.words import Hypothesis, Word
from speakor_common.pronunciation.confusions import Confusions, EvidenceWeights, save_confusions
from speakor_common.pronunciation.listener import NativeListener
from speakor_common.text.pronunciation import pronunciations
from tests.builders import jamo_posteriors, tiny_ctc, tone

# 표준발음법 by section: a text, and ways to say it, | between them. All are allowed.
ALLOWED = {
    "§5": (
        "시계:시계|시게 지혜:지혜|지헤 희망:히망 주의:주의|주이 우리의:우리의|우리에 "
        "가져:가저 다쳐:다처"
    ),
    "§9": "부엌:부억 옷:옫 꽃:꼳 솥:솓 앞:압 밖:박",
    "§10": "넋:넉 앉다:안따 여덟:여덜 값:갑 밟다:밥따 밟지:밥찌 넓다:널따 넓죽하다:넙쭈카다",
    "§11": "닭:닥 흙과:흑꽈 맑다:막따 맑게:말께 젊지:점찌 읊고:읍꼬",
    "§12": (
        "놓고:노코 많고:만코 닿소:다쏘 놓는:논는 않네:안네 뚫는:뚤른 낳은:나은 "
        "옷_한_벌:오_탄_벌|옫_한_벌"
    ),
    "§13-14": "깎아:까까 옷이:오시 있어:이써 넋이:넉씨 닭을:달글 값을:갑쓸 없어:업써",
    "§15": (
        "겉옷:거돋 맛없다:마덥따 헛웃음:허두슴 맛있다:마딛따|마싣따 멋있다:머딛따|머싣따 "
        "값있는:가빈는"
    ),
    "§16": "디귿이:디그시 지읒이:지으시 키읔을:키으글 피읖에:피으베 히읗이:히으시",
    "§17": "굳이:구지 밭이:바치 같이:가치 굳히다:구치다 닫혀:다처 붙여:부처",
    "§18": "먹는:멍는 국물:궁물 닫는:단는 밥물:밤물 앞마당:암마당 합니다:함니다",
    "§19": "담력:담녁 침략:침냑 강릉:강능 막론:망논 협력:혐녁",
    "§20": "난로:날로 신라:실라 칼날:칼랄 생산량:생산냥 공권력:공꿘녁 이원론:이원논",
    "§23-27": (
        "국밥:국빱 앉고:안꼬 닮고:담꼬 넓게:널께 핥다:할따 갈등:갈뜽 물질:물찔 할_것을:할_꺼슬"
    ),
    "§28": (
        "문고리:문꼬리 눈동자:눈똥자 산새:산쌔 문법:문뻡 여권:여꿘 인기:인끼 결정:결쩡 "
        "김밥:김밥|김빱"
    ),
    "§29": (
        "솜이불:솜니불 막일:망닐 색연필:생년필 담요:담뇨 솔잎:솔립 서울역:서울력 "
        "금융:금늉|그뮹 할_일:할_릴|할_일"
    ),
    "§30": "냇가:내까|낻까 깃발:기빨|긷빨 콧날:콘날 깻잎:깬닙 나뭇잎:나문닙",
}
CASES = [
    (section, text.replace("_", " "), form.replace("_", " "))
    for section, table in ALLOWED.items()
    for text, forms in (entry.split(":") for entry in table.split())
    for form in forms.split("|")
]

# A text, how it is wrongly said, and what is reported: part, intended, heard.
WRONG = [
    ("문법", "문법", ("onset", "ㅃ", "ㅂ")),
    ("여권", "여권", ("onset", "ㄲ", "ㄱ")),
    ("국밥", "국밥", ("onset", "ㅃ", "ㅂ")),
    ("맛없다", "마섭따", ("onset", "ㄷ", "ㅅ")),
    ("겉옷", "거톧", ("onset", "ㄷ", "ㅌ")),
    ("국물", "국물", ("coda", "ㅇ", "ㄱ")),
    ("합니다", "합니다", ("coda", "ㅁ", "ㅂ")),
    ("같이", "가티", ("onset", "ㅊ", "ㅌ")),
    ("디귿이", "디그디", ("onset", "ㅅ", "ㄷ")),
    ("닭이", "다기", ("coda", "ㄹ", "")),
    ("밟다", "발따", ("coda", "ㅂ", "ㄹ")),
    ("색연필", "색년필", ("coda", "ㅇ", "ㄱ")),
    ("꽃잎", "꼰입", ("onset", "ㄴ", "")),
    ("값을", "갑슬", ("onset", "ㅆ", "ㅅ")),
    ("칼날", "칼날", ("onset", "ㄹ", "ㄴ")),
    ("시계", "시괴", ("vowel", "ㅖ", "ㅚ")),
    ("의사", "이사", ("vowel", "ㅢ", "ㅣ")),
    ("어머니", "오머니", ("vowel", "ㅓ", "ㅗ")),
    ("밥", "바부", ("coda", "", "ㅜ")),
]


@pytest.fixture(scope="module")
def listener():
    """The shipped one, with its weights and threshold; what it hears is given to it."""
    return NativeListener(paths.root() / "models" / "listener-tiny")


def judged(listener, text, spoken):
    return listener.judge(text, [jamo_posteriors(spoken)], Hypothesis(spoken))


@pytest.mark.parametrize(("section", "text", "form"), CASES)
def test_no_allowed_form_is_reported(listener, section, text, form):
    impression = judged(listener, text, form)
    assert (impression.status, impression.deviations) == ("ok", ())
    assert impression.pronunciation == form


@pytest.mark.parametrize(("text", "spoken", "expected"), WRONG)
def test_a_wrong_form_is_reported(listener, text, spoken, expected):
    deviations = judged(listener, text, spoken).deviations
    assert [(d.part, d.intended, d.heard) for d in deviations] == [expected]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_the_standard_leaves_open_in_a_sentence_is_not_reported(listener, data):
    allowed = pronunciations("시계가 맛있다고 하는 의사의 말이 옷 한 벌 값이에요")
    picks = [data.draw(st.integers(0, choice.count - 1)) for choice in allowed.choices()]
    form = allowed.spoken(picks)
    assert judged(listener, allowed.text, form).deviations == ()


def test_deviations_stand_beside_a_choice_the_standard_leaves(listener):
    impression = judged(listener, "시계를 먹어요", "시게를 모거요")
    assert impression.pronunciation == "시게를 머거요"
    assert [(d.syllable, d.intended, d.heard) for d in impression.deviations] == [(3, "ㅓ", "ㅗ")]


def test_nothing_is_reported_for_a_word_that_is_not_certain(listener):
    text = "잠자리 어머니"
    assert [word.sure for word in pronunciations(text).words] == [False, True]
    impression = judged(listener, text, "잠짜디 오머니")
    assert impression.unsure_words == (0,)
    assert [(d.syllable, d.heard) for d in impression.deviations] == [(3, "ㅗ")]


@pytest.mark.parametrize(
    ("text", "spoken", "transcript", "status"),
    [
        ("밥을 먹어요", "바블 머거요", "바블 머거요", "ok"),
        ("밥을 먹어요", "바블 머거요", "", "not_spoken"),
        ("", "바블 머거요", "바블 머거요", "bad_text"),
        ("!?", "바블 머거요", "바블 머거요", "bad_text"),
        ("밥 2개", "바블 머거요", "바블 머거요", "bad_text"),
        ("개ㅇㅆ어요", "바블 머거요", "바블 머거요", "bad_text"),
        ("coffee 마셔요", "바블 머거요", "바블 머거요", "bad_text"),
        ("이 문장은 너무 길어서 들을 수 없어요", "밥", "밥", "too_short"),
        ("학교에 가요", "바블 머거요", "바블 머거요", "not_spoken"),
    ],
)
def test_what_cannot_be_judged_is_said(listener, text, spoken, transcript, status):
    impression = listener.judge(text, [jamo_posteriors(spoken)], Hypothesis(transcript))
    assert impression.status == status
    assert impression.deviations == ()
    assert bool(impression.pronunciation) == (status == "ok")


def test_somebody_who_is_not_understood_is_not_called_silent(listener):
    impression = listener.judge("밥을 먹어요", [jamo_posteriors("바블 머거요")], Hypothesis(""))
    assert impression.problem == "somebody speaks, but nothing was understood"


def heard_by(listener, confidence):
    """What is reported of 가요 said as 카요, by a listener this sure of it."""
    odds_of_a_frame = (confidence / (1 - confidence)) ** (1 / 3)  # a jamo has three
    posteriors = jamo_posteriors("가요", doubt=odds_of_a_frame, instead=(0, "ᄏ"))
    hypothesis = Hypothesis("카요", (Word("카요", 0.0, 1.0, confidence),))
    return [d.heard for d in listener.judge("가요", [posteriors], hypothesis).deviations]


@pytest.mark.parametrize("writes_sounds", [True, False])
def test_a_listener_reports_from_its_own_threshold_on(tmp_path, writes_sounds):
    directory = tiny_ctc(tmp_path / "m")
    usual = NativeListener(directory)
    save_confusions(Confusions({}, EvidenceWeights(minimum=0.4)), directory)
    keen = NativeListener(directory)
    strict = NativeListener(directory, minimum=0.95)

    for listener in (usual, keen, strict):
        listener.writes_sounds = writes_sounds
    heard = [[heard_by(listener, sure) for sure in (0.3, 0.6, 0.85)] for listener in (usual, keen)]
    assert heard == [[[], [], ["ㅋ"]], [[], ["ㅋ"], ["ㅋ"]]]
    assert heard_by(strict, 0.85) == []
    assert heard_by(strict, 0.98) == ["ㅋ"]


TIME = np.arange(32_000) / 16_000
SILENT = {
    "silence": np.zeros(32_000),
    "noise": 0.3 * np.random.default_rng(0).standard_normal(32_000),
    "tone": 0.3 * np.sin(2 * np.pi * 440 * TIME),
}


@pytest.mark.parametrize("sound", SILENT.values(), ids=SILENT)
def test_where_nobody_speaks_nothing_is_judged(listener, sound):
    impressions = listener.listen([sound.astype(np.float32)], ["밥을 먹어요"])
    assert [impression.status for impression in impressions] == ["no_speech"]


def test_impressions_come_in_the_order_of_the_recordings(listener, monkeypatch):
    """Every other recording holds no speech; the others are told apart by their texts."""
    monkeypatch.setattr(
        "speakor_common.pronunciation.listener.somebody_speaks", lambda wave: len(wave) > 16_000
    )
    waves = [tone(seconds) for seconds in (1.0, 1.5, 0.9, 2.0)]
    impressions = listener.listen(waves, ["가요", "1", "가요", "2"])
    statuses = [impression.status for impression in impressions]
    assert statuses[0::2] == ["no_speech", "no_speech"]
    assert set(statuses[1::2]) <= {"bad_text", "not_spoken"}
    assert len(listener.listen([], [])) == 0


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=12), st.text("가각닭값ㄱᆨᅡ3a. \n", max_size=12)))
def test_no_text_raises_and_what_is_not_judged_says_why(listener, text):
    impression = judged(listener, text, "바블 머거요")
    assert bool(impression.problem) == (impression.status != "ok")
    assert impression.status in ("ok", "bad_text", "not_spoken", "too_short")
    if impression.status != "ok":
        assert impression.deviations == ()
