"""The shipped network that hears people: two CTC heads on whisper-base's encoder.

``models/hearing-base`` holds heads and adapters only; the encoder is whisper-base's. It is trained
on native speech: the sample's KR training clips and further synthetic voices over a wide
vocabulary, alone and several sentences in a row. The spelled head learns what was meant, the
spoken head what was pronounced. First the heads learn from kept states of the frozen encoder
(:mod:`.kept_states`), then adapters and heads together from varied audio. Like the tiny base it
never hears a learner, a validation or test speaker, or a sentence close to one of theirs.

    speakor train hearing-base
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict, concatenate_datasets
from transformers import set_seed

from speakor_common import paths
from speakor_common.audio import RATE, decode, encode_wav
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.models.ctc import load_ctc
from speakor_common.models.jamo_tokenizer import jamo_tokenizer, jamo_vocabulary
from speakor_common.models.whisper_ctc import WhisperCTC
from speakor_common.models.whisper_ctc_processor import ThinnedFeatureExtractor, WhisperCTCProcessor
from speakor_common.shipped.base_tiny import as_dataset, decoded, prepared_sample, train_shipped
from speakor_common.shipped.kept_states import keep_states
from speakor_common.shipped.presets import HEARING_BASE, HEARING_HEADS
from speakor_common.shipped.synthesis import distorted, extra

UNTRAINED = "hearing-untrained"
ENCODER = "whisper-base"
CLIPS = 4_000  # of further voices
COPIES = 2  # varied ones of each clip, for the heads
_JOINED_S = 20.0  # several sentences of one speaker in a row are no longer
_PAUSE_S = (0.2, 1.2)  # between them
ADAPTER = {"adapter_rank": 8, "adapter_alpha": 16}


def write_untrained_hearing(seed: int) -> None:
    """Save new heads on the encoder, with adapters that do nothing yet, and their processor."""
    directory = paths.root() / "models" / UNTRAINED
    if (directory / "config.json").is_file():
        return
    set_seed(seed)
    model = WhisperCTC.from_whisper(ENCODER, vocab_size=len(jamo_vocabulary()), **ADAPTER)
    extractor = ThinnedFeatureExtractor(feature_size=model.config.encoder.num_mel_bins)
    WhisperCTCProcessor(extractor, jamo_tokenizer()).save_pretrained(directory)
    model.save_pretrained(directory)


def train_hearing_base(seed: int = 1) -> dict[str, Any]:
    """Train ``models/hearing-base``; rendering and both stages continue where they were stopped.

    Returns:
        the content of the last stage's ``run.json``.
    """
    write_untrained_hearing(seed)
    native = prepared_sample()
    own = {split: decoded(native[f"native_{split}"]) for split in ("train", "valid")}
    cache = paths.root() / "data" / "native-extra"
    single = concatenate_datasets([own["train"], as_dataset(extra.extra_clips(cache, CLIPS))])

    # What no rule of Korean helps to guess; nobody meant anything by it.
    distorted_clips = as_dataset(distorted.distorted_clips(cache)).map(
        lambda row: {"text": ""}, keep_in_memory=True
    )
    train = concatenate_datasets([single, joined(single, seed), distorted_clips])

    # The heads alone, then all that can learn.
    folder = paths.root() / "data" / "encoder-states"
    model, processor = load_ctc(find_checkpoint(UNTRAINED))
    kept = {
        "train": keep_states(train, model, processor, folder, COPIES),
        "valid": keep_states(own["valid"], model, processor, folder),
    }
    del model
    train_shipped(HEARING_HEADS, DatasetDict(kept), seed)
    return train_shipped(HEARING_BASE, DatasetDict(train=train, valid=own["valid"]), seed)


def joined(clips: Dataset, seed: int) -> Dataset:
    """Clips of one speaker in a row, with pauses between, at most :data:`_JOINED_S` long.

    Every clip is in at most one row. The speaker stands second in a clip's id.
    """
    rng = random.Random(seed)
    by_speaker: dict[str, list[dict[str, Any]]] = {}
    for clip in clips.shuffle(seed=seed):
        by_speaker.setdefault(clip["utterance_id"].split("_")[1], []).append(clip)

    rows = []
    for own in by_speaker.values():
        row: list[dict[str, Any]] = []
        for clip in own:
            seconds = sum(each["length"] for each in [*row, clip]) / RATE + len(row) * _PAUSE_S[1]
            if seconds > _JOINED_S:
                rows.append(row)
                row = []
            row.append(clip)
    return as_dataset([_join(row, rng) for row in rows if len(row) > 1])


def _join(clips: list[dict[str, Any]], rng: random.Random) -> dict[str, Any]:
    pieces = []
    for clip in clips:
        pieces += [decode(clip["audio"]), np.zeros(int(rng.uniform(*_PAUSE_S) * RATE), np.float32)]
    samples = np.concatenate(pieces[:-1])
    return {
        "utterance_id": "+".join(clip["utterance_id"] for clip in clips),
        "text": " ".join(clip["text"] for clip in clips),
        "pronounced": " ".join(clip["pronounced"] for clip in clips),
        "audio": encode_wav(samples),
        "length": len(samples),
    }
