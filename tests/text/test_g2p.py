"""The pronunciation that the sample and the listener's labels were made with."""

import pytest

from speakor_common.text.g2p import standard_pronunciation

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
