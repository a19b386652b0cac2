"""Native voices that say what is no Korean: sentences with random sounds put in.

A model that has only heard Korean hears Korean even where a learner said something else. The
native listener is therefore also trained on clean native sounds in orders that no rule allows,
labelled with exactly what is pronounced. Voices are the further ones of :mod:`.extra`, sentences
keep their distance from the sample's held-out prompts, and no learner's accent is imitated: every
jamo may become every other.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from speakor_common.corpus.splits import TRAIN
from speakor_common.shipped.synthesis.extra import further_speaker, render_rows
from speakor_common.shipped.synthesis.phonology import Syllable, to_hangul
from speakor_common.shipped.synthesis.plan import SEED, PlannedClip, plan_clip
from speakor_common.shipped.synthesis.texts.prompts import Prompt, further_texts
from speakor_common.shipped.synthesis.voices import BASE
from speakor_common.text import ONSETS, PRONOUNCED_CODAS, VOWELS

CLIPS = 500
_DISTORTED_SHARE = 0.6  # of syllables; the others keep the rhythm of Korean
_SOUNDS = {"onset": tuple(ONSETS), "vowel": tuple(VOWELS), "coda": PRONOUNCED_CODAS}


def plan_distorted(count: int = CLIPS) -> list[PlannedClip]:
    """``count`` clips, one a voice in turn; a pure function of the project's seed."""
    planned = []
    for number, text in enumerate(further_texts(count, SEED, "distorted")):
        prompt = Prompt(f"Z{number:04d}", text, "", BASE)
        clip = plan_clip(further_speaker(number), prompt, TRAIN, SEED)
        spoken = distort(clip.spoken, random.Random(f"{SEED}/{clip.stem}"))
        planned.append(replace(clip, spoken=tuple(spoken)))
    return planned


def distort(syllables: Sequence[Syllable], rng: random.Random) -> list[Syllable]:
    """Replace one sound of more than half of the syllables by any other of its kind."""
    return [
        _replace_sound(syllable, rng) if rng.random() < _DISTORTED_SHARE else syllable
        for syllable in syllables
    ]


def _replace_sound(syllable: Syllable, rng: random.Random) -> Syllable:
    part = rng.choice(tuple(_SOUNDS))
    others = [sound for sound in _SOUNDS[part] if sound != getattr(syllable, part)]
    return syllable.with_part(part, rng.choice(others))


def distorted_clips(cache: Path, count: int = CLIPS, processes: int | None = None) -> list[dict]:
    """Training rows whose ``text`` is what is pronounced; see :func:`.extra.extra_clips`."""
    return render_rows(
        plan_distorted(count), cache, lambda clip: to_hangul(list(clip.spoken)), processes
    )
