"""What the sample's speakers say: written and generated sentences, in parts that share no frame.

A sentence of ``valid`` or ``test`` shares its grammatical frame with none that anything is trained
on, nor with one of the other, and none is within :data:`LEAST_DISTANCE` of it in letters. Who is
heard in training therefore heard no such sentence, in other words or with another ending.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from speakor_common.shipped.synthesis.texts.sentence_templates import Composer, templates
from speakor_common.shipped.synthesis.texts.word_lists import rows
from speakor_common.text import normalize_korean
from speakor_common.text.frame import frame
from speakor_common.text.jamo import is_hangul

COUNTS = {"base": 1400, "train": 1500}  # valid and test have what was written for them
# Share of a sentence's characters that must be changed to make it one of another part.
LEAST_DISTANCE = 0.3
SHORT = range(6, 23)  # syllables of most sentences
LONG = range(40, 66)  # of those of several clauses
_LONG_SHARE = 0.03
_FEWER_FROM = 15  # syllables, from which on only half of the short ones are kept
_ANSWER_SHARE = 0.35
_ROUNDS = 800  # over all templates, before giving up
_BATCH = 256  # candidates compared at once
_GROUPS = {"test": "F", "valid": "E", "base": "AB", "train": "CD"}


@dataclass(frozen=True)
class Prompt:
    """One thing speakers are asked to say.

    Attributes:
        prompt_id: AI Hub sentenceID without its L1 prefix: category, subtopic, task
            (R read, Q question), group, three-digit item.
        text: the sentence, normalised Korean.
        question: the question answered, ``""`` for read items.
        part: ``base``, ``train``, ``valid`` or ``test``.
    """

    prompt_id: str
    text: str
    question: str
    part: str

    @property
    def category(self) -> int:
        return int(self.prompt_id[0])

    @property
    def task(self) -> str:
        return self.prompt_id[2]


@dataclass(frozen=True)
class Sentence:
    """A sentence before it is given to a part; ``question`` is None where it is yet to be drawn."""

    text: str
    category: int
    question: str | None = None


class Fence:
    """Keeps sentences away from those that are held out."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._frames: set[str] = set()

    def hold_out(self, sentences: Sequence[Sentence]) -> None:
        """Put further sentences behind the fence."""
        self._texts += [sentence.text for sentence in sentences]
        self._frames.update(frame(sentence.text) for sentence in sentences)

    def outside(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """Those that share no frame with a held-out one and are far from each."""
        if not self._texts or not sentences:
            return list(sentences)
        texts = [sentence.text for sentence in sentences]
        nearest = process.cdist(
            texts,
            self._texts,
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=1 - LEAST_DISTANCE,
        ).max(axis=1)
        far = [s for s, similarity in zip(sentences, nearest, strict=True) if similarity == 0]
        return [sentence for sentence in far if frame(sentence.text) not in self._frames]


@lru_cache(maxsize=4)
def _parts(seed: int) -> tuple[dict[str, list[Sentence]], Fence]:
    """The sentences of every part, and the fence around valid and test."""
    fence = Fence()
    parts: dict[str, list[Sentence]] = {}
    taken: set[str] = set()
    for part in ("test", "valid"):
        parts[part] = fence.outside(_written(part, taken))
        taken.update(sentence.text for sentence in parts[part])
        fence.hold_out(parts[part])

    # base and train get the same share of what was written for both
    written = fence.outside(_written("train", taken))
    Random(f"{seed}/written").shuffle(written)
    whole = COUNTS["base"] + COUNTS["train"]
    taken.update(sentence.text for sentence in written)
    at = round(len(written) * COUNTS["base"] / whole)
    for part, some in (("base", written[:at]), ("train", written[at:])):
        count = COUNTS[part] - len(some)
        parts[part] = some + _generated(count, f"{seed}/{part}", taken, fence)
    return parts, fence


def build_prompts(seed: int) -> dict[str, list[Prompt]]:
    """All prompts by part: valid and test as written, the others as many as :data:`COUNTS` says.

    Raises:
        ValueError: the templates cannot give that many.
    """
    parts, _ = _parts(seed)
    return {part: _numbered(part, parts[part], seed) for part in _GROUPS}


def further_texts(
    count: int,
    seed: int,
    purpose: str = "further",
    shortest: int = SHORT.start,
    longest: int = LONG.stop - 1,
) -> list[str]:
    """More sentences to train on, none of them a prompt, all as far from valid and test as base.

    Args:
        count: how many.
        seed: that of :func:`build_prompts`, whose valid and test they keep away from.
        purpose: other purposes get other sentences.
        shortest, longest: in syllables.

    Raises:
        ValueError: the templates cannot give that many.
    """
    parts, fence = _parts(seed)
    taken = {sentence.text for part in parts.values() for sentence in part}
    lengths = range(shortest, longest + 1)
    found = _generated(count, f"{seed}/{purpose}", taken, fence, lengths)
    return [sentence.text for sentence in found]


def syllables(text: str) -> int:
    """How many syllables a text has."""
    return len(text.replace(" ", ""))


def is_label(text: str) -> bool:
    """Whether a text is in the project's form: Hangul syllables and single spaces."""
    return normalize_korean(text) == text and all(map(is_hangul, text.replace(" ", "")))


def _written(part: str, taken: set[str]) -> list[Sentence]:
    """The sentences that were written for a part."""
    found: dict[str, Sentence] = {}
    for row in rows(f"written_{part}.tsv"):
        if is_label(row["text"]) and row["text"] not in taken:
            sentence = Sentence(row["text"], int(row["category"]), row["question"])
            found.setdefault(row["text"], sentence)
    return list(found.values())


def _generated(
    count: int,
    seed: str,
    taken: set[str],
    fence: Fence,
    lengths: Sequence[int] = range(SHORT.start, LONG.stop),
) -> list[Sentence]:
    """So many new sentences from the templates; they are added to ``taken``."""
    found: list[Sentence] = []
    candidates = _candidates(Random(seed))
    batch: list[Sentence] = []
    for sentence in candidates:
        if len(found) == count:
            return found
        if syllables(sentence.text) in lengths and sentence.text not in taken:
            taken.add(sentence.text)
            batch.append(sentence)

        # compare as many as are missing, and not each alone
        if len(batch) == min(_BATCH, count - len(found)):
            found += fence.outside(batch)
            batch = []
    raise ValueError(
        f"the templates gave {len(found)} sentences, {count} were asked for; "
        "add lines to templates.tsv"
    )


def _candidates(rng: Random) -> Iterator[Sentence]:
    """Sentences round after round over all templates, now and then a long one."""
    composer = Composer(rng)
    short = [template for template in templates() if not template.is_long]
    long = [template for template in templates() if template.is_long]
    for _ in range(_ROUNDS):
        rng.shuffle(short)
        for template in short:
            is_long = rng.random() < _LONG_SHARE
            text, category = composer.compose(rng.choice(long) if is_long else template)
            if not is_long and syllables(text) >= _FEWER_FROM and rng.random() < 0.5:
                continue
            if is_label(text) and syllables(text) in (LONG if is_long else SHORT):
                yield Sentence(text, category)


def _numbered(part: str, sentences: Sequence[Sentence], seed: int) -> list[Prompt]:
    """Prompts with AI Hub's ids; what was generated is read or answers a question."""
    rng = Random(f"{seed}/tasks/{part}")
    questions: dict[int, list[str]] = {}
    for row in rows("questions.tsv"):
        questions.setdefault(int(row["category"]), []).append(row["question"])

    prompts = []
    for index, sentence in enumerate(sentences):
        question = sentence.question
        if question is None:
            is_answer = rng.random() < _ANSWER_SHARE
            question = rng.choice(questions[sentence.category]) if is_answer else ""
        task = "Q" if question else "R"
        group = _GROUPS[part][index // 1000]
        item = f"{sentence.category}{index % 4 + 1}{task}{group}{index % 1000:03d}"
        prompts.append(Prompt(item, sentence.text, question, part))
    return prompts
