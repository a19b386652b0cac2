"""How something written is said: which of the allowed pronunciations, and where none is known.

A transcript may hold words that cannot be read aloud; and of the forms the standard allows for a
text the one counts that comes nearest to what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from speakor_common.errors import TextError
from speakor_common.text.jamo import is_syllable, split_syllable
from speakor_common.text.pronunciation import Pronunciations, pronunciations
from speakor_common.text.sounds.utterance import parse


def nearest_form(allowed: Pronunciations, spoken: Sequence[str]) -> str:
    """The allowed form that has most sounds in common with what was said.

    Args:
        spoken: for each syllable of the text the syllable that was said, ``""`` for none.
    """
    sounds = [_sounds(syllable) for syllable in spoken]
    choices = allowed.choices()
    picks = [0] * len(choices)
    for number, choice in enumerate(choices):
        # Sounds of the syllables a choice decides that differ from what was said.
        differences = []
        for option in range(choice.count):
            other = [*picks[:number], option, *picks[number + 1 :]]
            form = allowed.spoken(other).replace(" ", "")
            positions = range(choice.first, choice.last + 1)
            pairs = [(_sounds(form[position]), sounds[position]) for position in positions]
            differences.append(sum(a != b for pair in pairs for a, b in zip(*pair, strict=True)))
        picks[number] = differences.index(min(differences))
    return allowed.spoken(picks)


@lru_cache(maxsize=20_000)  # there are 11,172 syllables
def _sounds(syllable: str) -> tuple[str, str, str]:
    return split_syllable(syllable) if is_syllable(syllable) else ("", "", "")


def as_pronounced(transcript: str) -> str:
    """The best pronunciation of a transcript; words that cannot be read aloud stay as they are.

    Words that can be read are read together, as far as no other stands between them.

    >>> as_pronounced("학교 가요x")
    '학꾜 가요x'
    """
    spoken = []
    for readable, words in groupby(transcript.split(), _is_readable):
        run = " ".join(words)
        spoken.append(pronunciations(run).best if readable else run)
    return " ".join(spoken)


def _is_readable(word: str) -> bool:
    try:
        parse(word)
    except TextError:
        return False
    return True
