"""What the letters of a text stand for, before any rule but that a coda may move on."""

import pytest

from speakor_common.pronunciation.letter_sounds import letter_sounds
from speakor_common.text import compatibility


@pytest.mark.parametrize(
    ("text", "syllable", "part", "letters"),
    [
        ("국물", 0, "coda", "ㄱ"),
        ("국물", 1, "onset", "ㅁ"),
        ("국밥", 1, "onset", "ㅂ"),
        ("맛없다", 1, "onset", "ㄷㅅㅇ"),
        ("같이", 1, "onset", "ㄷㅌㅇ"),
        ("디귿이", 2, "onset", "ㄷㅇ"),
        ("닭이", 0, "coda", "ㄱㄹ-"),
        ("닭이", 1, "onset", "ㄱㅇ"),
        ("값", 0, "coda", "ㅂ"),
        ("의사", 0, "vowel", "ㅢ"),
        ("가 옷", 1, "onset", "ㅇ"),
    ],
)
def test_sounds_of_letters(text, syllable, part, letters):
    sounds = letter_sounds(text)[syllable][part]
    assert {compatibility(sound) or "-" for sound in sounds} == set(letters)


def test_only_syllables_count_in_either_unicode_form():
    assert letter_sounds("국물, 맛!") == letter_sounds("국물맛"[:3])
    assert len(letter_sounds("1 ㄱ a")) == 0
