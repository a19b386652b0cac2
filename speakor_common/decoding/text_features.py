"""What language models say of a text, whatever recognised it, and which of several texts is best.

Legend: N texts of an N-best list, K features of a text (:class:`FeatureWeights`).

A log-linear model (Ostendorf et al., 1991): every question about a text is a feature, and the text
with the highest weighted sum wins. The language models travel with a model directory as ``*.arpa``,
the weights as ``decoder.json``; how both are made is in
:mod:`speakor_common.recognition.decoder_tuning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speakor_common.decoding.korean import korean_log_probability, tag_morphemes
from speakor_common.decoding.ngram import ArpaLanguageModel, arpa_units
from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json
from speakor_common.text import to_jamo

# Files of a model directory that is read with language models.
JAMO_MODEL_FILE = "lm.arpa"
MORPHEME_MODEL_FILE = "morphemes.arpa"
TAG_MODEL_FILE = "tags.arpa"
DECODER_FILE = "decoder.json"

DELIMITER = "|"  # between words, in the spelling of models without a vocabulary of their own

# Weights that decoder.json named otherwise in version 0.1.
_FORMER_NAMES = {"tags": "pos_tags", "length": "jamo_count", "pieces": "morpheme_count"}


@dataclass(frozen=True)
class FeatureWeights:
    """How much each feature counts; all but the counts are natural log probabilities.

    Attributes:
        acoustic: of a CTC model the forward score, mean over the speeds; of Whisper the text's.
        jamo, morphemes, pos_tags: n-gram models counted on the training transcripts.
        korean: a general language model of Korean (:mod:`.korean`).
        jamo_count: number of jamo and delimiters, against the models' liking for short text.
        morpheme_count: number of morphemes.
    """

    acoustic: float = 1.0
    jamo: float = 1.0
    morphemes: float = 0.0
    pos_tags: float = 0.0
    korean: float = 0.0
    jamo_count: float = 0.0
    morpheme_count: float = 0.0

    def vector(self) -> np.ndarray:
        """Weights in the order of the fields, float64, shape = (K,)."""
        return np.array(astuple(self), float)


class TextFeatures:
    """The language models of a model directory, and all features but the acoustic one.

    Args:
        jamo_model: over the symbols texts are spelled in; by default as the directory lists them.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(self, directory: Path, jamo_model: ArpaLanguageModel | None = None) -> None:
        self._jamo_model = jamo_model or _language_model(directory / JAMO_MODEL_FILE)
        self._morpheme_model = _language_model(directory / MORPHEME_MODEL_FILE)
        self._tag_model = _language_model(directory / TAG_MODEL_FILE)

    def of(self, symbols: Sequence[str], text: str) -> tuple[float, ...]:
        """In the order of :class:`FeatureWeights`.

        Args:
            symbols: the text as it is spelled, words delimited.
        """
        tagged = tag_morphemes(text)
        return (
            self._jamo_model.score(symbols),
            self._morpheme_model.score(tagged.morphemes),
            self._tag_model.score(tagged.pos_tags),
            korean_log_probability(text),
            len(symbols),
            len(tagged.pos_tags),
        )


class TextRescorer:
    """Chooses among texts that come with a score and no posteriors, as Whisper's do."""

    def __init__(self, directory: Path, weights: FeatureWeights) -> None:
        self._features = TextFeatures(directory)
        self._weights = weights.vector()

    def features(self, texts: Sequence[str], scores: Sequence[float]) -> np.ndarray:
        """Of each text, float64, shape = (N, K).

        Args:
            texts: normalised.
            scores: natural log probability of each, from the recogniser.
        """
        spelled = [list(to_jamo(text).replace(" ", DELIMITER)) for text in texts]
        rows = [self._features.of(*pair) for pair in zip(spelled, texts, strict=True)]
        return np.column_stack([scores, np.array(rows)])

    def best(self, texts: Sequence[str], scores: Sequence[float]) -> int:
        """Position of the text with the highest weighted sum."""
        return int((self.features(texts, scores) @ self._weights).argmax())


def _language_model(file: Path) -> ArpaLanguageModel:
    return ArpaLanguageModel(file, arpa_units(file))


def read_decoder(directory: Path) -> tuple[dict[str, Any], FeatureWeights] | None:
    """The search's settings and the weights of a directory that is read with language models.

    ``None`` if it holds no ``decoder.json``.

    Raises:
        CheckpointError: a language model is missing, or ``decoder.json`` has other fields.
    """
    file = directory / DECODER_FILE
    if not file.is_file():
        return None
    for name in (JAMO_MODEL_FILE, MORPHEME_MODEL_FILE, TAG_MODEL_FILE):
        if not (directory / name).is_file():
            raise CheckpointError(
                f"{directory} holds {DECODER_FILE} but no {name}; copy the whole directory"
            )
    content = read_json(file)
    try:
        named = {_FORMER_NAMES.get(name, name): w for name, w in content["weights"].items()}
        return dict(content["beam"]), FeatureWeights(**named)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(
            f"{file}: {error!r}; expected the search's settings under 'beam' "
            f"and the fields of {FeatureWeights()} under 'weights'"
        ) from error
