"""A form in a clip: where its syllables begin, and how probable stretches of it are."""

import numpy as np
import pytest

from speakor_common.errors import AudioError, TextError
from speakor_common.pronunciation.aligned_form import AlignedForm, ClipPosteriors
from speakor_common.text import split_syllable
from tests.builders import jamo_labels, jamo_posteriors, jamo_symbols


def clip(*spoken):
    """A clip of which each speed is a text and the frames of each jamo."""
    by_speed = [jamo_posteriors(text, frames=frames) for text, frames in spoken]
    return ClipPosteriors(by_speed, jamo_symbols(), 0, "|")


def test_syllables_begin_where_they_are_said_at_every_speed():
    form = AlignedForm("밥 가", clip(("밥 가", 3), ("밥 가", 2)))
    assert form.starts == [0, 16, 24]  # 밥 and the space take 16 frames of 3 and a blank


@pytest.mark.parametrize(
    ("first", "last", "said", "symbols"),
    [
        (0, 0, "카", "카 방이"),
        (1, 1, "빵", "가빵이"),
        (2, 2, "나", "방나"),
        (1, 2, "반니", "가반니"),
        (1, 1, "바부", "가바부이"),
    ],
)
def test_a_stretch_stands_between_its_neighbours(first, last, said, symbols):
    form = AlignedForm("가방이", clip(("가방이", 3)))
    stretch = form.stretch(first, last, [split_syllable(syllable) for syllable in said])
    assert stretch.labels == jamo_labels(symbols.replace(" ", ""))[: len(stretch.labels)]


def test_words_end_where_they_do_in_the_form():
    form = AlignedForm("옷 한 벌", clip(("옷 한 벌", 3)))
    stretch = form.stretch(0, 1, [split_syllable(syllable) for syllable in "오탄"])
    assert stretch.labels == jamo_labels("오 탄 벌")


def test_what_was_said_is_more_probable_than_what_was_not():
    form = AlignedForm("가방", clip(("가방", 3)))
    stretches = [form.stretch(0, 0, [split_syllable(syllable)]) for syllable in "가카나"]
    scores = form.scores(stretches)
    assert scores[0] > max(scores[1:])
    assert form.score() > AlignedForm("카방", clip(("가방", 3))).score()


def test_scores_are_means_over_speeds():
    both = clip(("카", 4), ("가", 2))

    def score(posteriors):
        form = AlignedForm("가", ClipPosteriors(posteriors, both.symbols, 0, "|"))
        return form.scores([form.stretch(0, 0, [split_syllable("카")])])[0]

    slow, fast = both.by_speed
    assert score([slow, fast]) == pytest.approx((score([slow]) + score([fast])) / 2)


@pytest.mark.parametrize(
    ("form", "error"), [("각각각각각각", AudioError), ("1)", TextError), ("ㄱ", TextError)]
)
def test_what_cannot_be_aligned_is_an_error(form, error):
    with pytest.raises(error):
        AlignedForm(form, clip(("가", 3)))


def test_posteriors_are_not_changed():
    posteriors = jamo_posteriors("가방")
    before = posteriors.copy()
    form = AlignedForm("가방", ClipPosteriors([posteriors], jamo_symbols(), 0, "|"))
    form.scores([form.stretch(0, 0, [split_syllable("카")])])
    np.testing.assert_array_equal(posteriors, before)
