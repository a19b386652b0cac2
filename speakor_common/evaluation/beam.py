"""CTC beam search with a symbol n-gram (flashlight-text), an alternative to greedy decoding.

Legend: T frames, V vocabulary.

A jamo vocabulary lets a greedy decoder write what is no syllable (ᅡᆸᆷ). A language model over
jamo, estimated from training transcripts, all but rules that out and prefers what learners are
asked to say. It travels with the model as ``lm.arpa`` and ``decoder.json``.
"""

from __future__ import annotations

import importlib.util
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from speakor_common.errors import CheckpointError, SpeakorError
from speakor_common.storage import read_json, write_json

MODEL_FILE, SETTINGS_FILE = "lm.arpa", "decoder.json"


@dataclass(frozen=True, order=True)
class BeamSettings:
    """How much the language model counts.

    Attributes:
        lm_weight: factor on the language model's log10 probability beside the natural-log posteriors.
        blank_penalty: subtracted from the blank's log posterior in every frame, against the language model's
            liking for short text.
        beam: hypotheses kept a frame.
    """

    lm_weight: float = 1.0
    blank_penalty: float = 0.0
    beam: int = 60


def require() -> None:
    """Check that beam search can run here.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """
    if importlib.util.find_spec("flashlight") is None:
        raise SpeakorError(
            "decoding with a language model needs flashlight-text, which has wheels for Python up to 3.12; "
            "install it, or train without a language model (lm_order 0)"
        )


class BeamSearch:
    """Best paths through frame posteriors under posteriors and language model together.

    Args:
        language_model: ARPA file over ``symbols``.
        symbols: vocabulary by index; special tokens as ``""``.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(self, language_model: Path, symbols: list[str], blank: int, delimiter: str, settings: BeamSettings) -> None:
        require()
        from flashlight.lib.text.decoder import CriterionType, LexiconFreeDecoder, LexiconFreeDecoderOptions
        from flashlight.lib.text.decoder.kenlm import KenLM
        from flashlight.lib.text.dictionary import Dictionary

        # The dictionary keeps the vocabulary's indices; special tokens are words the model does not know.
        self._dictionary = Dictionary([symbol or f"<{index}>" for index, symbol in enumerate(symbols)])
        self._model = KenLM(str(language_model), self._dictionary)  # the decoder does not keep it alive
        self._specials = [index for index, symbol in enumerate(symbols) if not symbol and index != blank]
        self._blank_penalty = settings.blank_penalty
        self._blank = blank
        options = LexiconFreeDecoderOptions(
            beam_size=settings.beam, beam_size_token=min(30, len(symbols)), beam_threshold=30.0, lm_weight=settings.lm_weight,
            sil_score=0.0, log_add=False, criterion_type=CriterionType.CTC,
        )  # fmt: skip
        self._decoder = LexiconFreeDecoder(options, self._model, symbols.index(delimiter), blank, [])

    def path(self, log_probabilities: np.ndarray) -> np.ndarray:
        """Symbol index of every frame: int64, shape = (T,).

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.
        """
        scores = np.array(log_probabilities, np.float32, order="C")
        scores[:, self._specials] = -1e4
        scores[:, self._blank] -= self._blank_penalty
        best = self._decoder.decode(scores.ctypes.data, *scores.shape)[0]
        return np.array(best.tokens[1:-1], np.int64)  # without the search's own first and last state


def save_settings(directory: Path, settings: BeamSettings) -> Path:
    """Write ``decoder.json`` beside the ``lm.arpa`` of a model directory."""
    return write_json(directory / SETTINGS_FILE, asdict(settings))


def load(directory: Path, symbols: list[str], blank: int, delimiter: str) -> BeamSearch | None:
    """The beam search a model directory asks for, or ``None`` if it holds no language model.

    Raises:
        CheckpointError: settings without a language model, or with unknown fields.
    """
    if not (directory / SETTINGS_FILE).is_file():
        return None
    if not (directory / MODEL_FILE).is_file():
        raise CheckpointError(f"{directory} holds {SETTINGS_FILE} but no {MODEL_FILE}; copy the whole directory")
    try:
        settings = BeamSettings(**read_json(directory / SETTINGS_FILE))
    except TypeError as error:
        raise CheckpointError(f"{directory / SETTINGS_FILE}: {error}") from error
    return BeamSearch(directory / MODEL_FILE, symbols, blank, delimiter, settings)
