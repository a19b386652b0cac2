"""Frames: the same for sentences of other words, different for another grammar."""

import pytest

from speakor_common.text.frame import frame


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("사과를 먹었어요", "N+을 V+었+어요"),
        ("친구가 정말 친절해요", "N+이 M A+어요"),
        ("이 책은 비싸다", "D N+은 A+다"),
        ("먹을 수 있어요", "V+을 수 있어요".replace("있어요", "A+어요")),
    ],
)
def test_a_frame_keeps_particles_and_endings(text, expected):
    assert frame(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("수박을 먹고 잤어요", "커피를 마시고 갔어요"),
        ("집으로 가면 쉬세요", "학교로 오면 찾으세요"),
        ("삼월에 공부합니다", "십오일에 운동합니다"),
        ("대학교에서 만나요", "시장에서 먹어요"),
        ("긴 옷을 입을 거예요", "매운 떡을 팔 거예요"),
    ],
)
def test_sentences_of_other_words_share_their_frame(one, other):
    assert frame(one) == frame(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("수박을 먹고 잤어요", "수박을 먹고 자요"),
        ("집에 가요", "집에서 가요"),
        ("먹어도 돼요", "먹으면 돼요"),
        ("예쁜 옷을 샀어요", "옷을 샀어요"),
    ],
)
def test_another_particle_or_ending_is_another_frame(one, other):
    assert frame(one) != frame(other)
