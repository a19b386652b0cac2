"""More native speech for the tiny base than the sample ships: other voices, other sentences.

Seven native training speakers are too few for a model to hear an eighth. These clips come
from the same synthesiser, microphone model and label rules as the sample's, by virtual
speakers and sentences that the sample does not have; they only train ``models/base-tiny``
and stay in a git-ignored cache.
"""

from __future__ import annotations

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
        replace(s, speaker_id=f"KX{s.speaker_id[2:]}")
        for s in make_speakers("KR", GROUPS * SPEAKERS, _VOICE_SEED)
    ]
    return [people[n % len(people)] for n in range(count)]


def plan_extra(groups: int = GROUPS) -> list[PlannedClip]:
    """Clips of one group of speakers after the other; in a group they go round the speakers.

    More groups only append, so what a cache already holds stays of use. No sentence is close
    to one of the sample's validation or test prompts.
    """
    people = voices(groups * SPEAKERS)
    in_group = SPEAKERS * SENTENCES_EACH
    prompts = [
        Prompt(f"X{n:04d}", text, "")
        for n, text in enumerate(distant_sentences(groups * in_group, f"{SEED}/extra"))
    ]
    return [
        plan_clip(people[n // in_group * SPEAKERS + n % SPEAKERS], prompt, TRAIN, SEED)
        for n, prompt in enumerate(prompts)
    ]


def extra_clips(cache: Path, groups: int = GROUPS, processes: int | None = None) -> list[dict]:
    """Render what ``cache`` lacks and return all as training rows.

    Args:
        cache: folder of single Opus files; finished ones are kept, so an interrupted call continues.
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
    """Render what ``cache`` lacks of ``planned`` and return training rows, see :func:`extra_clips`."""
    render_all(planned, cache, processes)
    rows = []
    for clip in planned:
        samples = decode((cache / f"{clip.stem}.ogg").read_bytes())
        rows.append(
            {
                "utterance_id": clip.stem,
                "text": text_of(clip),
                "audio": encode_wav(samples),
                "length": len(samples),
            }
        )
    return rows
