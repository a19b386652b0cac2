"""What analysers know of Korean that no transcript held."""

import math
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from speakor_common.decoding.korean import korean_log_probability, tag_morphemes


@pytest.mark.parametrize(
    ("text", "morphemes"),
    [
        ("칼국수를", ("칼국수/NNG", "를/JKO")),
        ("박물관까지", ("박물관/NNG", "까지/JX")),
        ("", ()),
        ("ㅋㅋ漢", None),
    ],
)
def test_morphemes_have_their_tags(text, morphemes):
    tagged = tag_morphemes(text)
    if morphemes is not None:
        assert tagged.morphemes == morphemes
    assert tagged.pos_tags == tuple(morpheme.rsplit("/", 1)[1] for morpheme in tagged.morphemes)


def test_what_is_not_in_the_dictionary_is_unknown():
    assert "UNKNOWN" in tag_morphemes("쀍뷁꿹").pos_tags


def test_threads_share_the_analyser_and_its_memory_does_not_grow():
    texts = ["칼국수를 먹어요", "박물관까지 걸어가요"] * 20
    expected = [tag_morphemes(text) for text in texts]
    before = psutil.Process().memory_info().rss
    for _ in range(100):  # threads that come and go
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(tag_morphemes, texts)) == expected
    assert psutil.Process().memory_info().rss - before < 20 * 2**20


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("저는 칼국수를 좋아해요", "저는 칼국수룰 조아해요"),
        ("박물관까지 걸어가요", "박물간까지 거러가요"),
    ],
)
def test_what_is_written_is_likelier_than_what_sounds_alike(right, wrong):
    assert korean_log_probability(right) > korean_log_probability(wrong) + 5


@pytest.mark.parametrize("text", ["", " ", "ㅋ 漢 😀"])
def test_any_text_has_a_probability(text):
    assert math.isfinite(korean_log_probability(text))
    assert text.strip() or korean_log_probability(text) == 0
