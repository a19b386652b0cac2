"""A second reading of a beam's best texts, with what a search from frame to frame cannot know.

Legend: T frames, V vocabulary, N candidates, K knowledge sources.

The beam search scores one alignment of a text and sees at most six jamo back, about a word. Its candidates are few
enough for better questions: how probable the text is over all its alignments (the CTC forward score), at the speed it
was spoken and slower and faster; and how probable it is as jamo, as morphemes, as a sequence of word classes and as
Korean at large. The sources are weighed log-linearly, as in N-best rescoring since Ostendorf et al. (1991). The language
models travel with a model directory as ``*.arpa``, the weights as ``decoder.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.beam import BeamSearch, BeamSettings, labels
from speakor_common.decoding.ctc_lattice import forward_scores
from speakor_common.decoding.korean import log_probability
from speakor_common.decoding.language_model import LanguageModel, listed
from speakor_common.decoding.morphemes import analyse
from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json, write_json
from speakor_common.text import from_jamo

JAMO_MODEL_FILE, MORPHEME_MODEL_FILE, TAG_MODEL_FILE, SETTINGS_FILE = (
    "lm.arpa",
    "morphemes.arpa",
    "tags.arpa",
    "decoder.json",
)
CANDIDATES = 100
SPEEDS = (0.88, 1.13)  # heard again slower and faster; a factor as in batching.augment.change_speed


@dataclass(frozen=True)
class Weights:
    """What each source counts, on natural logarithms.

    Attributes:
        acoustic: forward score, mean over the speeds.
        jamo, morphemes, tags: n-gram models of jamo, morphemes and word classes.
        korean: a general language model's log probability, see :mod:`.korean`.
        length: number of jamo, against the models' liking for short text.
        pieces: number of morphemes.
    """

    acoustic: float = 1.0
    jamo: float = 1.0
    morphemes: float = 0.0
    tags: float = 0.0
    korean: float = 0.0
    length: float = 0.0
    pieces: float = 0.0

    def vector(self) -> np.ndarray:
        """Weights of all sources in the order of the fields, float64, shape = (K,)."""
        return np.array(astuple(self), float)


class Rescorer:
    """Beam search and second reading in one.

    Args:
        directory: holds the language models.
        symbols: vocabulary by index; special tokens as ``""``.

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
        weights: Weights,
    ) -> None:
        self._search = BeamSearch(directory / JAMO_MODEL_FILE, symbols, blank, delimiter, settings)
        self._morphemes, self._tags = (
            LanguageModel(file, listed(file))
            for file in (directory / MORPHEME_MODEL_FILE, directory / TAG_MODEL_FILE)
        )
        self._symbols, self._blank, self._delimiter = symbols, blank, delimiter
        self._weights = weights.vector()

    def path(self, views: Sequence[np.ndarray]) -> np.ndarray:
        """Symbol index of every frame: int64, shape = (T,).

        Args:
            views: posteriors of the clip as spoken and, where wanted, at other speeds; float32, shape = (T, V) with a T
                of each view's own, natural logarithm.
        """
        paths, scores = self.candidates(views)
        return paths[int((scores @ self._weights).argmax())]

    def candidates(self, views: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
        """Paths through the first view, and what every source says of them: float64, shape = (N, K)."""
        paths = self._search.candidates(views[0], CANDIDATES)
        sequences = [labels(path, self._blank) for path in paths]
        return paths, np.column_stack(
            [self._acoustic(views, sequences), *zip(*map(self._judge, sequences), strict=True)]
        )

    def _acoustic(self, views: Sequence[np.ndarray], sequences: list[list[int]]) -> np.ndarray:
        """Mean forward score; a view too short for one of the texts is left out for all, or it would favour the others."""
        scores = [forward_scores(logs, sequences, self._blank) for logs in views]
        return np.mean([scores[0], *(s for s in scores[1:] if np.isfinite(s).all())], axis=0)

    def _judge(self, sequence: list[int]) -> tuple[float, ...]:
        """All sources but the acoustic one, in the order of :class:`Weights`."""
        symbols = [self._symbols[index] for index in sequence]
        text = from_jamo("".join(symbols).replace(self._delimiter, " "))
        found = analyse(text)
        jamo = self._search.language_model.score(symbols)
        morphemes, tags = self._morphemes.score(found.morphemes), self._tags.score(found.tags)
        return jamo, morphemes, tags, log_probability(text), len(sequence), len(found.tags)


def save_settings(directory: Path, settings: BeamSettings, weights: Weights) -> Path:
    """Write ``decoder.json`` beside the language models of a model directory."""
    return write_json(
        directory / SETTINGS_FILE, {"beam": asdict(settings), "weights": asdict(weights)}
    )


def load(directory: Path, symbols: list[str], blank: int, delimiter: str) -> Rescorer | None:
    """The decoder a model directory asks for, or ``None`` if it holds no language model.

    Raises:
        CheckpointError: settings without a language model, or with unknown fields.
    """
    if not (directory / SETTINGS_FILE).is_file():
        return None
    for name in (JAMO_MODEL_FILE, MORPHEME_MODEL_FILE, TAG_MODEL_FILE):
        if not (directory / name).is_file():
            raise CheckpointError(
                f"{directory} holds {SETTINGS_FILE} but no {name}; copy the whole directory"
            )
    content = read_json(directory / SETTINGS_FILE)
    try:
        settings, weights = BeamSettings(**content["beam"]), Weights(**content["weights"])
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{directory / SETTINGS_FILE}: {error!r}; expected fields of {BeamSettings()} and {Weights()}"
        ) from error
    return Rescorer(directory, symbols, blank, delimiter, settings, weights)
