"""CTC beam search with a jamo n-gram, by flashlight-text: posteriors to an N-best list.

Legend: T frames, V vocabulary.

A language model over jamo, estimated from training transcripts, all but rules out what is no
syllable and prefers what learners are asked to say. It travels with the model as ``lm.arpa``.
What the search cannot know (other alignments of a text, morphemes) is left to :mod:`.rescoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speakor_common.decoding.ctc_lattice import collapse
from speakor_common.decoding.ngram import ArpaLanguageModel

# Wider settings (30 and 30) take two thirds more time and changed no transcript of the sample's
# validation clips, clean or degraded.
_TOKENS = 20  # most probable symbols of a frame that are tried
_THRESHOLD = 22.0  # how far a hypothesis may fall below the best, log probability
_IMPOSSIBLE = -1e4  # log probability of special tokens, which are never text


@dataclass(frozen=True)
class BeamSettings:
    """How much the language model counts, and how many hypotheses are kept.

    Attributes:
        lm_weight: factor on the language model's log10 probability, beside natural-log posteriors.
        blank_penalty: subtracted from the blank's log posterior in every frame, against the
            language model's liking for short text.
        beam: hypotheses kept a frame.
    """

    lm_weight: float = 2.0
    blank_penalty: float = 1.0
    beam: int = 200


class BeamSearch:
    """The most probable texts under posteriors and language model together.

    Args:
        arpa_file: language model over ``symbols``.
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.
        delimiter: symbol between words.

    Raises:
        SpeakorError: flashlight-text is not installed.
    """

    def __init__(
        self,
        arpa_file: Path,
        symbols: list[str],
        blank: int,
        delimiter: str,
        settings: BeamSettings,
    ) -> None:
        # The dictionary keeps the vocabulary's indices; special tokens are words unknown to it.
        units = [symbol or f"<{index}>" for index, symbol in enumerate(symbols)]
        self.language_model = ArpaLanguageModel(arpa_file, units)
        from flashlight.lib.text.decoder import (
            CriterionType,
            LexiconFreeDecoder,
            LexiconFreeDecoderOptions,
        )

        self._blank = blank
        self._blank_penalty = settings.blank_penalty
        self._specials = [i for i, symbol in enumerate(symbols) if not symbol and i != blank]
        options = LexiconFreeDecoderOptions(
            beam_size=settings.beam,
            beam_size_token=min(_TOKENS, len(symbols)),
            beam_threshold=_THRESHOLD,
            lm_weight=settings.lm_weight,
            sil_score=0.0,
            log_add=False,
            criterion_type=CriterionType.CTC,
        )
        silence = symbols.index(delimiter)
        self._decoder = LexiconFreeDecoder(options, self.language_model.kenlm, silence, blank, [])

    def nbest(self, log_probabilities: np.ndarray, limit: int = 1) -> list[np.ndarray]:
        """Alignments of the best ``limit`` different label sequences at most, best first.

        Args:
            log_probabilities: float32, shape = (T, V), natural logarithm.

        Returns:
            For each label sequence the symbol index of every frame, int64, shape = (T,).
        """
        scores = np.array(log_probabilities, np.float32, order="C")
        scores[:, self._specials] = _IMPOSSIBLE
        scores[:, self._blank] -= self._blank_penalty

        # Hypotheses come best first and may differ in nothing but their alignment.
        nbest: dict[tuple[int, ...], np.ndarray] = {}
        for hypothesis in self._decoder.decode(scores.ctypes.data, *scores.shape):
            inner = hypothesis.tokens[1:-1]  # without the search's own first and last state
            frame_symbols = np.array(inner, np.int64)
            nbest.setdefault(tuple(collapse(frame_symbols, self._blank)), frame_symbols)
            if len(nbest) == limit:
                break
        return list(nbest.values())
