"""Sentences from frames: particles, distances, and that they depend on the seed alone."""

import random

import pytest
from rapidfuzz import fuzz

from speakor_common.shipped.synthesis.sentences import (
    MAX_SIMILARITY,
    build_prompts,
    fill,
    fit_particle,
)


@pytest.mark.parametrize(
    ("word", "particle", "form"),
    [
        ("사과", "을", "를"),
        ("빵", "을", "을"),
        ("서울", "로", "로"),
        ("부산", "로", "으로"),
        ("학생", "이에요", "이에요"),
    ],
)
def test_particles_fit_their_word(word, particle, form):
    assert fit_particle(word, particle) == form


def test_a_slot_is_filled_with_its_particle_and_never_twice_with_the_same():
    for seed in range(50):
        first, second = fill("{season} {season}", random.Random(seed)).split()
        assert first != second
    assert fill("{season:은}", random.Random(0)) in ("봄은", "여름은", "가을은", "겨울은")


def test_prompts_are_clearly_different_and_follow_the_seed():
    prompts = build_prompts(60, seed=3)
    assert prompts == build_prompts(60, seed=3) != build_prompts(60, seed=4)
    texts = [prompt.text for prompt in prompts]
    closest = max(fuzz.ratio(a, b) for i, a in enumerate(texts) for b in texts[:i])
    assert closest < MAX_SIMILARITY
    assert {prompt.task for prompt in prompts} == {"R", "Q"}
    assert all(bool(prompt.question) == (prompt.task == "Q") for prompt in prompts)


def test_more_sentences_than_the_frames_hold_are_refused(monkeypatch):
    monkeypatch.setattr("speakor_common.shipped.synthesis.sentences._ROUNDS", 1)
    with pytest.raises(ValueError, match="add frames or slots"):
        build_prompts(10_000, seed=1)
