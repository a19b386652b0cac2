"""Aligned texts are marked and explained, and hostile ones are escaped."""

import pytest

from speakor_common.audio import encode_wav
from speakor_common.errors import AudioError
from speakor_common.evaluation.alignment import Pair
from speakor_common.show.explorer import listen
from tests.builders import tone


@pytest.mark.parametrize(
    ("reference", "hypothesis", "left", "right"),
    [
        ("같아요", "같아요", "같아요", "같아요"),
        ("밥", "네 밥", "밥", '<span class="ins">네</span> 밥'),
        ("네 밥", "밥", '<span class="del">네</span> 밥', "밥"),
        (
            "가요",
            "카요",
            '<span class="sub" title="초성 ㄱ→ㅋ">가</span>요',
            '<span class="sub" title="초성 ㄱ→ㅋ">카</span>요',
        ),
        ("", "", "", ""),
        ("<b>", "", '<span class="del">&lt;b&gt;</span>', ""),
    ],
)
def test_texts_are_marked(reference, hypothesis, left, right):
    assert listen.marked_texts(reference, hypothesis) == (left, right)


def test_no_text_becomes_markup_where_a_word_is_half_right():
    assert "<b" not in "".join(listen.marked_texts("<b>가", "<b>나"))


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (Pair("substitution", "밥", "바"), "종성 ㅂ→–"),
        (Pair("substitution", "가", "콰"), "초성 ㄱ→ㅋ, 중성 ㅏ→ㅘ"),
        (Pair("substitution", "가", "ㄱ"), "가→ㄱ"),  # the recogniser wrote lone jamo
        (Pair("deletion", "가", ""), "가 빠짐"),
        (Pair("insertion", "", "가"), "가 더해짐"),
    ],
)
def test_a_difference_is_said_in_jamo(pair, words):
    assert listen.jamo_difference(pair) == words


def test_a_player_is_silent_until_asked_and_holds_opus():
    player = listen.player(encode_wav(tone(1.0)))
    assert "autoplay" not in player and 'preload="none"' in player
    assert "data:audio/ogg;base64,T2dnUw" in player


def test_a_clip_that_cannot_be_read_says_so_in_place_of_its_player(tmp_path):
    missing = listen.player(str(tmp_path / "<none>.wav"))
    assert "cannot be played" in missing and "&lt;none&gt;" in missing and "<audio" not in missing
    with pytest.raises(AudioError):
        listen.opus_clip(b"no sound")
