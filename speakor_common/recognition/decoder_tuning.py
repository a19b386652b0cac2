"""Give a trained CTC model its language models: count training transcripts, weigh on validation."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from rapidfuzz.distance import Levenshtein

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio, to_label_form
from speakor_common.decoding.beam import BeamSettings
from speakor_common.decoding.morphemes import analyse
from speakor_common.decoding.ngram import NGram
from speakor_common.decoding.rescoring import (
    JAMO_MODEL_FILE,
    MORPHEME_MODEL_FILE,
    SPEEDS,
    TAG_MODEL_FILE,
    Rescorer,
    Weights,
    save_settings,
)
from speakor_common.recognition import minimum_risk
from speakor_common.recognition.minimum_risk import Judged
from speakor_common.recognition.recognisers import CTCRecogniser

logger = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 50_000  # beyond that the counts outgrow memory and the gain is small
MAX_CLIPS = 400  # validation clips the weights are chosen on
MORPHEME_ORDER, TAG_ORDER = 3, 5


def fit(directory: Path, data: DatasetDict, order: int, seed: int) -> tuple[dict[str, Any], float]:
    """Write the language models and ``decoder.json`` into a saved CTC model's directory.

    The language models see only training transcripts. The weights of the second reading are those expected to make the fewest
    word errors on validation; the beam search's settings hardly matter after it and are fixed.

    Args:
        data: splits ``train`` and ``valid``; ``native_train``, where there is one, is counted too.
        order: longest jamo n-gram; KenLM as packaged reads up to 6.

    Returns:
        the content of ``decoder.json``, and a validation WER: of each speaker, with weights found on the others.
    """
    recogniser = CTCRecogniser(directory, "cpu")
    count(directory, transcripts(data, seed), recogniser.symbols, recogniser.delimiter, order)
    settings = BeamSettings()
    rescorer = Rescorer(
        directory, recogniser.symbols, recogniser.blank, recogniser.delimiter, settings, Weights()
    )
    clips = judge(
        recogniser, rescorer, data["valid"].select(range(min(MAX_CLIPS, len(data["valid"]))))
    )
    weights, wer = (
        Weights(*map(float, minimum_risk.fit(clips))),
        minimum_risk.cross_validated(clips),
    )
    logger.info("language models of order %d: %s, validation WER %.4f", order, weights, wer)
    save_settings(directory, settings, weights)
    return {"beam": asdict(settings), "weights": asdict(weights)}, wer


def transcripts(data: DatasetDict, seed: int) -> list[str]:
    """Texts of the training splits, at most ``MAX_TRANSCRIPTS``."""
    texts = [
        text for split in ("train", "native_train") if split in data for text in data[split]["text"]
    ]
    if len(texts) > MAX_TRANSCRIPTS:
        logger.warning(
            "the language models are counted on %d of %d transcripts", MAX_TRANSCRIPTS, len(texts)
        )
        texts = random.Random(seed).sample(texts, MAX_TRANSCRIPTS)
    return texts


def count(
    directory: Path, texts: Sequence[str], symbols: Sequence[str], delimiter: str, order: int
) -> None:
    """Write the n-gram models over a CTC vocabulary's symbols, morphemes and word classes."""
    spelled = [list(to_label_form(text, symbols).replace(" ", delimiter)) for text in texts]
    NGram(spelled, order, [s for s in symbols if s]).write_arpa(directory / JAMO_MODEL_FILE)
    found = [analyse(text) for text in texts]
    NGram([f.morphemes for f in found], MORPHEME_ORDER, ()).write_arpa(
        directory / MORPHEME_MODEL_FILE
    )
    NGram([f.tags for f in found], TAG_ORDER, ()).write_arpa(directory / TAG_MODEL_FILE)


def judge(recogniser: CTCRecogniser, rescorer: Rescorer, rows: Dataset) -> list[Judged]:
    """Candidates of every clip with what the sources say of them and their word errors."""
    waves = [load_audio(row) for row in rows]
    judged = []
    for row, wave, views in zip(rows, waves, recogniser.views(waves, SPEEDS), strict=True):
        paths, scores = rescorer.candidates(views)
        words, seconds = row["text"].split(), len(wave) / RATE
        hypotheses = [recogniser.read(path, views[0], seconds).text.split() for path in paths]
        errors = np.array([Levenshtein.distance(words, hypothesis) for hypothesis in hypotheses])
        judged.append(Judged(scores, errors, len(words), row["speaker_id"]))
    return judged
