"""The tiny native-speech base: vocabulary, architecture, and what it is trained on.

The shipped ``models/base-tiny`` stands in for kresnik/wav2vec2-large-xlsr-korean on machines
without GPU or Hub. It is trained from random weights on native speech: the sample's KR training
clips, further synthetic voices rendered for this purpose, and espeak-ng. It never sees a learner,
a validation or test speaker, or a sentence close to a validation or test prompt.

    speakor train base-tiny

Rendering and all three stages of the training continue where they were stopped. How each stage is
trained stands in :mod:`speakor_common.shipped.presets`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, Features, Value, concatenate_datasets
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
    set_seed,
)

from speakor_common import paths
from speakor_common.audio import RATE, decode, encode_wav
from speakor_common.corpus import prepare
from speakor_common.corpus.splits import SAMPLE_POLICY
from speakor_common.models.jamo_tokenizer import jamo_tokenizer, jamo_vocabulary
from speakor_common.shipped.presets import BASE_MIDDLE, BASE_START, BASE_TINY, PROFILE
from speakor_common.shipped.synthesis import espeak, extra
from speakor_common.storage import write_text
from speakor_common.training.preset import Experiment
from speakor_common.training.runlog import RunLog
from speakor_common.training.runs import train_model

logger = logging.getLogger(__name__)

UNTRAINED = "base-untrained"
EARLY_CLIPS = 1_000  # of further voices, for all stages but the last, which takes all
ESPEAK_CLIPS = 1200  # about an hour
_COLUMNS = Features(
    {
        "utterance_id": Value("string"),
        "text": Value("string"),
        "pronounced": Value("string"),
        "audio": Value("binary"),
        "length": Value("int64"),
    }
)


def tiny_config(vocabulary_size: int) -> Wav2Vec2Config:
    """About 2 M parameters: narrow convolutions, four transformer layers.

    Group norm in the first convolution, as in wav2vec2-base: layer norm in all seven (as in XLSR)
    halves the speed on a CPU. Its statistics run over padding, so batches should hold clips of
    similar length; the transformer does mask padding, and is pre-norm because that trains from
    random weights without a long warm-up.
    """
    return Wav2Vec2Config(
        vocab_size=vocabulary_size,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        # Transformer
        hidden_size=192,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=768,
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=8,
        # Convolutions: a frame of 20 ms
        conv_dim=(32, 32, 64, 64, 128, 128, 128),
        conv_stride=(5, 2, 2, 2, 2, 2, 2),
        conv_kernel=(10, 3, 3, 3, 3, 2, 2),
        conv_bias=False,
        feat_extract_norm="group",
        # Training
        hidden_dropout=0.1,
        attention_dropout=0.1,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        final_dropout=0.1,
        layerdrop=0.0,
        mask_time_length=6,
        ctc_loss_reduction="mean",
    )


def write_untrained(directory: Path) -> Path:
    """Save a randomly initialised base with its processor as a stock checkpoint."""
    # The processor: a tokenizer of jamo, and waveforms of unit variance.
    extractor = Wav2Vec2FeatureExtractor(
        sampling_rate=RATE, do_normalize=True, return_attention_mask=True
    )
    Wav2Vec2Processor(extractor, jamo_tokenizer()).save_pretrained(directory)

    Wav2Vec2ForCTC(tiny_config(len(jamo_vocabulary()))).save_pretrained(directory)
    return directory


def train_base_tiny(seed: int = 1) -> dict[str, Any]:
    """Train ``models/base-tiny`` on the sample's native speech, preparing the sample if needed."""
    return train_base(prepared_sample(), seed)


def prepared_sample() -> DatasetDict:
    """The shipped sample, prepared if it is not yet."""
    target = paths.prepared("sample")
    if not (target / "index.json").is_file():
        prepare.prepare(paths.sample_corpus(), target, SAMPLE_POLICY)
    return prepare.load_prepared(target)


def train_base(native: DatasetDict, seed: int = 1) -> dict[str, Any]:
    """Train ``models/base-tiny`` stage by stage.

    Finished stages are kept, an interrupted one continues.

    Args:
        native: splits ``native_train`` and ``native_valid`` of the prepared sample.

    Returns:
        the content of the last stage's ``run.json``.
    """
    untrained = paths.root() / "models" / UNTRAINED
    if not (untrained / "config.json").is_file():
        set_seed(seed)
        write_untrained(untrained)

    # Each stage continues from the one before, and hears more voices.
    own = {split: decoded(native[f"native_{split}"]) for split in ("train", "valid")}
    simple = espeak.espeak_clips(ESPEAK_CLIPS)
    train_shipped(BASE_START, _with_voices(own, EARLY_CLIPS, simple), seed)
    train_shipped(BASE_MIDDLE, _with_voices(own, EARLY_CLIPS), seed)
    return train_shipped(BASE_TINY, _with_voices(own, extra.CLIPS), seed)


def train_shipped(experiment: Experiment, data: DatasetDict, seed: int) -> dict[str, Any]:
    """Train into ``models/<name>``, keeping a card that was written there by hand.

    Returns:
        the content of ``run.json``.
    """
    logger.info("%s: %s", experiment.name, experiment.note)
    output = paths.root() / "models" / experiment.name
    card = output / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""

    facts = train_model(experiment, data, output, RunLog(experiment, PROFILE, {}, seed), seed)
    if text:
        write_text(card, text)
    return facts


def _with_voices(
    own: dict[str, Dataset], count: int, *further: list[dict[str, Any]]
) -> DatasetDict:
    """The sample's native speech with ``count`` clips of further voices in training."""
    rows = [extra.extra_clips(paths.root() / "data" / "native-extra", count), *further]
    train = concatenate_datasets([own["train"], *map(as_dataset, rows)])
    return DatasetDict(train=train, valid=own["valid"])


def decoded(data: Dataset) -> Dataset:
    """Only the columns training reads, with audio as WAV bytes.

    Opus is decoded once then, instead of in every epoch.
    """

    def as_wav(row: dict[str, Any]) -> dict[str, Any]:
        return {"audio": encode_wav(decode(row["audio"]))}

    return data.select_columns(list(_COLUMNS)).map(
        as_wav, features=_COLUMNS, keep_in_memory=True, desc="decoding"
    )


def as_dataset(rows: list[dict[str, Any]]) -> Dataset:
    """Rendered rows in the form of :func:`decoded`."""
    return Dataset.from_list(rows, features=_COLUMNS)
