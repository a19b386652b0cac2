"""More native speech than the sample ships: further speakers and texts of the base's own part.

A few speakers are too few for a model to hear another one. These clips come from the same
synthesiser, rooms and label rules as the sample's, from the base's voices only, over a much wider
vocabulary; they train ``models/base-tiny`` and stay in a git-ignored cache.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from speakor_common.audio import decode, encode_wav
from speakor_common.corpus.splits import TRAIN
from speakor_common.shipped.synthesis.build import render_all, sound_file
from speakor_common.shipped.synthesis.phonology import to_hangul
from speakor_common.shipped.synthesis.plan import SEED, PlannedClip, plan_clip
from speakor_common.shipped.synthesis.texts.prompts import Prompt, further_texts
from speakor_common.shipped.synthesis.voices import BASE, Speaker, make_speaker
from speakor_common.text import normalize_korean, to_jamo

SPEAKERS = 120
CLIPS = 2_400


def further_speaker(number: int) -> Speaker:
    """A native speaker the sample does not have; they go round after the last."""
    number %= SPEAKERS
    return make_speaker(f"KX{number + 1:04d}", "KR", BASE, number, SEED)


def plan_extra(count: int = CLIPS) -> list[PlannedClip]:
    """Clips one speaker after the other; more of them only append, so a cache stays of use."""
    return [
        plan_clip(further_speaker(number), Prompt(f"X{number:04d}", text, "", BASE), TRAIN, SEED)
        for number, text in enumerate(further_texts(count, SEED))
    ]


def extra_clips(cache: Path, count: int = CLIPS, processes: int | None = None) -> list[dict]:
    """Render what ``cache`` lacks and return all as training rows.

    Args:
        cache: folder of single Opus files; finished ones are kept, so an interrupted
            call continues.
        count: of clips, see :func:`plan_extra`.
        processes: worker processes, one synthesiser each; default one per core.

    Returns:
        rows with ``utterance_id``, ``text``, ``pronounced`` (jamo), ``audio`` (WAV bytes) and
        ``length`` (samples).

    Raises:
        SpeakorError: clips are missing and the synthesis extra is not installed.
    """
    return render_rows(
        plan_extra(count), cache, lambda clip: normalize_korean(clip.label), processes
    )


def render_rows(
    planned: list[PlannedClip],
    cache: Path,
    text_of: Callable[[PlannedClip], str],
    processes: int | None = None,
) -> list[dict]:
    """Render what ``cache`` lacks and return training rows; see :func:`extra_clips`."""
    render_all(planned, cache, processes)
    rows = []
    for clip in planned:
        samples = decode(sound_file(clip, cache))
        row = {
            "utterance_id": clip.stem,
            "text": text_of(clip),
            "pronounced": to_jamo(to_hangul(list(clip.spoken))),
            "audio": encode_wav(samples),
            "length": len(samples),
        }
        rows.append(row)
    return rows
