"""Standard pronunciation, alignment, alternatives sound by sound, feedback records and detection scores."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from speakor_common.audio import encode_wav
from speakor_common.decoding.ctc_lattice import align_labels
from speakor_common.errors import AudioError, CheckpointError
from speakor_common.pronunciation import calibration as training
from speakor_common.pronunciation import confusions, detection, feedback
from speakor_common.pronunciation.alternatives import Alternative, best_alternatives
from speakor_common.pronunciation.confusions import Confusions, Weights
from speakor_common.pronunciation.detection import Detection, Planted
from speakor_common.pronunciation.feedback import DeviationRecord, Record
from speakor_common.pronunciation.listener import (
    NativeListener,
    _from_alternative,
    compare,
    is_allowed,
)
from speakor_common.shipped.base_tiny import jamo_vocabulary
from speakor_common.text import to_jamo
from speakor_common.text.g2p import standard_pronunciation
from tests.builders import predictions, tiny_ctc, tone, write

SYMBOLS = ["" if symbol.startswith("<") else symbol for symbol in jamo_vocabulary()]
BLANK, DELIMITER = 0, "|"

# 표준 발음법, by section. Words the converter gets wrong are in KNOWN_WRONG.
PRONOUNCED = {
    "§5": "희망:히망",
    "§9": "앞:압 키읔:키윽 꽃:꼳 밖:박",
    "§10-11": "넋:넉 닭:닥 읊다:읍따 맑게:말께 값:갑",
    "§12": "놓고:노코 닿소:다쏘 놓는:논는 낳은:나은",
    "§13-15": "옷이:오시 값을:갑쓸 밥을:바블",
    "§17": "굳이:구지 밭이:바치 닫히다:다치다",
    "§18": "먹는:멍는 국물:궁물 있는:인는 합니다:함니다",
    "§19": "강릉:강능 침략:침냑 협력:혐녁",
    "§20": "신라:실라 칼날:칼랄 생산량:생산냥 공권력:공꿘녁",
    "§23-28": "국밥:국빱 갈등:갈뜽 문고리:문꼬리 안기다:안기다",
    "§29": "꽃잎:꼰닙 색연필:생년필 서울역:서울력 금융:금늉 송별연:송벼련",
}
KNOWN_WRONG = {"겉옷": ("거돋", "거톧"), "밟다": ("밥따", "발따")}


@pytest.mark.parametrize(("rule", "pairs"), PRONOUNCED.items())
def test_standard_pronunciation(rule, pairs):
    for pair in pairs.split():
        spelled, pronounced = pair.split(":")
        assert standard_pronunciation(spelled) == pronounced, rule


def test_words_the_converter_is_known_to_get_wrong():
    """Fails when a newer converter gets them right: then they belong above."""
    for spelled, (right, wrong) in KNOWN_WRONG.items():
        assert standard_pronunciation(spelled) == wrong != right


def posteriors(text, frames=3, doubt=0.0, instead=None):
    """Posteriors of a listener that hears ``text``: each jamo ``frames`` frames and a blank; ``instead`` = (position, jamo) shares one."""
    rows = []
    for position, symbol in enumerate(to_jamo(text).replace(" ", DELIMITER)):
        row = np.full(len(SYMBOLS), 1e-4)
        row[SYMBOLS.index(symbol)] = 1.0
        if instead and position == instead[0]:
            row[SYMBOLS.index(instead[1])] = doubt
        rest = np.full(len(SYMBOLS), 1e-4)
        rest[BLANK] = 1.0
        rows += [row] * frames + [rest]
    return np.log(np.array(rows) / np.sum(rows, axis=1, keepdims=True)).astype(np.float32)


def index(text):
    return [SYMBOLS.index(symbol) for symbol in to_jamo(text).replace(" ", DELIMITER)]


@pytest.mark.parametrize("text", ["밥", "가가", "밥을 먹어요", "아아아"])
def test_alignment_finds_where_each_symbol_begins(text):
    found = align_labels(posteriors(text), index(text), BLANK)
    assert found.tolist() == [4 * position for position in range(len(index(text)))]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 99))
def test_alignment_is_in_order_whatever_the_sound(labels, seed):
    logs = np.log(np.random.default_rng(seed).dirichlet(np.ones(5), 12)).astype(np.float32)
    found = align_labels(logs, labels, 0)
    assert (np.diff(found) > 0).all() and found[0] >= 0 and found[-1] < 12


def test_too_few_frames_are_said():
    with pytest.raises(AudioError, match="too few for a text of 3 symbols"):
        align_labels(posteriors("가")[:2], index("밥"), BLANK)


def reported(pronunciation, heard, minimum=2.0):
    alternatives = best_alternatives(pronunciation, [posteriors(heard)], SYMBOLS, BLANK, DELIMITER)
    return [_from_alternative(a, 0.02) for a in alternatives if a.log_odds > minimum]


@pytest.mark.parametrize(
    ("pronunciation", "heard", "expected"),
    [
        ("바블 머거요", "바블 머거요", []),
        (
            "궁물",
            "국물",
            [(0, "coda", "substitution", "ㅇ", "ㄱ")],
        ),  # nasalisation missed: hidden from a listener that spells
        ("머거요", "모거요", [(0, "vowel", "substitution", "ㅓ", "ㅗ")]),
        ("밥", "바", [(0, "coda", "omission", "ㅂ", "")]),
        ("밥", "바부", [(0, "coda", "insertion", "", "ㅜ")]),
        ("가방", "카방", [(0, "onset", "substitution", "ㄱ", "ㅋ")]),
        ("우유", "누유", [(0, "onset", "insertion", "", "ㄴ")]),
        ("바다 가", "바다 카", [(2, "onset", "substitution", "ㄱ", "ㅋ")]),
    ],
)
def test_one_wrong_sound_is_found_and_named(pronunciation, heard, expected):
    assert [
        (d.syllable, d.part, d.kind, d.intended, d.heard) for d in reported(pronunciation, heard)
    ] == expected


def test_every_place_is_asked_about_and_times_are_those_of_the_syllable():
    alternatives = best_alternatives("밥 가", [posteriors("밥 가")], SYMBOLS, BLANK, DELIMITER)
    assert {(a.syllable, a.part) for a in alternatives} == {
        (s, p) for s in (0, 1) for p in ("onset", "vowel", "coda")
    }
    assert all(a.log_odds < 0 for a in alternatives)
    assert {(a.frame, a.next_frame) for a in alternatives} == {
        (0, 16),
        (16, 24),
    }  # 밥 and the space take 16 frames
    assert best_alternatives("", [posteriors("가")], SYMBOLS, BLANK, DELIMITER) == []


def test_the_more_another_sound_is_heard_the_surer_the_deviation():
    gains = []
    for doubt in (0.5, 1.0, 4.0):
        found = best_alternatives(
            "가", [posteriors("가", doubt=doubt, instead=(0, "ᄏ"))], SYMBOLS, BLANK, DELIMITER
        )
        gains.append(next(a.log_odds for a in found if a.part == "onset" and a.heard == "ᄏ"))
    assert gains == sorted(gains) and gains[0] < 0 < gains[2]


@pytest.mark.parametrize(
    ("pronunciation", "syllable", "heard", "allowed"),
    [
        ("주의", 1, "ᅵ", True),
        ("우리의 집", 2, "ᅦ", True),
        ("의사", 0, "ᅵ", False),
        ("주의", 1, "ᅮ", False),
        ("의의 것", 1, "ᅦ", True),
    ],
)
def test_variants_the_standard_allows_are_no_deviation(pronunciation, syllable, heard, allowed):
    assert (
        is_allowed(Alternative(syllable, "vowel", "ᅴ", heard, 5.0, 0.0, 5.0, 0, 1), pronunciation)
        is allowed
    )


# What a learner was heard to say for ㄱ and ㅓ: ㅋ often, ㄲ never.
COUNTED = confusions.count(
    [("onset", "ᄀ", "ᄀ")] * 6
    + [("onset", "ᄀ", "ᄏ")] * 4
    + [("vowel", "ᅥ", "ᅥ")] * 9
    + [("vowel", "ᅥ", "ᅩ")]
)


def test_what_learners_are_known_to_say_decides_between_sounds_heard_alike():
    assert COUNTED == {"onset": {"ㄱ": {"ㄱ": 6, "ㅋ": 4}}, "vowel": {"ㅓ": {"ㅓ": 9, "ㅗ": 1}}}
    known = Confusions(COUNTED, Weights(heard=1.0, expected=1.0))
    odds = [known.log_odds("onset", "ᄀ", heard) for heard in ("ᄏ", "ᄁ")] + [
        known.log_odds("coda", "ᆸ", "")
    ]
    assert (
        odds[0] == pytest.approx(math.log(4.025 / 6.475)) and odds[1] < odds[2] < odds[0]
    )  # never said; nothing known; often said
    assert (
        known.weights.combined(2.0, odds[0]) == 2.0 + odds[0]
        and Weights().combined(2.0, odds[0]) == 2.0
    )
    known = Confusions(COUNTED, Weights(heard=1.0, expected=20.0))
    found = best_alternatives(
        "가", [posteriors("가", doubt=0.5, instead=(0, "ᄁ"))], SYMBOLS, BLANK, DELIMITER, known
    )
    assert next(a for a in found if a.part == "onset").heard == "ᄏ"
    assert next(a for a in reported("가", "까", -9.0) if a.part == "onset").heard == "ㄲ"


def test_confusions_travel_with_a_listener_and_a_broken_file_is_said(tmp_path):
    listener = tiny_ctc(tmp_path / "m")
    assert (
        confusions.load(listener) is confusions.ONLY_HEARD
        and NativeListener(listener).minimum == Weights().minimum
    )
    known = Confusions(COUNTED, Weights(0.3, 1.2, 2.7, 0.4))
    confusions.save(known, listener)
    assert confusions.load(listener) == known and NativeListener(listener).minimum == 0.4
    write(listener / confusions.CONFUSIONS_FILE, b'{"weights": {"heard": 1}}')
    with pytest.raises(CheckpointError, match=r"confusions.json: KeyError\('counts'\)"):
        NativeListener(listener)


def test_counting_takes_every_intended_sound_and_what_was_said_for_it():
    known = [
        Planted(0, "vowel", "substitution", "ㅏ", "ㅓ"),
        Planted(0, "coda", "insertion", "", "ㅜ"),
        Planted(1, "onset", "omission", "ㄱ", ""),
    ]
    said = list(training.said(["밤 가"], [known]))
    assert (
        ("vowel", "ᅡ", "ㅓ") in said and ("vowel", "ᅡ", "ᅡ") in said and ("onset", "ᄀ", "ㅇ") in said
    )
    assert ("added", "ᆷ", "ㅜ") in said and ("coda", "ᆷ", "ᆷ") in said and len(said) == 2 * 3 + 1


def test_weights_are_those_of_a_logistic_regression_and_the_threshold_has_the_best_f1():
    draws = np.random.default_rng(1)
    heard, expected = draws.normal(size=(2, 20_000))
    wrong = draws.random(20_000) < 1 / (1 + np.exp(-(0.5 * heard + 1.5 * expected - 2)))
    found = training.fit(heard, expected, wrong, int(wrong.sum()))
    assert (found.heard, found.expected, found.offset) == pytest.approx((0.5, 1.5, -2.0), abs=0.1)
    probabilities = 1 / (
        1 + np.exp(-(found.heard * heard + found.expected * expected + found.offset))
    )

    def f1(minimum):
        reported = probabilities > minimum
        return 2 * (reported & wrong).sum() / (reported.sum() + wrong.sum())

    assert f1(found.minimum) >= max(map(f1, np.arange(0.05, 1.0, 0.05))) - 0.01


def test_comparing_transcripts_hides_broken_rules_as_documented():
    assert compare("국물", "국물") == [] == compare("합니다", "함니다")


def test_a_listener_listens(tmp_path):
    listener = NativeListener(tiny_ctc(tmp_path / "m"), minimum=-1.0)
    heard = listener.listen(
        [tone(1.0), tone(0.05)], ["밥을 먹어요", "이 문장은 너무 길어서 들을 수 없어요"]
    )
    assert listener.writes_sounds and len(heard) == 2
    assert {(d.syllable, d.part) for d in heard[0].deviations} == {
        (s, p) for s in range(5) for p in ("onset", "vowel", "coda")
    }
    assert all(0 <= d.confidence <= 1 and d.start_s <= d.end_s <= 1.0 for d in heard[0].deviations)
    assert heard[1].deviations == ()  # too short for its text


def test_feedback_records_follow_their_schema(tmp_path):
    table = predictions(["밥을 먹어요", "가요"], ["밥을 먹어요", "가요"])
    listener = NativeListener(tiny_ctc(tmp_path / "m"), minimum=-1.0)
    found = feedback.records(
        table, listener, {"u000": encode_wav(tone(1.0)), "u001": encode_wav(tone(0.8))}
    )
    path = feedback.write(found, tmp_path / "feedback.jsonl")
    assert feedback.read(path) == found and found[0].pronunciation == "바블 머거요"
    schema = json.loads((tmp_path / feedback.SCHEMA_FILE).read_text(encoding="utf-8"))
    assert set(schema["required"]) == set(Record.model_fields) and "deviations" in json.loads(
        path.read_text(encoding="utf-8").split("\n")[0]
    )
    with pytest.raises(ValidationError):
        Record.model_validate(found[0].model_dump() | {"unknown": 1})


def record(intended, *deviations, identifier="u000"):
    made = [
        DeviationRecord(
            syllable=s,
            part=p,
            kind="substitution",
            intended=a,
            heard=b,
            confidence=0.9,
            start_s=0,
            end_s=1,
        )
        for s, p, a, b in deviations
    ]
    pronunciation = standard_pronunciation(intended)
    return Record(
        utterance_id=identifier,
        l1="JP",
        level="하",
        intended=intended,
        pronunciation=pronunciation,
        heard="",
        deviations=made,
    )


KNOWN = [
    Planted(0, "vowel", "substitution", "ㅓ", "ㅗ"),
    Planted(1, "onset", "substitution", "ㄱ", "ㅋ"),
]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record("먹어요"), Detection(true_accepted=7, false_accepted=2)),
        (
            record("먹어요", (0, "vowel", "ㅓ", "ㅗ"), (1, "onset", "ㄱ", "ㄲ")),
            Detection(7, correct_diagnosis=1, wrong_diagnosis=1),
        ),
        (
            record("먹어요", (2, "vowel", "ㅛ", "ㅗ")),
            Detection(6, false_rejected=1, false_accepted=2),
        ),
        # a syllable too many before: positions are found again; what is reported on it is a false rejection
        (
            record("안 먹어요", (1, "vowel", "ㅓ", "ㅗ"), (0, "vowel", "ㅏ", "ㅓ")),
            Detection(7, 1, 1, 1),
        ),
    ],
)
def test_decisions_are_counted_as_defined(found, expected):
    assert detection.count("먹어요", found, KNOWN) == expected


def test_rates_of_decisions():
    rates = Detection(
        true_accepted=90,
        false_rejected=10,
        false_accepted=5,
        correct_diagnosis=12,
        wrong_diagnosis=3,
    ).rates()
    assert rates["precision"] == 15 / 25 and rates["recall"] == 15 / 20 and rates["frr"] == 10 / 100
    assert rates["far"] == 5 / 20 and rates["der"] == 3 / 15 and rates["f1"] == pytest.approx(2 / 3)
    assert set(Detection().rates().values()) == {0.0}


def test_detection_table_has_languages_kinds_and_all():
    found = [record("먹어요", (0, "vowel", "ㅓ", "ㅗ")), record("먹어요", identifier="u001")]
    omitted = Planted(2, "coda", "omission", "", "")
    table = detection.table(
        found, {"u000": "먹어요", "u001": "먹어요"}, {"u000": KNOWN, "u001": [omitted]}
    )
    assert list(table.index) == ["JP", "all", "substitution", "omission", "insertion"]
    assert table.loc["all", "planted"] == 3 and table.loc["all", "precision"] == 1.0
    assert table.loc["substitution", "recall"] == 0.5 and table.loc["omission", "recall"] == 0.0
    assert detection.planted(["u0"], [""]) == {} and detection.planted(
        ["u0", "u1"], ["", "[]"]
    ) == {"u0": [], "u1": []}
