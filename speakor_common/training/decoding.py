"""Give a trained CTC model a language model: count training transcripts, weigh on validation."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from pathlib import Path

from datasets import DatasetDict

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio, to_label_form
from speakor_common.evaluation.beam import MODEL_FILE, BeamSearch, BeamSettings, save_settings
from speakor_common.evaluation.metrics import score
from speakor_common.evaluation.ngram import NGram
from speakor_common.evaluation.recognisers import CTCRecogniser

logger = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 50_000  # beyond that the counts outgrow memory and the gain is small
MAX_CLIPS = 400  # validation clips the weights are chosen on
_WEIGHTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
_BLANK_PENALTIES = (0.0, 1.0, 2.0, 3.0)


def fit(directory: Path, data: DatasetDict, order: int, seed: int) -> tuple[BeamSettings, float]:
    """Write ``lm.arpa`` and ``decoder.json`` into a saved CTC model's directory.

    The language model sees only training transcripts; its weight and the blank penalty are those
    with the lowest validation WER, one after the other.

    Args:
        data: splits ``train`` and ``valid``.
        order: longest n-gram; KenLM as packaged reads up to 6.

    Returns:
        the settings, and the validation WER they give.
    """
    recogniser = CTCRecogniser(directory, "cpu")
    symbols = recogniser.symbols
    texts = list(data["train"]["text"])
    if len(texts) > MAX_TRANSCRIPTS:
        texts = random.Random(seed).sample(texts, MAX_TRANSCRIPTS)
        logger.warning("the language model is counted on %d of %d transcripts", MAX_TRANSCRIPTS, len(data["train"]))
    sequences = [list(to_label_form(text, symbols).replace(" ", recogniser.delimiter)) for text in texts]
    NGram(sequences, order, [s for s in symbols if s]).write_arpa(directory / MODEL_FILE)

    valid = data["valid"].select(range(min(MAX_CLIPS, len(data["valid"]))))
    waves = [load_audio(row) for row in valid]
    clips = [(logs, len(wave) / RATE) for logs, wave in zip(recogniser.log_probabilities(waves), waves, strict=True)]

    def word_error_rate(settings: BeamSettings) -> float:
        search = BeamSearch(directory / MODEL_FILE, symbols, recogniser.blank, recogniser.delimiter, settings)
        texts = [recogniser.read(search.path(logs), logs, seconds).text for logs, seconds in clips]
        return score(list(valid["text"]), texts).wer

    start = BeamSettings()
    _, weighed = min((word_error_rate(s), s) for s in (replace(start, lm_weight=weight) for weight in _WEIGHTS))
    wer, settings = min((word_error_rate(s), s) for s in (replace(weighed, blank_penalty=value) for value in _BLANK_PENALTIES))
    logger.info("language model of order %d: %s, validation WER %.4f", order, settings, wer)
    save_settings(directory, settings)
    return settings, wer
