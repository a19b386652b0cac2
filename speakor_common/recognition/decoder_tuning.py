"""Language models for a trained CTC model: counted on training texts, weighted on validation.

The weights are those of least risk (:mod:`.minimum_risk`). How texts are found and what their
features are is in :mod:`speakor_common.decoding.rescoring`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasets import Dataset, DatasetDict
from rapidfuzz.distance import Levenshtein

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio, to_label_form
from speakor_common.corpus.draw import draw_by_kind
from speakor_common.corpus.held_out import countable_texts
from speakor_common.decoding.beam import BeamSettings
from speakor_common.decoding.korean import tag_morphemes
from speakor_common.decoding.ngram import NGram
from speakor_common.decoding.output_readings import Reading
from speakor_common.decoding.rescoring import SPEEDS, Rescorer, write_decoder
from speakor_common.decoding.text_features import (
    JAMO_MODEL_FILE,
    MORPHEME_MODEL_FILE,
    TAG_MODEL_FILE,
    FeatureWeights,
)
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.minimum_risk import (
    ScoredNBest,
    cross_validated_error_rate,
    fit_weights,
)

logger = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 50_000  # beyond that the counts outgrow memory and the gain is small
MAX_CLIPS = 400  # validation clips the weights are chosen on
CLIPS_SEED = 0  # of their draw: the same for every experiment and training seed
MORPHEME_ORDER = 3  # longest n-gram of morphemes
TAG_ORDER = 5  # longest n-gram of part-of-speech tags


class FittedDecoder(NamedTuple):
    """What was written into ``decoder.json``, and what it is worth on the clips it was found on.

    Attributes:
        settings: the content of the file.
        clips: number of validation clips.
        wer: of each speaker, with weights found on the others.
        wer_without: of the same clips, without language models.
    """

    settings: dict[str, Any]
    clips: int
    wer: float
    wer_without: float


def fit_decoder(directory: Path, data: DatasetDict, order: int, seed: int) -> FittedDecoder:
    """Write the language models and ``decoder.json`` into a saved CTC model's directory.

    The language models see only training transcripts, and of these no sentence of validation or
    test. The weights are those expected to make the fewest word errors on validation; the beam
    search's settings hardly matter after rescoring and are fixed.

    Args:
        data: splits ``train`` and ``valid``; ``native_train``, where there is one, is counted too.
        order: longest jamo n-gram; KenLM as packaged reads up to 6.
        seed: chooses the transcripts, where there are too many to count.
    """
    recogniser = CTCRecogniser(directory, "cpu")
    symbols = recogniser.symbols
    delimiter = recogniser.delimiter

    # Language models of the training transcripts.
    texts = training_transcripts(data, seed)
    count_language_models(directory, texts, symbols, delimiter, order)

    # Weights from the N-best lists of validation clips, which do not depend on weights.
    settings = BeamSettings()
    rescorer = Rescorer(directory, symbols, recogniser.blank, delimiter, settings, FeatureWeights())
    nbest = score_nbest(recogniser, rescorer, weighing_clips(data["valid"]))
    weights = FeatureWeights(*fit_weights(nbest).tolist())
    write_decoder(directory, settings, weights)
    return fitted_decoder({"beam": asdict(settings), "weights": asdict(weights)}, nbest)


def fitted_decoder(settings: dict[str, Any], nbest: Sequence[ScoredNBest]) -> FittedDecoder:
    """Settings whose weights were found on these clips, with their rates, which are logged."""
    wer = cross_validated_error_rate(nbest)
    words = max(1, sum(clip.words for clip in nbest))
    without = sum(clip.errors_without for clip in nbest) / words
    logger.info(
        "language models weighed as %s: validation WER %.4f, %.4f without them (n = %d)",
        settings["weights"],
        wer,
        without,
        len(nbest),
    )
    return FittedDecoder(settings, len(nbest), wer, without)


def training_transcripts(data: DatasetDict, seed: int) -> list[str]:
    """Texts of the training splits that may be counted, at most ``MAX_TRANSCRIPTS``."""
    texts = countable_texts(data)
    if len(texts) > MAX_TRANSCRIPTS:
        logger.warning(
            "the language models are counted on %d of %d transcripts", MAX_TRANSCRIPTS, len(texts)
        )
        texts = random.Random(seed).sample(texts, MAX_TRANSCRIPTS)
    return texts


def weighing_clips(valid: Dataset) -> Dataset:
    """The validation clips weights are found on, drawn by first language, task and level."""
    return draw_by_kind(valid, MAX_CLIPS, CLIPS_SEED)


def count_language_models(
    directory: Path, texts: Sequence[str], symbols: Sequence[str], delimiter: str, order: int
) -> None:
    """Write the n-gram models over a CTC vocabulary's symbols, over morphemes and over POS tags."""
    spelled = [list(to_label_form(text, symbols).replace(" ", delimiter)) for text in texts]
    text_symbols = [symbol for symbol in symbols if symbol]
    NGram(spelled, order, text_symbols).write_arpa(directory / JAMO_MODEL_FILE)

    tagged = [tag_morphemes(text) for text in texts]
    morphemes = NGram([text.morphemes for text in tagged], MORPHEME_ORDER, ())
    morphemes.write_arpa(directory / MORPHEME_MODEL_FILE)
    tags = NGram([text.pos_tags for text in tagged], TAG_ORDER, ())
    tags.write_arpa(directory / TAG_MODEL_FILE)


def score_nbest(recogniser: CTCRecogniser, rescorer: Rescorer, rows: Dataset) -> list[ScoredNBest]:
    """The N-best list of every clip of a prepared split, with features and word errors."""
    waves = [load_audio(row) for row in rows]
    nbest = []
    all_posteriors = recogniser.posteriors_by_speed(waves, SPEEDS)
    read_without = recogniser.decode(all_posteriors, waves, Reading.WHOLE_SYLLABLES)
    for row, wave, posteriors, without in zip(
        rows, waves, all_posteriors, read_without, strict=True
    ):
        alignments, features = rescorer.nbest_features(posteriors)
        seconds = len(wave) / RATE
        texts = [recogniser.to_hypothesis(each, posteriors[0], seconds) for each in alignments]

        # Errors are counted on the texts as a user would see them.
        reference = row["text"].split()
        errors = [
            Levenshtein.distance(reference, hypothesis.text.split())
            for hypothesis in (*texts, without)
        ]
        nbest.append(
            ScoredNBest(
                features, np.array(errors[:-1]), len(reference), row["speaker_id"], errors[-1]
            )
        )
    return nbest
