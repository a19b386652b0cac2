"""The allowed form that fits best, by sound and by syllables."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speakor_common.pronunciation.aligned_form import ClipPosteriors
from speakor_common.pronunciation.allowed_form import best_fitting_form
from speakor_common.text.pronunciation import pronunciations
from speakor_common.text.spoken_text import nearest_form
from tests.builders import jamo_posteriors, jamo_symbols

TEXT = "시계가 맛있다고 하는 의사의 말이 옷 한 벌 값이에요"


def fitting(text, spoken):
    clip = ClipPosteriors([jamo_posteriors(spoken)], jamo_symbols(), 0, "|")
    return best_fitting_form(pronunciations(text), clip).form


@st.composite
def allowed_forms(draw):
    """Any allowed form of the text."""
    allowed = pronunciations(TEXT)
    return allowed.spoken([draw(st.integers(0, c.count - 1)) for c in allowed.choices()])


@settings(max_examples=40, deadline=None)
@given(allowed_forms())
def test_an_allowed_form_is_found_again(form):
    assert fitting(TEXT, form) == form
    assert nearest_form(pronunciations(TEXT), form.replace(" ", "")) == form


@pytest.mark.parametrize(
    ("text", "spoken", "form"),
    [
        ("시계", "시게", "시게"),
        ("시계", "시고", "시계"),  # neither: the better one by the standard
        ("시계를 먹어요", "시게를 모거요", "시게를 머거요"),
        ("옷 한 벌", "옫 한 불", "옫 한 벌"),
        ("옷 한 벌", "오 탄 불", "오 탄 벌"),
        ("나무", "나모", "나무"),  # no choice
    ],
)
def test_the_nearest_allowed_form_is_chosen(text, spoken, form):
    assert fitting(text, spoken) == form
    assert nearest_form(pronunciations(text), spoken.replace(" ", "")) == form
