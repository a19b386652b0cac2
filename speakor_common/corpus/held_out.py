"""Sentences that validation and test are measured on, kept out of what language models count.

Read sentences repeat from speaker to speaker. Where prompts are shared between splits, a test
sentence stands in training too, and a language model that counted it would have seen the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from speakor_common.corpus.splits import TEST, VALID
from speakor_common.errors import CorpusError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict  # fingerprints are asked for at once

HELD_OUT = "held_out"  # the split of a training's data that holds only such sentences
COUNTED = ("train", "native_train")  # splits whose transcripts language models count


def held_out_sentences(prepared: DatasetDict) -> Dataset:
    """The different sentences of validation and test, learners' and natives': column ``text``."""
    from datasets import Dataset

    splits = [f"{prefix}{split}" for prefix in ("", "native_") for split in (VALID, TEST)]
    texts = {text for split in splits if split in prepared for text in prepared[split]["text"]}
    return Dataset.from_dict({"text": sorted(texts)})


def countable_texts(data: DatasetDict) -> list[str]:
    """Transcripts of training without the sentences of validation and test.

    Sentences are the same if their syllables are: spaces, which people set differently, do not
    count.

    Args:
        data: the splits of :data:`COUNTED`, ``valid``, and ``held_out`` where there is one.

    Raises:
        CorpusError: nothing is left to count.
    """
    held_out = _syllables(data[VALID]["text"]) if VALID in data else set()
    if HELD_OUT in data:
        held_out |= _syllables(data[HELD_OUT]["text"])

    texts = _transcripts(data)
    left = [text for text in texts if text.replace(" ", "") not in held_out]
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


def _syllables(texts: Iterable[str]) -> set[str]:
    return {text.replace(" ", "") for text in texts}
