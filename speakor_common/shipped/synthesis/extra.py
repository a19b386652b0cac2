"""More native speech for the tiny base than the sample ships: other voices, other sentences.

Seven native training speakers are too few for a model to hear an eighth. These clips come
from the same synthesiser, microphone model and label rules as the sample's, by virtual
speakers and sentences that the sample does not have; they only train ``models/base-tiny``
and stay in a git-ignored cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from speakor_common.audio import decode, encode_wav
from speakor_common.corpus.splits import TRAIN
from speakor_common.shipped.synthesis.build import render_all
from speakor_common.shipped.synthesis.plan import SEED, PlannedClip, distant_sentences, plan_clip
from speakor_common.shipped.synthesis.sentences import Prompt
from speakor_common.shipped.synthesis.voices import Speaker, make_speakers
from speakor_common.text import normalize_korean

GROUPS, SPEAKERS, SENTENCES_EACH = 2, 100, 20
_VOICE_SEED = SEED + 1  # other people than the sample's


def voices(count: int) -> list[Speaker]:
    """Native speakers the sample does not have, in a fixed order, going round after the last."""
    people = [
        replace(speaker, speaker_id=f"KX{speaker.speaker_id[2:]}")
        for speaker in make_speakers("KR", GROUPS * SPEAKERS, _VOICE_SEED)
    ]
    return list(itertools.islice(itertools.cycle(people), count))


def plan_extra(groups: int = GROUPS) -> list[PlannedClip]:
    """Clips of one group of speakers after the other; in a group they go round the speakers.

    More groups only append, so what a cache already holds stays of use. No sentence is close
    to one of the sample's validation or test prompts.
    """
    people = voices(groups * SPEAKERS)
    in_group = SPEAKERS * SENTENCES_EACH
    clips = []
    for number, text in enumerate(distant_sentences(groups * in_group, f"{SEED}/extra")):
        speaker = people[number // in_group * SPEAKERS + number % SPEAKERS]
        clips.append(plan_clip(speaker, Prompt(f"X{number:04d}", text, ""), TRAIN, SEED))
    return clips


def extra_clips(cache: Path, groups: int = GROUPS, processes: int | None = None) -> list[dict]:
    """Render what ``cache`` lacks and return all as training rows.

    Args:
        cache: folder of single Opus files; finished ones are kept, so an interrupted
            call continues.
        groups: how many groups of speakers, see :func:`plan_extra`.
        processes: worker processes, one synthesiser each; default one per core.

    Returns:
        rows with ``utterance_id``, ``text``, ``audio`` (WAV bytes) and ``length`` (samples).

    Raises:
        SpeakorError: clips are missing and the synthesis extra is not installed.
    """
    return render_rows(
        plan_extra(groups), cache, lambda clip: normalize_korean(clip.label), processes
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
        samples = decode(cache / f"{clip.stem}.ogg")
        row = {
            "utterance_id": clip.stem,
            "text": text_of(clip),
            "audio": encode_wav(samples),
            "length": len(samples),
        }
        rows.append(row)
    return rows
