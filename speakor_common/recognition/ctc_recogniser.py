"""A CTC model that recognises: posteriors of any length of audio, and what they spell.

Legend: T frames, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from speakor_common.audio import RATE
from speakor_common.batching.augment import change_speed
from speakor_common.decoding.output_readings import Reading
from speakor_common.decoding.rescoring import SPEEDS, load_rescorer
from speakor_common.decoding.syllables import viterbi_decoder, vocabulary
from speakor_common.decoding.words import Hypothesis, to_hypothesis
from speakor_common.errors import SpeakorError
from speakor_common.models.posteriors import SPELLED, load_posteriors
from speakor_common.recognition.segments import SegmentLengths, cut_waves, join_pieces

# A network is given windows of long audio. Neighbours share two seconds, and are joined in the
# middle of them.
_WINDOW_S = 20.0
_OVERLAP_S = 2.0

_BATCH_SECONDS = 60.0  # audio in one batch, padding included


class CTCRecogniser:
    """Any CTC network that ``AutoModelForCTC`` knows, read as its directory asks for.

    Where the directory holds language models, by beam search and N-best rescoring. Else by the
    most probable text of whole syllables, or, with a vocabulary of other symbols than jamo, by
    the strongest symbol of each frame. Plainer readings can be asked for.

    Attributes:
        reading: the directory's own, how :meth:`recognise` reads.
        symbols: vocabulary by index; special tokens as ``""``.
        blank: index of the CTC blank.
        delimiter: symbol between words.
        seconds_per_frame: between the starts of two frames.
        head: of the network, that is read.
    """

    segment_lengths = SegmentLengths(1.0, 8.0)

    def __init__(self, directory: Path, device: str, head: str = SPELLED) -> None:
        """Load a model directory onto a device of PyTorch.

        Args:
            head: which of the network's heads is read; one that has a single head has only that.

        Raises:
            CheckpointError: no CTC model, or not all of its files.
            SpeakorError: it asks for language models, and flashlight-text is not installed.
        """
        self._network = load_posteriors(directory, device)
        self.head = head if head in self._network.heads else SPELLED
        tokenizer = self._network.processor.tokenizer
        self.symbols = vocabulary(tokenizer)
        self.blank = tokenizer.pad_token_id
        self.delimiter = tokenizer.word_delimiter_token
        self.seconds_per_frame = self._network.grid.samples_per_frame / RATE

        self._rescorer = load_rescorer(directory, self.symbols, self.blank, self.delimiter)
        self._whole_syllables = viterbi_decoder(self.symbols, self.blank)
        self.reading = Reading.LANGUAGE_MODELS if self._rescorer else Reading.WHOLE_SYLLABLES

    def recognise(self, waves: Sequence[np.ndarray]) -> list[Hypothesis]:
        """Hypotheses of levelled waveforms (float32, 16 kHz) of any length, order kept."""
        return self.read(waves, (self.reading,))[self.reading]

    def read(
        self, waves: Sequence[np.ndarray], readings: Sequence[Reading]
    ) -> dict[Reading, list[Hypothesis]]:
        """:meth:`recognise` in several ways, from one pass through the network.

        Raises:
            SpeakorError: language models are asked for, and the directory holds none.
        """
        if Reading.LANGUAGE_MODELS in readings and not self._rescorer:
            raise SpeakorError(
                "this model's directory holds no language models, so it cannot be read with them"
            )
        pieces = cut_waves(waves, self.segment_lengths)
        segments = [piece.samples for piece in pieces]
        speeds = SPEEDS if Reading.LANGUAGE_MODELS in readings else ()
        posteriors = self.posteriors_by_speed(segments, speeds)
        return {
            reading: join_pieces(len(waves), pieces, self.decode(posteriors, segments, reading))
            for reading in readings
        }

    def recognise_segments(self, segments: Sequence[np.ndarray]) -> list[Hypothesis]:
        """:meth:`recognise` without cutting or trimming, for audio of a sentence's length."""
        posteriors = self.posteriors_by_speed(segments, SPEEDS if self._rescorer else ())
        return self.decode(posteriors, segments)

    def posteriors_by_speed(
        self, waves: Sequence[np.ndarray], speeds: Sequence[float]
    ) -> list[list[np.ndarray]]:
        """Posteriors of each wave as spoken, then of its speed-perturbed copies.

        Args:
            speeds: factors, see :func:`speakor_common.batching.augment.change_speed`.

        Returns:
            For each wave ``1 + len(speeds)`` posteriors as :meth:`log_probabilities` gives.
        """
        perturbed = [
            self.log_probabilities([change_speed(wave, speed) for wave in waves])
            for speed in speeds
        ]
        as_spoken = self.log_probabilities(waves)
        return [list(of_wave) for of_wave in zip(as_spoken, *perturbed, strict=True)]

    def decode(
        self,
        posteriors: Sequence[Sequence[np.ndarray]],
        waves: Sequence[np.ndarray],
        reading: Reading | None = None,
    ) -> list[Hypothesis]:
        """Hypotheses from the posteriors of waves, see :meth:`posteriors_by_speed`.

        Args:
            reading: the directory's own by default; without language models only the posteriors
                of the waves as spoken are looked at.
        """
        align = {
            Reading.PLAIN: _strongest,
            Reading.WHOLE_SYLLABLES: lambda by_speed: self._whole_syllables(by_speed[0]),
            Reading.LANGUAGE_MODELS: lambda by_speed: self._rescorer.best_alignment(by_speed),
        }[reading or self.reading]
        return [
            self.to_hypothesis(align(by_speed), by_speed[0], len(wave) / RATE)
            for by_speed, wave in zip(posteriors, waves, strict=True)
        ]

    def to_hypothesis(
        self, alignment: np.ndarray, log_probabilities: np.ndarray, duration_s: float
    ) -> Hypothesis:
        """What an alignment spells, with word times and confidence.

        Args:
            alignment: symbol index of each frame, int, shape = (T,).
            log_probabilities: posteriors, shape = (T, V).
            duration_s: of the clip, the end of its last word.
        """
        return to_hypothesis(
            alignment,
            log_probabilities,
            self.symbols,
            self.blank,
            self.delimiter,
            self.seconds_per_frame,
            duration_s,
        )

    def log_probabilities(self, waves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Posteriors of each wave by :attr:`head`: float32, shape = (T, V), natural logarithm."""
        return [by_head[self.head] for by_head in self.posteriors(waves)]

    def posteriors(self, waves: Sequence[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Posteriors of each wave by every head: float32, shape = (T, V), natural logarithm.

        Waves are computed in batches of similar length, long ones in windows. Less audio than a
        frame is taken for silence.
        """
        grid = self._network.grid
        windows: list[_Window] = []
        for index, wave in enumerate(waves):
            missing = max(0, grid.shortest - len(wave))
            padded = np.pad(wave, (0, missing))
            windows += _windows(index, padded, grid.samples_per_frame)

        # Compute all windows, and keep of each what no other window knows better.
        kept: list[dict[str, np.ndarray]] = [{}] * len(windows)
        for batch in _batches([len(window.samples) for window in windows]):
            posteriors = self._network.posteriors([windows[i].samples for i in batch])
            for position, by_head in zip(batch, posteriors, strict=True):
                window = windows[position]
                kept[position] = {
                    head: logs[window.first : window.last] for head, logs in by_head.items()
                }

        # Join the windows of each wave again.
        joined: list[list[dict[str, np.ndarray]]] = [[] for _ in waves]
        for window, by_head in zip(windows, kept, strict=True):
            joined[window.wave].append(by_head)
        return [
            {head: np.concatenate([part[head] for part in parts]) for head in self._network.heads}
            for parts in joined
        ]


def _strongest(by_speed: Sequence[np.ndarray]) -> np.ndarray:
    """The most probable symbol of every frame as spoken, int64, shape = (T,)."""
    return by_speed[0].argmax(axis=1)


class _Window(NamedTuple):
    """Samples of a wave, and which frames computed from them are kept; ``None``: to the end."""

    wave: int
    samples: np.ndarray
    first: int
    last: int | None


def _windows(index: int, wave: np.ndarray, samples_per_frame: int) -> list[_Window]:
    """Windows of the wave with this index."""
    # In frames, so that a window begins where a frame does.
    size = int(_WINDOW_S * RATE) // samples_per_frame
    half_overlap = int(_OVERLAP_S / 2 * RATE) // samples_per_frame
    if len(wave) <= size * samples_per_frame:
        return [_Window(index, wave, 0, None)]

    windows = []
    step = size - 2 * half_overlap
    for start in range(0, len(wave) // samples_per_frame + 1, step):
        samples = wave[start * samples_per_frame : (start + size) * samples_per_frame]
        is_last = (start + size) * samples_per_frame >= len(wave)
        first = 0 if start == 0 else half_overlap
        last = None if is_last else size - half_overlap
        windows.append(_Window(index, samples, first, last))
        if is_last:
            break
    return windows


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped by similar length, at most ``_BATCH_SECONDS`` a group with padding."""
    order = sorted(range(len(lengths)), key=lambda position: lengths[position])
    batches: list[list[int]] = []
    for position in order:
        if batches and (len(batches[-1]) + 1) * lengths[position] <= _BATCH_SECONDS * RATE:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
