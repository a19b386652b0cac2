"""Language models for a trained Whisper: the same as a CTC model's, weighted the same way.

Whisper has no posteriors of frames, so its texts come from its own beam search, and the first
feature is the log probability it gives them. Everything else is as in :mod:`.decoder_tuning`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from datasets import Dataset, DatasetDict
from rapidfuzz.distance import Levenshtein

from speakor_common.batching.collate import load_audio
from speakor_common.corpus.draw import draw_by_kind
from speakor_common.decoding.text_features import (
    DECODER_FILE,
    DELIMITER,
    FeatureWeights,
    TextRescorer,
)
from speakor_common.recognition.decoder_tuning import (
    CLIPS_SEED,
    FittedDecoder,
    count_language_models,
    fitted_decoder,
    training_transcripts,
    weighing_clips,
)
from speakor_common.recognition.minimum_risk import ScoredNBest, fit_weights
from speakor_common.recognition.recognisers import default_device
from speakor_common.recognition.whisper_recogniser import BEAMS, WhisperRecogniser
from speakor_common.storage import write_json
from speakor_common.text import CODAS, ONSETS, VOWELS, normalise_hypothesis

MAX_CLIPS = 200  # validation clips the weights are chosen on; each takes a beam search


def fit_decoder(directory: Path, data: DatasetDict, order: int, seed: int) -> FittedDecoder:
    """Write the language models and ``decoder.json`` into a trained Whisper's directory.

    Args:
        data: splits ``train`` and ``valid``; ``native_train``, where there is one, is counted too.
        order: longest jamo n-gram; KenLM as packaged reads up to 6.
        seed: chooses transcripts, where there are too many to count.
    """
    # The beam search knows no language models yet: there is no decoder.json.
    recogniser = WhisperRecogniser(directory, default_device())
    letters = [DELIMITER, *ONSETS, *VOWELS, *CODAS]
    texts = training_transcripts(data, seed)
    count_language_models(directory, texts, letters, DELIMITER, order)

    # Weights from the N-best lists of validation clips, which do not depend on weights.
    rescorer = TextRescorer(directory, FeatureWeights())
    clips = draw_by_kind(weighing_clips(data["valid"]), MAX_CLIPS, CLIPS_SEED)
    nbest = score_texts(recogniser, rescorer, clips)
    weights = FeatureWeights(*fit_weights(nbest).tolist())
    content = {"beam": {"beams": BEAMS}, "weights": asdict(weights)}
    write_json(directory / DECODER_FILE, content)
    return fitted_decoder(content, nbest)


def score_texts(
    recogniser: WhisperRecogniser, rescorer: TextRescorer, rows: Dataset
) -> list[ScoredNBest]:
    """The best texts of every clip of a prepared split, with features and word errors.

    The first of them is what the beam search chooses without language models.
    """
    found = recogniser.nbest_texts([load_audio(row) for row in rows])
    nbest = []
    for row, scored in zip(rows, found, strict=True):
        texts = [normalise_hypothesis(text) for text, _ in scored]
        features = rescorer.features(texts, [score for _, score in scored])
        reference = row["text"].split()
        errors = [Levenshtein.distance(reference, text.split()) for text in texts]
        nbest.append(
            ScoredNBest(features, np.array(errors), len(reference), row["speaker_id"], errors[0])
        )
    return nbest
