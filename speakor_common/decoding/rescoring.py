"""N-best rescoring: a beam's best texts scored again by what a search frame by frame cannot know.

Legend: T frames, V vocabulary, N texts of an N-best list, K features.

The beam search scores one alignment of a text and sees at most six jamo back, about a word. Its
N-best list is short enough for better questions: how probable a text is over all its alignments
(the CTC forward score), at the speed it was spoken and slower and faster; and how probable it is as
jamo, as morphemes, as a sequence of part-of-speech tags and as Korean at large. How the answers are
weighed is in :mod:`.text_features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from speakor_common.decoding.beam import BeamSearch, BeamSettings
from speakor_common.decoding.ctc_lattice import collapse, forward_scores
from speakor_common.decoding.text_features import (
    DECODER_FILE,
    JAMO_MODEL_FILE,
    FeatureWeights,
    TextFeatures,
    read_decoder,
)
from speakor_common.errors import CheckpointError
from speakor_common.storage import write_json
from speakor_common.text import from_jamo

NBEST_SIZE = 100
SPEEDS = (0.88, 1.13)  # of the copies, as factors of batching.augment.change_speed


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
        self._features = TextFeatures(directory, self._search.language_model)
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
        return self._features.of(symbols, text)


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
    decoder = read_decoder(directory)
    if decoder is None:
        return None
    content, weights = decoder
    try:
        settings = BeamSettings(**content)
    except TypeError as error:
        raise CheckpointError(
            f"{directory / DECODER_FILE}: {error!r}; "
            f"expected the fields of {BeamSettings()} under 'beam'"
        ) from error
    return Rescorer(directory, symbols, blank, delimiter, settings, weights)
