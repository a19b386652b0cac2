"""Aligned texts are marked and explained, and hostile ones are escaped."""

import re

import pytest

from speakor_common.audio import encode_wav
from speakor_common.errors import AudioError
from speakor_common.evaluation.alignment import Pair
from speakor_common.show.explorer import listen
from tests.builders import tone


def plain(marked: str) -> str:
    """Marked text with its marks as ``{class|what differs|text}`` and words as ``number:text``."""
    marked = re.sub(r' tabindex="0" role="note" aria-label="[^"]*"', "", marked)
    marked = re.sub(
        r'<span class="(\w+)" data-jamo="([^"]*)">([^<]*)</span>', r"{\1|\2|\3}", marked
    )
    return re.sub(r'<span data-word="(\d+)">(.*?)</span>', r"\1:\2", marked)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "line"),
    [
        ("같아요", "같아요", "0:같아요"),
        ("밥", "네 밥", "{ins|네 더해짐|네} 0:밥"),
        ("네 밥", "밥", "0:{del|네 빠짐|네} 1:밥"),
        ("가요", "카요", "0:{sub|초성 ㄱ→ㅋ|카}요"),
        ("가나요", "가요", "0:가{del|나 빠짐|나}요"),
        ("", "", ""),
        ("<b>", "", "0:{del|&lt;b&gt; 빠짐|&lt;b&gt;}"),
    ],
)
def test_a_line_is_marked(reference, hypothesis, line):
    assert plain(listen.marked_line(reference, hypothesis)) == line


def test_words_of_a_label_have_the_numbers_of_what_became_of_them():
    assert plain(listen.label_line("네 <b>")) == "0:네 1:&lt;b&gt;"


def test_a_mark_can_be_focused_and_is_read_out():
    marked = listen.marked_line("가", "카")
    assert 'tabindex="0"' in marked and 'aria-label="카: 초성 ㄱ→ㅋ"' in marked


def test_no_text_becomes_markup_where_a_word_is_half_right():
    assert "<b" not in listen.marked_line("<b>가", "<b>나")


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
