"""Sentences that validation and test are measured on, kept out of what language models count.

Read sentences repeat from speaker to speaker. Where prompts are shared between splits, a test
sentence stands in training too, and a language model that counted it would have seen the answer.
Readings of one sentence differ: somebody says a filler first, or begins a word twice, or reads
another word. So what is left out is not only the sentence itself, but whatever is nearly it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from speakor_common.corpus.splits import TEST, VALID
from speakor_common.errors import CorpusError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict  # fingerprints are asked for at once

HELD_OUT = "held_out"  # the split of a training's data that holds only such sentences
NEARLY = 0.8  # of the syllables; a word in five may be another
_FILLERS = frozenset("아 어 음 응 으 에 그 저 뭐".split())  # as AI Hub's transcribers mark them
COUNTED = ("train", "native_train")  # splits whose transcripts language models count


def held_out_sentences(prepared: DatasetDict) -> Dataset:
    """The different sentences of validation and test, learners' and natives': column ``text``."""
    from datasets import Dataset

    splits = [f"{prefix}{split}" for prefix in ("", "native_") for split in (VALID, TEST)]
    texts = {text for split in splits if split in prepared for text in prepared[split]["text"]}
    return Dataset.from_dict({"text": sorted(texts)})


def countable_texts(data: DatasetDict) -> list[str]:
    """Transcripts of training without the sentences of validation and test, or nearly these.

    Sentences are nearly the same if, without fillers and words begun twice, they share all
    syllables but those of one word, and at least :data:`NEARLY` of them. Spaces, which people set
    differently, do not count.

    Args:
        data: the splits of :data:`COUNTED`, ``valid``, and ``held_out`` where there is one.

    Raises:
        CorpusError: nothing is left to count.
    """
    sentences = [data[split]["text"] for split in (VALID, HELD_OUT) if split in data]
    held_out = {core for texts in sentences for text in set(texts) for core in _cores(text)}

    texts = _transcripts(data)
    near = {text for text in set(texts) if not held_out.isdisjoint(_cores(text))}
    left = [text for text in texts if text not in near]
    if texts and not left:
        raise CorpusError(
            f"all {len(texts)} training transcripts are sentences of validation or test, so "
            "language models have nothing to count; prepare the corpus with --prompts apart"
        )
    return left


def left_out(data: DatasetDict) -> dict[str, int]:
    """How many transcripts of training there are, and how many are not counted, for run.json."""
    transcripts = len(_transcripts(data))
    return {"transcripts": transcripts, "held_out": transcripts - len(countable_texts(data))}


def _transcripts(data: DatasetDict) -> list[str]:
    return [text for split in COUNTED if split in data for text in data[split]["text"]]


def _cores(text: str) -> Iterator[str]:
    """What a sentence shares with whatever is nearly the same: it itself, and without one word.

    A sentence of another length shares what is left of the longer one, which is the smaller part.
    """
    words = fluent(text).split()
    whole = "".join(words)
    yield whole
    for at in range(len(words)):
        rest = "".join(words[:at] + words[at + 1 :])
        if len(rest) >= NEARLY * len(whole):
            yield rest


def fluent(text: str) -> str:
    """A transcript without fillers, and without words that the next one begins again.

    Such words may also be meant (그 사람). As both sides of a comparison lose them, that does no
    harm; a text of nothing else stays as it is.
    """
    words = [word for word in text.split() if word not in _FILLERS]
    kept: list[str] = []
    for word in words:
        # "가 가방을": what was begun is said again, as often as it takes
        while kept and word.startswith(kept[-1]):
            kept.pop()
        kept.append(word)
    return " ".join(kept) or text
