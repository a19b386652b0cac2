"""N-best rescoring: a beam's best texts scored again by what a search frame by frame cannot know.

Legend: T frames, V vocabulary, N texts of an N-best list, K features.

The beam search scores one alignment of a text and sees at most six jamo back, about a word. Its
N-best list is short enough for better questions: how probable a text is over all its alignments
(the CTC forward score), at the speed it was spoken and slower and faster; and how probable it is as
jamo, as morphemes, as a sequence of part-of-speech tags and as Korean at large. Each answer is a
feature of a log-linear model (Ostendorf et al., 1991); the text with the highest weighted sum wins.
The language models travel with a model directory as ``*.arpa``, the weights as ``decoder.json``;
how both are made is in :mod:`speakor_common.recognition.decoder_tuning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.beam import BeamSearch, BeamSettings
from speakor_common.decoding.ctc_lattice import collapse, forward_scores
from speakor_common.decoding.korean import korean_log_probability, tag_morphemes
from speakor_common.decoding.ngram import ArpaLanguageModel, arpa_units
from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json, write_json
from speakor_common.text import from_jamo

# Files of a model directory that is decoded with language models.
JAMO_MODEL_FILE = "lm.arpa"
MORPHEME_MODEL_FILE = "morphemes.arpa"
TAG_MODEL_FILE = "tags.arpa"
DECODER_FILE = "decoder.json"

NBEST_SIZE = 100
SPEEDS = (0.88, 1.13)  # of the copies, as factors of batching.augment.change_speed

# Weights that decoder.json named otherwise in version 0.1.
_FORMER_NAMES = {"tags": "pos_tags", "length": "jamo_count", "pieces": "morpheme_count"}


@dataclass(frozen=True)
class FeatureWeights:
    """How much each feature counts; all but the counts are natural log probabilities.

    Attributes:
        acoustic: forward score, mean over the speeds.
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


class Rescorer:
    """Beam search and N-best rescoring in one.

    Args:
        directory: holds the language models.
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.
        delimiter: symbol between words.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(
        self,
        directory: Path,
        symbols: list[str],
        blank: int,
        delimiter: str,
        settings: BeamSettings,
        weights: FeatureWeights,
    ) -> None:
        self._search = BeamSearch(directory / JAMO_MODEL_FILE, symbols, blank, delimiter, settings)
        self._morpheme_model = _language_model(directory / MORPHEME_MODEL_FILE)
        self._tag_model = _language_model(directory / TAG_MODEL_FILE)
        self._symbols = symbols
        self._blank = blank
        self._delimiter = delimiter
        self._weights = weights.vector()

    def best_alignment(self, posteriors_by_speed: Sequence[np.ndarray]) -> np.ndarray:
        """Symbol index of every frame of the best text, int64, shape = (T,).

        Args:
            posteriors_by_speed: of the clip as spoken and, where wanted, of its speed-perturbed
                copies; float32, shape = (T, V) with a T of each one's own, natural logarithm.
        """
        alignments, features = self.nbest_features(posteriors_by_speed)
        return alignments[int((features @ self._weights).argmax())]

    def nbest_features(
        self, posteriors_by_speed: Sequence[np.ndarray]
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """The N-best list of the clip as spoken, and the features of its texts.

        Returns:
            An alignment for each text as in :meth:`best_alignment`, and float64, shape = (N, K), in
            the order of :class:`FeatureWeights`.
        """
        alignments = self._search.nbest(posteriors_by_speed[0], NBEST_SIZE)
        sequences = [collapse(alignment, self._blank) for alignment in alignments]
        acoustic = self._acoustic_scores(posteriors_by_speed, sequences)
        of_text = np.array([self._text_features(sequence) for sequence in sequences])
        return alignments, np.column_stack([acoustic, of_text])

    def _acoustic_scores(
        self, posteriors_by_speed: Sequence[np.ndarray], sequences: list[list[int]]
    ) -> np.ndarray:
        """Mean forward score over the speeds, float64, shape = (N,).

        A copy too short for one of the texts is left out for all, or it would favour the others.
        """
        as_spoken, *copies = (
            forward_scores(log_probabilities, sequences, self._blank)
            for log_probabilities in posteriors_by_speed
        )
        usable = [scores for scores in copies if np.isfinite(scores).all()]
        return np.mean([as_spoken, *usable], axis=0)

    def _text_features(self, sequence: list[int]) -> tuple[float, ...]:
        """All features but the acoustic one, in the order of :class:`FeatureWeights`."""
        symbols = [self._symbols[index] for index in sequence]
        text = from_jamo("".join(symbols).replace(self._delimiter, " "))
        tagged = tag_morphemes(text)
        return (
            self._search.language_model.score(symbols),
            self._morpheme_model.score(tagged.morphemes),
            self._tag_model.score(tagged.pos_tags),
            korean_log_probability(text),
            len(sequence),
            len(tagged.pos_tags),
        )


def _language_model(file: Path) -> ArpaLanguageModel:
    return ArpaLanguageModel(file, arpa_units(file))


def write_decoder(directory: Path, settings: BeamSettings, weights: FeatureWeights) -> Path:
    """Write ``decoder.json`` beside the language models of a model directory."""
    content = {"beam": asdict(settings), "weights": asdict(weights)}
    return write_json(directory / DECODER_FILE, content)


def load_rescorer(
    directory: Path, symbols: list[str], blank: int, delimiter: str
) -> Rescorer | None:
    """The decoder a model directory asks for, or ``None`` if it holds no ``decoder.json``.

    Raises:
        CheckpointError: settings without a language model, or with unknown fields.
        SpeakorError: flashlight-text is not installed.
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
        settings = BeamSettings(**content["beam"])
        named = {_FORMER_NAMES.get(name, name): w for name, w in content["weights"].items()}
        weights = FeatureWeights(**named)
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{file}: {error!r}; expected the fields of {BeamSettings()} under 'beam' "
            f"and those of {FeatureWeights()} under 'weights'"
        ) from error
    return Rescorer(directory, symbols, blank, delimiter, settings, weights)
