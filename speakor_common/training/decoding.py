"""Give a trained CTC model its language models: count training transcripts, weigh on validation."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DatasetDict
from rapidfuzz.distance import Levenshtein

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio, to_label_form
from speakor_common.evaluation.beam import BeamSettings
from speakor_common.evaluation.ngram import NGram
from speakor_common.evaluation.recognisers import CTCRecogniser
from speakor_common.evaluation.rescoring import JAMO_MODEL_FILE, WORD_MODEL_FILE, Rescorer, Weights, save_settings

logger = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 50_000  # beyond that the counts outgrow memory and the gain is small
MAX_CLIPS = 400  # validation clips the weights are chosen on
WORD_ORDER = 2
_WEIGHTS = tuple(
    Weights(*values)
    for values in product((0.4, 0.6, 0.8, 1.0, 1.3, 1.6), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3), (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
)

Clip = tuple[np.ndarray, float, str]  # posteriors (T, V), seconds, reference


def fit(directory: Path, data: DatasetDict, order: int, seed: int) -> tuple[dict[str, Any], float]:
    """Write ``lm.arpa``, ``words.arpa`` and ``decoder.json`` into a saved CTC model's directory.

    The language models see only training transcripts. The weights of the second reading are those with the lowest validation
    WER; the beam search's settings hardly matter after it and are fixed.

    Args:
        data: splits ``train`` and ``valid``; ``native_train``, where there is one, is counted too.
        order: longest jamo n-gram; KenLM as packaged reads up to 6.

    Returns:
        the content of ``decoder.json``, and the validation WER it gives.
    """
    recogniser = CTCRecogniser(directory, "cpu")
    count(directory, transcripts(data, seed), recogniser.symbols, recogniser.delimiter, order)
    clips = _clips(recogniser, data["valid"].select(range(min(MAX_CLIPS, len(data["valid"])))))
    settings = BeamSettings()
    weights, wer = _weigh(
        recogniser, Rescorer(directory, recogniser.symbols, recogniser.blank, recogniser.delimiter, settings, Weights()), clips
    )
    logger.info("language model of order %d: %s, validation WER %.4f", order, weights, wer)
    save_settings(directory, settings, weights)
    return {"beam": asdict(settings), "weights": asdict(weights)}, wer


def transcripts(data: DatasetDict, seed: int) -> list[str]:
    """Texts of the training splits, at most ``MAX_TRANSCRIPTS``."""
    texts = [text for split in ("train", "native_train") if split in data for text in data[split]["text"]]
    if len(texts) > MAX_TRANSCRIPTS:
        logger.warning("the language models are counted on %d of %d transcripts", MAX_TRANSCRIPTS, len(texts))
        texts = random.Random(seed).sample(texts, MAX_TRANSCRIPTS)
    return texts


def count(directory: Path, texts: Sequence[str], symbols: Sequence[str], delimiter: str, order: int) -> None:
    """Write ``lm.arpa`` over a CTC vocabulary's symbols and ``words.arpa`` over words."""
    spelled = [list(to_label_form(text, symbols).replace(" ", delimiter)) for text in texts]
    NGram(spelled, order, [s for s in symbols if s]).write_arpa(directory / JAMO_MODEL_FILE)
    NGram([to_label_form(text, symbols).split() for text in texts], WORD_ORDER, ()).write_arpa(directory / WORD_MODEL_FILE)


def _clips(recogniser: CTCRecogniser, rows: Iterable[dict[str, Any]]) -> list[Clip]:
    waves, texts = zip(*((load_audio(row), row["text"]) for row in rows), strict=True)
    return [(logs, len(wave) / RATE, text) for logs, wave, text in zip(recogniser.log_probabilities(waves), waves, texts, strict=True)]


def _weigh(recogniser: CTCRecogniser, rescorer: Rescorer, clips: list[Clip]) -> tuple[Weights, float]:
    """Weights with the lowest WER. Each candidate is scored once and compared once with its reference."""
    errors = np.zeros(len(_WEIGHTS))
    for logs, seconds, text in clips:
        paths, scores = rescorer.candidates(logs)
        hypotheses = [recogniser.read(path, logs, seconds).text.split() for path in paths]
        wrong = np.array([Levenshtein.distance(text.split(), hypothesis) for hypothesis in hypotheses])
        errors += [wrong[(scores @ weights.vector()).argmax()] for weights in _WEIGHTS]
    best = int(errors.argmin())
    return _WEIGHTS[best], float(errors[best]) / sum(len(text.split()) for *_, text in clips)
