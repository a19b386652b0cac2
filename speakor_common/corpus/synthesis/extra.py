"""More native speech for the tiny base than the sample ships: other voices, other sentences.

Seven native training speakers are too few for a model to hear an eighth. These clips come
from the same synthesiser, microphone model and label rules as the sample's, by virtual
speakers and sentences that the sample does not have; they only train ``models/base-tiny``
and stay in a git-ignored cache.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from speakor_common.audio import decode, encode_wav
from speakor_common.corpus.splits import TRAIN
from speakor_common.corpus.synthesis.build import render_all
from speakor_common.corpus.synthesis.plan import SEED, PlannedClip, distant_sentences, plan_clip
from speakor_common.corpus.synthesis.sentences import Prompt
from speakor_common.corpus.synthesis.voices import make_speakers
from speakor_common.text import normalize_korean

SPEAKERS, SENTENCES_EACH = 100, 20
_VOICE_SEED = SEED + 1  # other people than the sample's


def plan_extra(speakers: int = SPEAKERS, each: int = SENTENCES_EACH) -> list[PlannedClip]:
    """Clips in an order that goes round the speakers, so that any beginning of it is balanced.

    No sentence is close to one of the sample's validation or test prompts.
    """
    people = [replace(s, speaker_id=f"KX{s.speaker_id[2:]}") for s in make_speakers("KR", speakers, _VOICE_SEED)]
    texts = distant_sentences(speakers * each, f"{SEED}/extra")
    prompts = [Prompt(f"X{number:04d}", text, "") for number, text in enumerate(texts)]
    return [plan_clip(people[number % speakers], prompt, TRAIN, SEED) for number, prompt in enumerate(prompts)]


def clips(cache: Path, processes: int | None = None) -> list[dict]:
    """Render what ``cache`` lacks and return all as training rows.

    Args:
        cache: folder of single Opus files; finished ones are kept, so an interrupted call continues.
        processes: worker processes, one synthesiser each; default one per core.

    Returns:
        rows with ``utterance_id``, ``text``, ``audio`` (WAV bytes) and ``length`` (samples).

    Raises:
        SpeakorError: clips are missing and the synthesis extra is not installed.
    """
    planned = plan_extra()
    render_all(planned, cache, processes)
    rows = []
    for clip in planned:
        samples = decode((cache / f"{clip.stem}.ogg").read_bytes())
        text = normalize_korean(clip.label)
        rows.append({"utterance_id": clip.stem, "text": text, "audio": encode_wav(samples), "length": len(samples)})
    return rows
