"""CTC beam search with a jamo n-gram (flashlight-text).

Legend: T frames, V vocabulary.

A jamo vocabulary lets a greedy decoder write what is no syllable (ᅡᆸᆷ). A language model over
jamo, estimated from training transcripts, all but rules that out and prefers what learners are
asked to say. It travels with the model as ``lm.arpa``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.language_model import LanguageModel

# Most probable symbols of a frame that are tried, and how far below the best a hypothesis may fall. Wider ones (30 and 30) take
# two thirds more time and changed no transcript of the sample's validation clips, clean or degraded.
_TOKENS, _THRESHOLD = 20, 22.0


@dataclass(frozen=True, order=True)
class BeamSettings:
    """How much the language model counts.

    Attributes:
        lm_weight: factor on the language model's log10 probability beside the natural-log posteriors.
        blank_penalty: subtracted from the blank's log posterior in every frame, against the language model's
            liking for short text.
        beam: hypotheses kept a frame.
    """

    lm_weight: float = 2.0
    blank_penalty: float = 1.0
    beam: int = 200


class BeamSearch:
    """Best paths through frame posteriors under posteriors and language model together.

    Args:
        language_model: ARPA file over ``symbols``.
        symbols: vocabulary by index; special tokens as ``""``.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(
        self,
        language_model: Path,
        symbols: list[str],
        blank: int,
        delimiter: str,
        settings: BeamSettings,
    ) -> None:
        from flashlight.lib.text.decoder import (
            CriterionType,
            LexiconFreeDecoder,
            LexiconFreeDecoderOptions,
        )

        # The dictionary keeps the vocabulary's indices; special tokens are words the model does not know.
        self.language_model = LanguageModel(
            language_model, [symbol or f"<{index}>" for index, symbol in enumerate(symbols)]
        )
        self._specials = [
            index for index, symbol in enumerate(symbols) if not symbol and index != blank
        ]
        self._blank_penalty = settings.blank_penalty
        self._blank = blank
        options = LexiconFreeDecoderOptions(
            beam_size=settings.beam, beam_size_token=min(_TOKENS, len(symbols)), beam_threshold=_THRESHOLD, lm_weight=settings.lm_weight,
            sil_score=0.0, log_add=False, criterion_type=CriterionType.CTC,
        )  # fmt: skip
        self._decoder = LexiconFreeDecoder(
            options, self.language_model.kenlm, symbols.index(delimiter), blank, []
        )

    def candidates(self, log_probabilities: np.ndarray, limit: int = 1) -> list[np.ndarray]:
        """The best paths of up to ``limit`` different label sequences, best first: symbol index of every frame, int64, shape = (T,).

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.
        """
        scores = np.array(log_probabilities, np.float32, order="C")
        scores[:, self._specials] = -1e4
        scores[:, self._blank] -= self._blank_penalty
        found: dict[tuple[int, ...], np.ndarray] = {}
        for hypothesis in self._decoder.decode(scores.ctypes.data, *scores.shape):
            path = np.array(
                hypothesis.tokens[1:-1], np.int64
            )  # without the search's own first and last state
            found.setdefault(tuple(labels(path, self._blank)), path)
            if len(found) == limit:
                break
        return list(found.values())


def labels(path: np.ndarray, blank: int) -> list[int]:
    """What a path spells: repeats merged, blanks dropped."""
    merged = path[np.flatnonzero(np.diff(path, prepend=-1))]
    return merged[merged != blank].tolist()
