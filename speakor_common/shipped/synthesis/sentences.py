"""The sentences the sample's speakers say: frames with slots, in the five AI Hub categories.

A frame is a sentence with slots; a slot may carry a particle written
for a preceding coda (``{food:을}``), which is fitted to the filler (사과를, 빵을).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from speakor_common.shipped.synthesis.frames import FRAMES, SLOTS
from speakor_common.text import split_syllable

CATEGORIES = {1: "한국일반", 2: "한국생활I", 3: "한국생활II", 4: "한국문화I", 5: "한국문화II"}

# Two different sentences may not be closer than this (percent of matching characters): a test
# sentence that differs from a training sentence in one particle would not test anything.
MAX_SIMILARITY = 88
_ROUNDS = 60  # over all frames, before giving up

# What an examiner asks, by category; an answer is any sentence of that category.
QUESTIONS: dict[int, str] = {
    1: "자기소개를 해 보세요",
    2: "무엇을 먹고 무엇을 사는지 말해 보세요",
    3: "한국 생활에 대해서 말해 보세요",
    4: "한국 문화에 대해서 아는 것을 말해 보세요",
    5: "한국과 고향의 문화를 비교해 보세요",
}

# Particle pairs: after a coda / after a vowel.
_PARTICLES = {
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "와": ("과", "와"),
    "과": ("과", "와"),
    "로": ("으로", "로"),
    "에게": ("에게", "에게"),
    "이고": ("이고", "고"),
    "이에요": ("이에요", "예요"),
}
_SLOT = re.compile(r"\{(\w+)(?::([가-힣]+))?\}")


@dataclass(frozen=True)
class Prompt:
    """One thing speakers are asked to say.

    Attributes:
        prompt_id: AI Hub sentenceID without its L1 prefix: category, subtopic, task
            (R read, Q question), group, three-digit item.
        text: the sentence, normalised Korean.
        question: the question answered, ``""`` for read items.
    """

    prompt_id: str
    text: str
    question: str

    @property
    def category(self) -> int:
        return int(self.prompt_id[0])

    @property
    def task(self) -> str:
        return self.prompt_id[2]


def build_prompts(count: int, seed: int, answer_share: float = 0.35) -> list[Prompt]:
    """Draw ``count`` clearly different sentences, spread over categories and frames.

    Raises:
        ValueError: the frames cannot give that many sentences.
    """
    rng = random.Random(seed)
    frames = []
    for category, rows in FRAMES.items():
        frames += [(category, index, frame) for index, frame in enumerate(rows)]

    # round after round over all frames, each time in another order
    texts: list[str] = []
    prompts: list[Prompt] = []
    for round_number in range(_ROUNDS):
        rng.shuffle(frames)
        for category, index, frame in frames:
            text = fill(frame, rng)
            if is_close(text, texts):
                continue

            # an id as AI Hub gives: category, subtopic, task, group, item
            task = "Q" if rng.random() < answer_share else "R"
            texts.append(text)
            group = "ABC"[round_number % 3]
            item = f"{category}{index % 4 + 1}{task}{group}{len(texts):03d}"
            prompts.append(Prompt(item, text, QUESTIONS[category] if task == "Q" else ""))
            if len(prompts) == count:
                return prompts
    raise ValueError(
        f"the frames gave {len(prompts)} different sentences, {count} were asked for; "
        "add frames or slots"
    )


def is_close(text: str, others: Sequence[str]) -> bool:
    """Whether one of the others is almost the same sentence."""
    scorer = fuzz.ratio
    return bool(process.extractOne(text, others, scorer=scorer, score_cutoff=MAX_SIMILARITY))


def fill(frame: str, rng: random.Random) -> str:
    """Fill every slot of a frame, no filler twice, particles fitted to their word."""
    used: set[str] = set()

    def one(match: re.Match[str]) -> str:
        filler = rng.choice([f for f in SLOTS[match[1]] if f not in used])
        used.add(filler)
        return filler + (fit_particle(filler, match[2]) if match[2] else "")

    return _SLOT.sub(one, frame)


def fit_particle(word: str, particle: str) -> str:
    """Choose a particle's form by the word's last coda; ㄹ counts as a vowel before 로."""
    after_coda, after_vowel = _PARTICLES[particle]
    coda = split_syllable(word[-1])[2]
    if particle == "로" and coda == "ᆯ":
        return after_vowel
    return after_coda if coda else after_vowel
