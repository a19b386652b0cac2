"""What every clip of the sample says, decided before a sound is made.

The plan is a pure function of the seed: speakers, prompts, labels with fillers, fragments
and noise tags, accents and deviations. Speakers and prompts are paired by the same split
policy that notebook 01 applies, so no clip is lost to prompt-disjointness.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from speakor_common.corpus.splits import (
    SAMPLE_POLICY,
    TEST,
    TRAIN,
    VALID,
    prompt_split,
    speaker_splits,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.shipped.synthesis.accents import apply_accent
from speakor_common.shipped.synthesis.frames import FRAMES
from speakor_common.shipped.synthesis.phonology import Syllable, to_phones, to_syllables
from speakor_common.shipped.synthesis.sentences import Prompt, build_prompts, fill, is_close
from speakor_common.shipped.synthesis.voices import L1_CODES, Speaker, make_speakers
from speakor_common.text import normalize_korean
from speakor_common.text.g2p import standard_pronunciation

SEED = 20220719  # the date in the corpus's own folder name
PROMPT_COUNT = 960
LEARNERS_PER_L1 = 7
NATIVE_SPEAKERS = 12
# Clips a speaker of each split records: (learner, native).
CLIPS = {TRAIN: (50, 100), VALID: (30, 40), TEST: (30, 40)}

_FILLERS = ("어", "음", "그")
# Share of clips with a disfluency of each kind.
_FILLER_SHARE = 0.06
_FRAGMENT_SHARE = 0.05
_NOISE_SHARE = 0.05
_DRAWS_A_SENTENCE = 40  # at most, before giving up
# Share of words followed by a hesitation, by level.
_PAUSE_SHARE = {"하": 0.22, "중": 0.12, "상": 0.05, None: 0.03}
_NEIGHBOUR = {"하": "중", "중": "하", "상": "중"}


@dataclass(frozen=True)
class PlannedClip:
    """One clip before synthesis.

    Attributes:
        stem: AI Hub file name without extension.
        script: what was to be read, with punctuation; answers have none (``""``).
        label: transcript with markup, what was said.
        level: level of this utterance; 상 for native speakers.
        intended, spoken: syllables of the standard and of the actual pronunciation.
        pauses: words followed by a hesitation.
        knocks: positions of background knocks in the clip, 0-1.
        official_split: folder of AI Hub's own split, ``1.Training`` or ``2.Validation``.
    """

    stem: str
    prompt: Prompt
    speaker: Speaker
    date: str
    script: str
    label: str
    level: str
    intended: tuple[Syllable, ...]
    spoken: tuple[Syllable, ...]
    deviations: tuple[Deviation, ...]
    pauses: frozenset[int]
    knocks: tuple[float, ...]
    official_split: str

    @property
    def phones(self) -> str:
        return to_phones(list(self.spoken), self.pauses)


def plan(seed: int = SEED) -> list[PlannedClip]:
    """All clips of the sample corpus, in a fixed order."""
    speakers: list[Speaker] = []
    for l1 in L1_CODES:
        speakers += make_speakers(l1, NATIVE_SPEAKERS if l1 == "KR" else LEARNERS_PER_L1, seed)
    split_of = speaker_splits({s.speaker_id: s.l1 for s in speakers}, SAMPLE_POLICY)
    decks = {split: _deck(split, seed) for split in CLIPS}

    # every speaker takes prompts from the deck of the split, none of them twice
    clips = []
    for speaker in speakers:
        split = split_of[speaker.speaker_id]
        wanted = CLIPS[split][speaker.l1 == "KR"]
        done: set[str] = set()
        while len(done) < wanted:
            prompt = next(decks[split])
            if prompt.prompt_id not in done:
                done.add(prompt.prompt_id)
                clips.append(plan_clip(speaker, prompt, split, seed))
    return clips


def distant_sentences(count: int, seed: str) -> list[str]:
    """Further sentences for training, none close to a validation or test prompt of the sample.

    Raises:
        ValueError: the frames cannot give that many.
    """
    held_out = [
        prompt.text
        for prompt in build_prompts(PROMPT_COUNT, SEED)
        if prompt_split(prompt.prompt_id, SAMPLE_POLICY) != TRAIN
    ]
    frames = [frame for rows in FRAMES.values() for frame in rows]
    rng = random.Random(seed)
    sentences: dict[str, None] = {}  # an ordered set
    for _ in range(_DRAWS_A_SENTENCE * count):
        if len(sentences) == count:
            break
        text = fill(rng.choice(frames), rng)
        if text not in sentences and not is_close(text, held_out):
            sentences[text] = None

    if len(sentences) < count:
        raise ValueError(
            f"only {len(sentences)} of {count} sentences keep their distance from the held-out "
            "prompts"
        )
    return list(sentences)


def _deck(split: str, seed: int) -> Iterator[Prompt]:
    """Deal a split's prompts in shuffled rounds, so every prompt is used equally often."""
    prompts = [
        prompt
        for prompt in build_prompts(PROMPT_COUNT, seed)
        if prompt_split(prompt.prompt_id, SAMPLE_POLICY) == split
    ]
    rng = random.Random(f"{seed}/deck/{split}")
    while True:
        rng.shuffle(prompts)
        yield from list(prompts)


def plan_clip(speaker: Speaker, prompt: Prompt, split: str, seed: int) -> PlannedClip:
    """What one speaker makes of one prompt: label with disfluencies, accent, pauses."""
    rng = random.Random(f"{seed}/{speaker.speaker_id}/{prompt.prompt_id}")
    label, knocks = _disfluent(prompt.text, speaker.level is not None, rng)
    level = speaker.level or "상"
    if speaker.level and rng.random() < 0.2:
        level = _NEIGHBOUR[level]

    # The accent is drawn per utterance with the utterance's level, the voice stays the speaker's.
    intended = to_syllables(standard_pronunciation(normalize_korean(label)))
    spoken, deviations = apply_accent(intended, speaker.l1, level, rng)

    # Further draws, in this order: date, pauses after each word but the last.
    date = f"202201{rng.randint(3, 28):02d}"
    words = sorted({syllable.word for syllable in spoken})
    pauses = [word for word in words[:-1] if rng.random() < _PAUSE_SHARE[speaker.level]]
    return PlannedClip(
        stem=f"{speaker.l1}{prompt.prompt_id}_{speaker.speaker_id}_{date}",
        prompt=prompt,
        speaker=speaker,
        date=date,
        script="" if prompt.task == "Q" else prompt.text + ".",
        label=label,
        level=level,
        intended=tuple(intended),
        spoken=tuple(spoken),
        deviations=tuple(deviations),
        pauses=frozenset(pauses),
        knocks=knocks,
        official_split="1.Training" if split == TRAIN else "2.Validation",
    )


def _disfluent(text: str, learner: bool, rng: random.Random) -> tuple[str, tuple[float, ...]]:
    """Put fillers, fragments and noise tags into a label as AI Hub's transcribers write them."""
    words = text.split()
    knocks: tuple[float, ...] = ()

    # a word begun twice
    if learner and rng.random() < _FRAGMENT_SHARE:
        candidates = [i for i, word in enumerate(words) if len(word) >= 3]
        if candidates:
            at = rng.choice(candidates)
            words.insert(at, words[at][: rng.randint(1, 2)] + "+")

    # a filler
    if learner and rng.random() < _FILLER_SHARE:
        words.insert(rng.randrange(len(words)), rng.choice(_FILLERS) + "/")

    # a noise before or after all words
    if rng.random() < _NOISE_SHARE:
        at_start = rng.random() < 0.5
        words.insert(0 if at_start else len(words), rng.choice(("n/", "sn/")))
        knocks = (0.0 if at_start else 1.0,)
    return " ".join(words), knocks
