"""What every clip of the sample says, decided before a sound is made.

The plan is a pure function of the seed and the texts: speakers, prompts, labels with fillers,
fragments and noise tags, accents and deviations. Speakers are named first; the split policy that
notebook 01 applies says which split a name is in, and the voices, texts and habits follow the
split. Prompt ids are chosen such that the same policy finds their split.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256

from speakor_common.corpus.splits import (
    TEST,
    TRAIN,
    VALID,
    SplitPolicy,
    prompt_split,
    speaker_splits,
)
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.shipped.synthesis.accents import apply_accent, habits_of
from speakor_common.shipped.synthesis.phonology import (
    Syllable,
    to_hangul,
    to_phones,
    to_syllables,
)
from speakor_common.shipped.synthesis.texts.prompts import Prompt, build_prompts
from speakor_common.shipped.synthesis.voices import BASE, Speaker, make_speaker
from speakor_common.text import normalize_korean
from speakor_common.text.pronunciation import Pronunciations, pronunciations

SEED = 20220719  # the date in the corpus's own folder name
L1_CODES = {
    "VN": "베트남어",
    "EN": "영어",
    "JP": "일본어",
    "CN": "중국어",
    "TH": "태국어",
    "KR": "한국어",
}
COUNTRIES = {
    "VN": "베트남",
    "EN": "미국",
    "JP": "일본",
    "CN": "중국",
    "TH": "태국",
    "KR": "한국",
}
# Half of all speakers are heard in training, nearly half in the test.
POLICY = SplitPolicy(seed=635, valid_speakers=0.1, test_speakers=0.45, prompt_disjoint=True)
SPEAKERS = {l1: 32 if l1 == "KR" else 20 for l1 in L1_CODES}
# Clips a speaker of each split records: (learner, native).
CLIPS = {TRAIN: (34, 40), VALID: (30, 20), TEST: (18, 8)}

# To be raised by whoever lets synthesis or recording make another sound of the same plan.
_SOUND_VERSION = 1
_FILLERS = ("어", "음", "그")
# Share of clips with a disfluency of each kind.
_FILLER_SHARE = 0.06
_FRAGMENT_SHARE = 0.05
_NOISE_SHARE = 0.05


@dataclass(frozen=True)
class PlannedClip:
    """One clip before synthesis.

    Attributes:
        stem: AI Hub file name without extension.
        script: what was to be read, with punctuation; answers have none (``""``).
        label: transcript with markup, what was said.
        level: level of the speaker; 상 for native speakers.
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

    @cached_property
    def sound_hash(self) -> str:
        """Changes with phones, speaker, room and knocks; with the code by its version's number."""
        sound = (_SOUND_VERSION, self.phones, asdict(self.speaker), self.knocks)
        return sha256(repr(sound).encode()).hexdigest()[:8]


def plan(seed: int = SEED) -> list[PlannedClip]:
    """All clips of the sample corpus, in a fixed order."""
    prompts = sample_prompts(seed)
    decks = {part: _deck(prompts[part], f"{seed}/deck/{part}") for part in prompts}
    decks["native"] = _deck(prompts[TEST], f"{seed}/deck/native")

    # Every speaker takes prompts from the deck of the part, none of them twice.
    clips = []
    for speaker in make_speakers(seed):
        is_native = speaker.l1 == "KR"
        split = TRAIN if speaker.part == BASE else speaker.part
        deck = decks["native" if is_native and split == TEST else speaker.part]
        done: set[str] = set()
        while len(done) < CLIPS[split][is_native]:
            prompt = next(deck)
            if prompt.prompt_id not in done:
                done.add(prompt.prompt_id)
                clips.append(plan_clip(speaker, prompt, split, seed))
    return clips


def make_speakers(seed: int = SEED) -> list[Speaker]:
    """All speakers; the voices of each are those of the split that its id falls in."""
    speakers = []
    for l1, count in SPEAKERS.items():
        names = [f"{l1}{number:04d}" for number in range(1, count + 1)]
        split_of = speaker_splits(dict.fromkeys(names, l1), POLICY)
        numbers: dict[str, Iterator[int]] = {split: itertools.count() for split in CLIPS}
        for name in names:
            split = split_of[name]
            part = BASE if l1 == "KR" and split == TRAIN else split
            speakers.append(make_speaker(name, l1, part, next(numbers[split]), seed))
    return speakers


@lru_cache(maxsize=1)
def sample_prompts(seed: int = SEED) -> dict[str, list[Prompt]]:
    """The prompts of each part, with ids that the split policy puts in the part's split."""
    numbers: dict[tuple[str, int, str], Iterator[str]] = {}
    named: dict[str, list[Prompt]] = {}
    for part, prompts in build_prompts(seed).items():
        split = TRAIN if part == BASE else part
        named[part] = []
        for prompt in prompts:
            key = (split, prompt.category, prompt.task)
            free = numbers.setdefault(key, _prompt_ids(*key))
            named[part].append(replace(prompt, prompt_id=next(free)))
    return named


def _prompt_ids(split: str, category: int, task: str) -> Iterator[str]:
    """Ids as AI Hub gives them (category, subtopic, task, group, item) that fall in a split."""
    for item, group, subtopic in itertools.product(range(1000), "ABC", "1234"):
        identifier = f"{category}{subtopic}{task}{group}{item:03d}"
        if prompt_split(identifier, POLICY) == split:
            yield identifier


def _deck(prompts: Sequence[Prompt], seed: str) -> Iterator[Prompt]:
    """Deal prompts in shuffled rounds, so every prompt is used equally often."""
    rng = random.Random(seed)
    while True:
        yield from rng.sample(prompts, len(prompts))


def plan_clip(speaker: Speaker, prompt: Prompt, split: str, seed: int) -> PlannedClip:
    """What one speaker makes of one prompt: label with disfluencies, accent, pauses."""
    rng = random.Random(f"{seed}/{speaker.speaker_id}/{prompt.text}")
    label, knocks, broken = _disfluent(prompt.text, speaker.level is not None, rng)
    text = normalize_korean(label)
    words = text.split()
    drawn = {at for at in range(len(words)) if rng.random() < speaker.pauses}
    pauses = (drawn | broken) - {len(words) - 1}

    # The accent of this speaker; a variant that the standard permits is none.
    allowed = pronunciations(text)
    intended = to_syllables(_with_pauses(allowed, pauses))
    habits = habits_of(speaker.speaker_id, speaker.l1, speaker.level, split == TEST, seed)
    spoken, deviations = apply_accent(
        intended, habits, lambda syllables: allowed.allows(to_hangul(list(syllables))), rng
    )

    date = f"202201{rng.randint(3, 28):02d}"
    return PlannedClip(
        stem=f"{speaker.l1}{prompt.prompt_id}_{speaker.speaker_id}_{date}",
        prompt=prompt,
        speaker=speaker,
        date=date,
        script="" if prompt.task == "Q" else prompt.text + ".",
        label=label,
        level=speaker.level or "상",
        intended=tuple(intended),
        spoken=tuple(spoken),
        deviations=tuple(deviations),
        pauses=frozenset(pauses),
        knocks=knocks,
        official_split="1.Training" if split == TRAIN else "2.Validation",
    )


def _with_pauses(allowed: Pronunciations, pauses: set[int]) -> str:
    """The allowed form of a text said with pauses: nothing is joined over a pause.

    Each stretch is looked up on its own; should it mean another word then, the form of the whole
    text stands.
    """
    words = allowed.text.split()
    ends = [*sorted(at + 1 for at in pauses), len(words)]
    starts = [0, *ends[:-1]]
    stretches = [" ".join(words[a:b]) for a, b in zip(starts, ends, strict=True)]
    form = " ".join(pronunciations(stretch).best for stretch in stretches)
    return form if allowed.allows(form) else allowed.best


def _disfluent(
    text: str, learner: bool, rng: random.Random
) -> tuple[str, tuple[float, ...], set[int]]:
    """Put fillers, fragments and noise tags into a label as AI Hub's transcribers write them.

    Returns:
        the label, positions of knocks, and the words after which the speaker hesitates for it.
    """
    words = text.split()
    knocks: tuple[float, ...] = ()
    broken: set[int] = set()

    # a word begun twice
    if learner and rng.random() < _FRAGMENT_SHARE:
        candidates = [i for i, word in enumerate(words) if len(word) >= 3]
        if candidates:
            at = rng.choice(candidates)
            words.insert(at, words[at][: rng.randint(1, 2)] + "+")
            broken = {at}

    # a filler
    if learner and rng.random() < _FILLER_SHARE:
        at = rng.randrange(len(words))
        words.insert(at, rng.choice(_FILLERS) + "/")
        broken = {word + (word >= at) for word in broken} | {at}

    # a noise before or after all words
    if rng.random() < _NOISE_SHARE:
        at_start = rng.random() < 0.5
        words.insert(0 if at_start else len(words), rng.choice(("n/", "sn/")))
        knocks = (0.0 if at_start else 1.0,)
    return " ".join(words), knocks, broken
