"""The prompts as they are built: parts apart in frames, letters and words; the form of labels."""

import numpy as np
import pytest
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from speakor_common.shipped.synthesis.texts.prompts import (
    COUNTS,
    LEAST_DISTANCE,
    Fence,
    Sentence,
    build_prompts,
    further_texts,
    is_label,
    syllables,
)
from speakor_common.text.frame import frame

SEED = 20220719


@pytest.fixture(scope="module")
def texts():
    found = {part: [p.text for p in some] for part, some in build_prompts(SEED).items()}
    return found | {"further": further_texts(1000, SEED)}


def nearest(some, others) -> np.ndarray:
    return process.cdist(some, others, scorer=Levenshtein.normalized_distance).min()


def test_counts_ids_and_tasks():
    parts = build_prompts(SEED)
    prompts = [prompt for part in parts.values() for prompt in part]
    counts = {part: len(some) for part, some in parts.items()}
    assert counts | COUNTS == counts  # valid and test are as many as were written
    assert counts["valid"] >= 150
    assert counts["test"] >= 400
    assert len({prompt.prompt_id for prompt in prompts}) == len(prompts)
    assert all(bool(prompt.question) == (prompt.task == "Q") for prompt in prompts)
    assert {prompt.category for prompt in prompts} == {1, 2, 3, 4, 5}
    for part in parts.values():
        assert 0.25 < sum(prompt.task == "Q" for prompt in part) / len(part) < 0.45


def test_what_is_held_out_shares_no_frame_and_is_far_in_letters(texts):
    trained = texts["base"] + texts["train"] + texts["further"]
    for held, others in (("test", trained + texts["valid"]), ("valid", trained)):
        assert not {frame(t) for t in texts[held]} & {frame(t) for t in others}
        assert nearest(texts[held], others) >= LEAST_DISTANCE


def test_enough_words_of_test_are_unseen(texts):
    seen = {word for text in texts["base"] + texts["train"] for word in text.split()}
    words = [word for text in texts["test"] for word in text.split()]
    unseen = [word for word in words if word not in seen]
    assert len(unseen) >= 0.25 * len(words)
    assert len(set(unseen)) >= 0.25 * len(set(words))


def test_sentences_are_many_and_their_words_too(texts):
    everything = [text for some in texts.values() for text in some]
    assert len(set(everything)) == len(everything) >= 4000
    assert len({word for text in everything for word in text.split()}) >= 8000
    assert all(map(is_label, everything))


def test_most_sentences_are_short_and_a_few_long(texts):
    for some in texts.values():
        lengths = [syllables(text) for text in some]
        assert sum(n <= 24 for n in lengths) > 0.8 * len(lengths)
        assert sum(n >= 40 for n in lengths) > 0.01 * len(lengths)
        assert 12 < sum(lengths) / len(lengths) < 19


def test_another_seed_gives_others_and_the_same_seed_the_same(texts):
    assert further_texts(30, SEED) == texts["further"][:30]
    assert [p.text for p in build_prompts(7)["base"]] != texts["base"]


def test_further_texts_keep_to_the_length_asked_for():
    assert all(
        9 <= syllables(text) <= 12 for text in further_texts(40, SEED, shortest=9, longest=12)
    )


def test_the_fence_stops_a_shared_frame_and_a_near_sentence():
    fence = Fence()
    fence.hold_out([Sentence("사과를 먹었어요", 1)])
    outside = fence.outside(
        [
            Sentence("비행기를 기다렸어요", 1),  # its frame
            Sentence("사과는 먹었어요", 1),  # one letter
            Sentence("어머니께서 웃으십니다", 1),
        ]
    )
    assert [sentence.text for sentence in outside] == ["어머니께서 웃으십니다"]


def test_a_label_is_plain_hangul():
    assert is_label("두 시에 만나요")
    assert not is_label("2시에 만나요") and not is_label("두 시에  만나요")
