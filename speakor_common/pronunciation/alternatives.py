"""What could have been said instead, sound by sound, judged on a native listener's posteriors.

Legend: T frames, V vocabulary.

A listener that only writes down its best guess hides what it was unsure of. Here every sound of the intended pronunciation
is asked about: how much better does another sound in its place explain the audio? It is goodness of pronunciation (Witt &
Young, 2000) for CTC: each alternative is scored over all its alignments, as in arXiv 2507.16838, within the stretch from
the syllable before to the syllable after. What learners are known to say for a sound counts too (:mod:`.confusions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from speakor_common.decoding.ctc_lattice import align_labels, forward_scores
from speakor_common.pronunciation.confusions import ADDED, ONLY_HEARD, Confusions
from speakor_common.text import ONSETS, VOWELS, split_syllable

_PARTS = ("onset", "vowel", "coda")
_CODAS = ("", *"ᆨᆫᆮᆯᆷᆸᆼ")  # the seven that are pronounced, and none
_AS_ONSET = dict(zip("ᆨᆫᆮᆯᆷᆸ", "ᄀᄂᄃᄅᄆᄇ", strict=True))
_ADDED_VOWELS = "ᅮᅳᅵ"  # put after a coda by speakers whose language has none: 밥 → 바부
_MARGIN = 2  # frames around a stretch; a CTC symbol may come a little early or late

Place = tuple[str, str, str]  # part, intended and heard
Syllable = tuple[str, str, str]  # onset, vowel and coda as conjoining jamo; the coda may be empty


@dataclass(frozen=True)
class Alternative:
    """The most probable other sound at one place.

    Attributes:
        syllable: position in the pronunciation, from 0, spaces not counted.
        part: onset, vowel or coda.
        intended, heard: conjoining jamo; ``intended`` is empty for an added vowel, ``heard`` for an omitted coda.
        gain: natural log likelihood of the alternative over the intended sound's.
        expected: log odds that a learner says it, before listening.
        log_odds: both together.
        frame: where the syllable begins.
        next_frame: where the following one does.
    """

    syllable: int
    part: str
    intended: str
    heard: str
    gain: float
    expected: float
    log_odds: float
    frame: int
    next_frame: int


def best_alternatives(
    pronunciation: str,
    views: Sequence[np.ndarray],
    symbols: Sequence[str],
    blank: int,
    delimiter: str,
    confusions: Confusions = ONLY_HEARD,
) -> list[Alternative]:
    """For each sound of a pronunciation the other sound that was most probably said, however improbable.

    Args:
        pronunciation: pronounced Hangul, words separated by spaces.
        views: posteriors of the clip as spoken, which frames refer to, and, where wanted, at other speeds, over which gains
            are averaged; float32, shape = (T, V) with a T of each view's own, of a listener with a vocabulary of jamo.
        symbols: vocabulary by index.
        confusions: what learners are known to say for a sound.

    Raises:
        AudioError: the clip has too few frames for the text.
        TextError: a character is no syllable.
    """
    words = [[split_syllable(character) for character in word] for word in pronunciation.split()]
    syllables = [syllable for word in words for syllable in word]
    if not syllables:
        return []
    ends_word = [position == len(word) - 1 for word in words for position in range(len(word))]
    index = {symbol: number for number, symbol in enumerate(symbols)}
    pieces = [
        _spell(s, index) + ([index[delimiter]] if end else [])
        for s, end in zip(syllables, ends_word, strict=True)
    ]
    pieces[-1] = pieces[-1][:-1]  # no delimiter at the end
    variants, places = _questions(syllables, pieces, index)
    starts = [_starts(logs, pieces, blank) for logs in views]
    positions = [position for position, _ in places]
    scores = [
        forward_scores(logs, variants, blank, _spans(first, positions))
        for logs, first in zip(views, starts, strict=True)
    ]
    return _best(places, np.mean(scores, axis=0), syllables, starts[0], confusions)


def _questions(
    syllables: list[Syllable], pieces: list[list[int]], index: dict[str, int]
) -> tuple[list[list[int]], list[tuple[int, Place | None]]]:
    """What could have been said at each syllable, spelled with its neighbours, and where that differs from the intended."""
    variants, places = [], []
    for position, syllable in enumerate(syllables):
        before, after = (
            pieces[i] if 0 <= i < len(pieces) else [] for i in (position - 1, position + 1)
        )
        tail = pieces[position][len(_spell(syllable, index)) :]
        for place, spelled in ((None, (syllable,)), *_variants(syllable)):
            variants.append(
                [
                    *before,
                    *(label for part in spelled for label in _spell(part, index)),
                    *tail,
                    *after,
                ]
            )
            places.append((position, place))
    return variants, places


def _spans(starts: list[int], positions: list[int]) -> list[tuple[int, int]]:
    """Frames from the syllable before to the one after each position."""
    last, frames = len(starts) - 1, starts[-1]
    return [
        (max(0, starts[max(0, p - 1)] - _MARGIN), min(frames, starts[min(p + 2, last)] + _MARGIN))
        for p in positions
    ]


def _spell(syllable: Syllable, index: dict[str, int]) -> list[int]:
    return [index[jamo] for jamo in syllable if jamo]


def _starts(log_probabilities: np.ndarray, pieces: list[list[int]], blank: int) -> list[int]:
    """First frame of each syllable, and the number of frames."""
    frames = align_labels(log_probabilities, [label for piece in pieces for label in piece], blank)
    first = np.cumsum([0, *map(len, pieces[:-1])])
    return [*frames[first].tolist(), len(log_probabilities)]


def _variants(syllable: Syllable) -> Iterator[tuple[Place, tuple[Syllable, ...]]]:
    """A place and the syllables said there; part ``added`` for a coda that got a vowel of its own."""
    for number, sounds in enumerate((ONSETS, VOWELS, _CODAS)):
        for sound in sounds:
            if sound != syllable[number]:
                said = (*syllable[:number], sound, *syllable[number + 1 :])
                yield (_PARTS[number], syllable[number], sound), (said,)
    if (onset := _AS_ONSET.get(syllable[2])) is not None:
        for vowel in _ADDED_VOWELS:
            yield (ADDED, "", vowel), ((*syllable[:2], ""), (onset, vowel, ""))


def _best(
    places: list[tuple[int, Place | None]],
    scores: np.ndarray,
    syllables: list[Syllable],
    starts: list[int],
    confusions: Confusions,
) -> list[Alternative]:
    best: dict[tuple[int, str], Alternative] = {}
    plain = {
        position: score
        for (position, place), score in zip(places, scores, strict=True)
        if place is None
    }
    for (position, place), score in zip(places, scores, strict=True):
        gain = float(score - plain[position])
        if place is None or not np.isfinite(gain):
            continue
        part, intended, heard = place
        expected = confusions.log_odds(
            part, syllables[position][2] if part == ADDED else intended, heard
        )
        evidence = gain, expected, confusions.weights.combined(gain, expected)
        part = "coda" if part == ADDED else part
        if (position, part) not in best or evidence[-1] > best[position, part].log_odds:
            best[position, part] = Alternative(
                position, part, intended, heard, *evidence, starts[position], starts[position + 1]
            )
    return list(best.values())
