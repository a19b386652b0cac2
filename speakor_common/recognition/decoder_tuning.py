"""Language models for a trained CTC model: counted on training texts, weighted on validation.

Legend: B clips, N texts of an N-best list, K features of a text (:class:`FeatureWeights`).

A grid over weights finds the fewest errors on the clips it sees, by luck as much as by merit. Here
weights make the texts of a clip more or less probable (a softmax of their weighted features), and
the expected number of word errors is minimised. It is smooth in the weights, so few clips suffice
(Smith & Eisner, 2006, "Minimum risk annealing for training log-linear models"). How texts are found
and what their features are is in :mod:`speakor_common.decoding.rescoring`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from rapidfuzz.distance import Levenshtein
from scipy.optimize import minimize

from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio, to_label_form
from speakor_common.corpus.draw import draw_by_kind
from speakor_common.corpus.held_out import countable_texts
from speakor_common.decoding.beam import BeamSettings
from speakor_common.decoding.korean import tag_morphemes
from speakor_common.decoding.ngram import NGram
from speakor_common.decoding.rescoring import SPEEDS, Rescorer, write_decoder
from speakor_common.decoding.text_features import (
    JAMO_MODEL_FILE,
    MORPHEME_MODEL_FILE,
    TAG_MODEL_FILE,
    FeatureWeights,
)
from speakor_common.recognition.ctc_recogniser import CTCRecogniser

logger = logging.getLogger(__name__)

MAX_TRANSCRIPTS = 50_000  # beyond that the counts outgrow memory and the gain is small
MAX_CLIPS = 400  # validation clips the weights are chosen on
CLIPS_SEED = 0  # of their draw: the same for every experiment and training seed
MORPHEME_ORDER = 3  # longest n-gram of morphemes
TAG_ORDER = 5  # longest n-gram of part-of-speech tags

_RIDGE = 1e-4  # pulls weights of standardised features to zero, where two say the same
_START = 0.5  # of every weight
_NO_TEXT = -1e9  # log probability of what fills up shorter N-best lists
# Until the optimum is met to four decimals; some 25 evaluations for 120 clips.
_SEARCH = {"maxiter": 1000, "maxcor": 20, "ftol": 1e-14, "gtol": 1e-9}


@dataclass(frozen=True)
class ScoredNBest:
    """One validation clip's N-best list.

    Attributes:
        features: float64, shape = (N, K).
        errors: word errors of each text, int, shape = (N,).
        words: number of words of the reference.
        speaker: speakers are kept together in cross-validation.
    """

    features: np.ndarray
    errors: np.ndarray
    words: int
    speaker: str


def fit_decoder(
    directory: Path, data: DatasetDict, order: int, seed: int
) -> tuple[dict[str, Any], float]:
    """Write the language models and ``decoder.json`` into a saved CTC model's directory.

    The language models see only training transcripts, and of these no sentence of validation or
    test. The weights are those expected to make the
    fewest word errors on validation; the beam search's settings hardly matter after rescoring and
    are fixed.

    Args:
        data: splits ``train`` and ``valid``; ``native_train``, where there is one, is counted too.
        order: longest jamo n-gram; KenLM as packaged reads up to 6.
        seed: chooses the transcripts, where there are too many to count.

    Returns:
        The content of ``decoder.json``, and a validation WER: of each speaker, with weights found
        on the others.
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
    wer = cross_validated_error_rate(nbest)

    logger.info("language models of order %d: %s, validation WER %.4f", order, weights, wer)
    write_decoder(directory, settings, weights)
    return {"beam": asdict(settings), "weights": asdict(weights)}, wer


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
    for row, wave, posteriors in zip(rows, waves, all_posteriors, strict=True):
        alignments, features = rescorer.nbest_features(posteriors)

        # Errors are counted on the texts as a user would see them.
        reference = row["text"].split()
        errors = []
        for alignment in alignments:
            hypothesis = recogniser.to_hypothesis(alignment, posteriors[0], len(wave) / RATE)
            errors.append(Levenshtein.distance(reference, hypothesis.text.split()))
        nbest.append(ScoredNBest(features, np.array(errors), len(reference), row["speaker_id"]))
    return nbest


def fit_weights(nbest: Sequence[ScoredNBest]) -> np.ndarray:
    """Weights with the smallest expected word errors.

    Returns:
        float64, shape = (K,), scaled so that the first is 1 where it is positive.
    """
    features, errors, mask = _padded(nbest)
    words = max(1, sum(clip.words for clip in nbest))

    # Standardised, so that one ridge suits all. A feature that never varies decides nothing.
    spread = features.reshape(-1, features.shape[2]).std(axis=0, ddof=1)
    spread[spread == 0] = 1.0
    features = features / spread

    def risk(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Expected word error rate with its ridge, and its gradient."""
        # Probability of each text: a softmax over the clip's N-best list.
        logits = features @ weights + mask
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)

        # A text's share of the gradient is how much worse than expected it is.
        expected = (probabilities * errors).sum(axis=1, keepdims=True)
        shares = probabilities * (errors - expected)
        gradient = np.einsum("bn,bnk->k", shares, features) / words + 2 * _RIDGE * weights
        return expected.sum() / words + _RIDGE * (weights @ weights), gradient

    start = np.full(features.shape[2], _START)
    optimum = minimize(risk, start, jac=True, method="L-BFGS-B", options=_SEARCH).x
    weights = optimum / spread
    return weights / weights[0] if weights[0] > 0 else weights


def nbest_error_rate(nbest: Sequence[ScoredNBest], weights: np.ndarray) -> float:
    """Word errors of the texts that weights choose, over words of the references."""
    errors = sum(int(clip.errors[(clip.features @ weights).argmax()]) for clip in nbest)
    return errors / max(1, sum(clip.words for clip in nbest))


def cross_validated_error_rate(nbest: Sequence[ScoredNBest], folds: int = 4) -> float:
    """Error rate of clips whose speakers had no part in the weights.

    Of one speaker's clips it is that of the fitted clips themselves.
    """
    speakers = sorted({clip.speaker for clip in nbest})
    if len(speakers) < 2:
        return nbest_error_rate(nbest, fit_weights(nbest))

    weighted_rates = []
    for first in range(min(folds, len(speakers))):
        held_out = set(speakers[first::folds])
        inside = [clip for clip in nbest if clip.speaker in held_out]
        weights = fit_weights([clip for clip in nbest if clip.speaker not in held_out])
        words = sum(clip.words for clip in inside)
        weighted_rates.append(nbest_error_rate(inside, weights) * words)
    return sum(weighted_rates) / max(1, sum(clip.words for clip in nbest))


def _padded(nbest: Sequence[ScoredNBest]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N-best lists filled up to the longest.

    Returns:
        Features relative to each list's first text, shape = (B, N, K); errors, shape = (B, N); and
        what makes filling improbable when added to weighted features, shape = (B, N); all float64.
    """
    longest = max(len(clip.errors) for clip in nbest)
    features = np.zeros((len(nbest), longest, nbest[0].features.shape[1]))
    errors = np.zeros((len(nbest), longest))
    mask = np.full((len(nbest), longest), _NO_TEXT)
    for row, clip in enumerate(nbest):
        count = len(clip.errors)
        features[row, :count] = clip.features - clip.features[:1]
        errors[row, :count] = clip.errors
        mask[row, :count] = 0.0
    return features, errors, mask
