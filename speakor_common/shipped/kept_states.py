"""Encoder states of training clips, computed once and read in every epoch.

A frozen encoder says the same of a clip in every epoch, and computing it costs most of a heads'
training. So it says it once: of each clip as it is, and of varied copies (speed, room, noise,
telephone). Each copy is a row of its own. Files are float16 and stay in a git-ignored folder; what
is there is not computed again.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from tqdm import tqdm
from transformers import ProcessorMixin

from speakor_common.audio import RATE
from speakor_common.batching.augment import training_transform
from speakor_common.batching.collate import load_audio
from speakor_common.corpus.schema import AUDIO_DIGEST
from speakor_common.models.whisper_ctc import WhisperCTC
from speakor_common.models.whisper_ctc_processor import SAMPLES_PER_POSITION
from speakor_common.storage import whole_file
from speakor_common.training.fingerprints import augmentation_hash


@torch.inference_mode()
def keep_states(
    clips: Dataset, model: WhisperCTC, processor: ProcessorMixin, folder: Path, copies: int = 0
) -> Dataset:
    """States of clips and of varied copies of them.

    Args:
        clips: columns ``utterance_id, text, pronounced, audio, length``; clips that do not fit
            into the encoder's 29 s should have been left out.
        folder: where files of states are kept.
        copies: varied ones of each clip, beside the clip as it is.

    Returns:
        columns ``utterance_id, text, pronounced, states`` (path), ``length`` (samples) and
        ``audio_digest``, a row for each clip and copy.
    """
    model.eval()
    vary = training_transform(1.0)
    rows = []
    bar = tqdm(total=(1 + copies) * len(clips), desc="encoder states", disable=None)
    for clip in clips:
        for copy in range(1 + copies):
            digest = _digest(clip["audio"], copy, model.config.base)
            file = folder / digest[:2] / f"{digest}.npy"
            if not file.is_file():
                _draw_from(digest)
                wave = load_audio(clip, vary if copy else None)
                _write(file, wave, model, processor)
            # A copy may be faster or slower, so its frames say how long it is.
            frames = np.load(file, mmap_mode="r").shape[1]
            row = {
                "utterance_id": f"{clip['utterance_id']}#{copy}",
                "text": clip["text"],
                "pronounced": clip["pronounced"],
                "states": str(file),
                "length": frames * SAMPLES_PER_POSITION,
                AUDIO_DIGEST: digest,
            }
            rows.append(row)
            bar.update()
    bar.close()
    return Dataset.from_list(rows)


def _write(file: Path, wave: np.ndarray, model: WhisperCTC, processor: ProcessorMixin) -> None:
    """States of one wave: float16, shape = (layers, frames, width)."""
    features = processor(wave, sampling_rate=RATE, return_tensors="pt")
    states, _ = model.encode(features["input_features"].to(model.device))
    with whole_file(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, states[:, 0].cpu().numpy().astype(np.float16))


def _digest(audio: bytes, copy: int, base: str) -> str:
    varied = augmentation_hash() if copy else ""
    key = f"{base}/{copy}/{varied}/".encode()
    return hashlib.sha256(key + audio).hexdigest()[:32]


def _draw_from(digest: str) -> None:
    """Seed the global generators that augmentation draws from: the same copy on every run."""
    seed = int(digest[:8], 16)
    random.seed(seed)
    np.random.seed(seed)
