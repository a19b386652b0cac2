"""Which of the allowed pronunciations of a text fits a recording best.

The standard often leaves a choice (시계 [시계] or [시게], 옷 한 벌 [오탄벌] or, with a pause,
[옫한벌]). What was said is compared with the form that comes nearest to it, so that nobody is told
off for a choice the standard leaves. A sentence easily has thousands of forms, but its choices are
independent of each other (:meth:`Pronunciations.choices`), so each is made on its own stretch.
"""

from __future__ import annotations

import numpy as np

from speakor_common.pronunciation.aligned_form import AlignedForm, ClipPosteriors, Stretch
from speakor_common.text import split_syllable
from speakor_common.text.pronunciation import Pronunciations

_ROUNDS = 3  # a choice is made between neighbours as chosen so far, so it is made again


def best_fitting_form(allowed: Pronunciations, clip: ClipPosteriors) -> AlignedForm:
    """The allowed form that explains a clip best, word by word.

    Raises:
        AudioError: the clip has too few frames for the text.
    """
    picks = [0] * len(allowed.choices())
    tried: dict[tuple[int, ...], AlignedForm] = {}
    for _ in range(_ROUNDS):
        form = AlignedForm(allowed.spoken(picks), clip)
        tried[tuple(picks)] = form
        picks = _better_picks(allowed, picks, form)
        if tuple(picks) in tried:
            break
    return max(tried.values(), key=AlignedForm.score) if len(tried) > 1 else form


def _better_picks(allowed: Pronunciations, picks: list[int], form: AlignedForm) -> list[int]:
    """The best option of each choice, all others left as they are in ``form``."""
    stretches: list[Stretch] = []
    choices = allowed.choices()
    for number, choice in enumerate(choices):
        for option in range(choice.count):
            other = [*picks[:number], option, *picks[number + 1 :]]
            syllables = allowed.spoken(other).replace(" ", "")[choice.first : choice.last + 1]
            said = [split_syllable(character) for character in syllables]
            stretches.append(form.stretch(choice.first, choice.last, said))
    if not stretches:
        return picks

    # Of options that sound alike the better one by the standard, which comes first.
    scores = form.scores(stretches)
    ends = np.cumsum([choice.count for choice in choices])
    return [int(np.argmax(options)) for options in np.split(scores, ends[:-1])]
