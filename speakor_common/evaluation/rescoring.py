"""A second reading of a beam's best texts, with what a search from frame to frame cannot know.

Legend: T frames, V vocabulary, N candidates, K knowledge sources.

The beam search scores one alignment of a text and sees at most six jamo back, about a word. Its candidates are few
enough for better questions: how probable the text is over all its alignments (the CTC forward score), in jamo, and in
words. The sources are weighed log-linearly, as in N-best rescoring since Ostendorf et al. (1991). The word model travels
with the jamo model as ``words.arpa``, the weights as ``decoder.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from speakor_common.errors import CheckpointError
from speakor_common.evaluation.beam import BeamSearch, BeamSettings, labels
from speakor_common.evaluation.language_model import LanguageModel, listed
from speakor_common.storage import read_json, write_json

JAMO_MODEL_FILE, WORD_MODEL_FILE, SETTINGS_FILE = "lm.arpa", "words.arpa", "decoder.json"
CANDIDATES = 60


@dataclass(frozen=True, order=True)
class Weights:
    """Factors beside the acoustic score's 1.

    Attributes:
        jamo, words: on the language models' natural log probabilities.
        length: on the number of jamo, against the language models' liking for short text.
    """

    jamo: float = 1.0
    words: float = 0.0
    length: float = 0.0

    def vector(self) -> np.ndarray:
        """Weights of all sources, float64, shape = (K,)."""
        return np.array([1.0, self.jamo, self.words, self.length])


class Rescorer:
    """Beam search and second reading in one.

    Args:
        directory: holds ``lm.arpa`` and ``words.arpa``.
        symbols: vocabulary by index; special tokens as ``""``.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(self, directory: Path, symbols: list[str], blank: int, delimiter: str, settings: BeamSettings, weights: Weights) -> None:
        self._search = BeamSearch(directory / JAMO_MODEL_FILE, symbols, blank, delimiter, settings)
        self._words = LanguageModel(directory / WORD_MODEL_FILE, listed(directory / WORD_MODEL_FILE))
        self._symbols, self._blank, self._delimiter = symbols, blank, delimiter
        self._weights = weights.vector()

    def path(self, log_probabilities: np.ndarray) -> np.ndarray:
        """Symbol index of every frame: int64, shape = (T,).

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.
        """
        paths, scores = self.candidates(log_probabilities)
        return paths[int((scores @ self._weights).argmax())]

    def candidates(self, log_probabilities: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Paths, and what every source says of them: float64, shape = (N, K)."""
        paths = self._search.candidates(log_probabilities, CANDIDATES)
        sequences = [labels(path, self._blank) for path in paths]
        spelled = [[self._symbols[index] for index in sequence] for sequence in sequences]
        jamo = [self._search.language_model.score(symbols) for symbols in spelled]
        words = [self._words.score("".join(symbols).replace(self._delimiter, " ").split()) for symbols in spelled]
        acoustic = forward_scores(log_probabilities, sequences, self._blank)
        return paths, np.column_stack([acoustic, jamo, words, [len(sequence) for sequence in sequences]])


def forward_scores(log_probabilities: np.ndarray, sequences: Sequence[Sequence[int]], blank: int) -> np.ndarray:
    """Log probability of each label sequence over all its alignments: float64, shape = (N,)."""
    frames = torch.from_numpy(log_probabilities.astype(np.float64))[:, None].expand(-1, len(sequences), -1)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    targets = torch.tensor([index for sequence in sequences for index in sequence], dtype=torch.long)
    loss = torch.nn.functional.ctc_loss(frames, targets, torch.full_like(lengths, len(frames)), lengths, blank, reduction="none")
    return -loss.numpy()


def save_settings(directory: Path, settings: BeamSettings, weights: Weights) -> Path:
    """Write ``decoder.json`` beside the language models of a model directory."""
    return write_json(directory / SETTINGS_FILE, {"beam": asdict(settings), "weights": asdict(weights)})


def load(directory: Path, symbols: list[str], blank: int, delimiter: str) -> Rescorer | None:
    """The decoder a model directory asks for, or ``None`` if it holds no language model.

    Raises:
        CheckpointError: settings without a language model, or with unknown fields.
    """
    if not (directory / SETTINGS_FILE).is_file():
        return None
    for name in (JAMO_MODEL_FILE, WORD_MODEL_FILE):
        if not (directory / name).is_file():
            raise CheckpointError(f"{directory} holds {SETTINGS_FILE} but no {name}; copy the whole directory")
    content = read_json(directory / SETTINGS_FILE)
    try:
        settings, weights = BeamSettings(**content["beam"]), Weights(**content["weights"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{directory / SETTINGS_FILE}: {error!r}; expected fields of {BeamSettings()} and {Weights()}") from error
    return Rescorer(directory, symbols, blank, delimiter, settings, weights)
