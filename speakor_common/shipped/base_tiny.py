"""The tiny native-speech base: vocabulary, architecture, and the material it is trained on.

The shipped ``models/base-tiny`` stands in for kresnik/wav2vec2-large-xlsr-korean on machines
without GPU or Hub. It is trained from random weights on native speech: the sample's KR training
clips, further synthetic voices rendered for this purpose, and espeak-ng. It never sees a learner,
a validation or test speaker, or a sentence close to a validation or test prompt.

    speakor train base-tiny

Rendering and all parts of the training continue where they were stopped.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict, Features, Value, concatenate_datasets
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
    set_seed,
)

from speakor_common import paths
from speakor_common.audio import RATE, decode, encode_wav
from speakor_common.corpus import prepare
from speakor_common.corpus.splits import SAMPLE_POLICY
from speakor_common.shipped.synthesis import espeak, extra
from speakor_common.storage import write_text
from speakor_common.text import CODAS, ONSETS, VOWELS
from speakor_common.training import finetune_ctc
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.runlog import RunLog

logger = logging.getLogger(__name__)

PARTS = ("base-start", "base-middle", "base-tiny")  # presets; each continues from the one before
EARLY_GROUPS = 1  # of further voices, for all parts but the last, which takes all
ESPEAK_CLIPS = 1200  # about an hour
_COLUMNS = Features(
    {
        "utterance_id": Value("string"),
        "text": Value("string"),
        "audio": Value("binary"),
        "length": Value("int64"),
    }
)
PAD, UNKNOWN, DELIMITER = "<pad>", "<unk>", "|"


def jamo_vocabulary() -> dict[str, int]:
    """Blank/pad, unknown, word delimiter and the 67 conjoining jamo of modern Korean."""
    return {
        symbol: index
        for index, symbol in enumerate((PAD, UNKNOWN, DELIMITER, *ONSETS, *VOWELS, *CODAS))
    }


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
        hidden_size=192,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=768,
        conv_dim=(32, 32, 64, 64, 128, 128, 128),
        conv_stride=(5, 2, 2, 2, 2, 2, 2),
        conv_kernel=(10, 3, 3, 3, 3, 2, 2),
        conv_bias=False,
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=8,
        feat_extract_norm="group",
        do_stable_layer_norm=True,
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
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = jamo_vocabulary()
    vocabulary_file = directory / "vocab.json"
    vocabulary_file.write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    tokenizer = Wav2Vec2CTCTokenizer(
        str(vocabulary_file),
        pad_token=PAD,
        unk_token=UNKNOWN,
        word_delimiter_token=DELIMITER,
        bos_token=None,
        eos_token=None,
    )
    extractor = Wav2Vec2FeatureExtractor(
        sampling_rate=RATE, do_normalize=True, return_attention_mask=True
    )
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(directory)
    Wav2Vec2ForCTC(tiny_config(len(vocabulary))).save_pretrained(directory)
    return directory


def train_from_sample(seed: int = 1) -> dict[str, Any]:
    """Prepare the shipped sample if needed and train the base on its native speech."""
    return train_base(sample(), seed)


def sample() -> DatasetDict:
    """The shipped sample, prepared if it is not yet."""
    target = paths.prepared("sample")
    if not (target / "index.json").is_file():
        prepare.prepare(paths.sample_corpus(), target, SAMPLE_POLICY)
    return prepare.load_prepared(target)


def train_base(native: DatasetDict, seed: int = 1) -> dict[str, Any]:
    """Train ``models/base-tiny`` part by part; finished parts are kept, an interrupted one continues.

    Args:
        native: splits ``native_train`` and ``native_valid`` of the prepared sample.
    """
    models = paths.root() / "models"
    if not (models / "base-untrained" / "config.json").is_file():
        set_seed(seed)
        write_untrained(models / "base-untrained")
    own = {split: decoded(native[f"native_{split}"]) for split in ("train", "valid")}
    start, middle, last = PARTS
    if not _trained(start):
        _train(start, _voices(own, EARLY_GROUPS, espeak.espeak_clips(ESPEAK_CLIPS)), seed)
    if not _trained(middle):
        _train(middle, _voices(own, EARLY_GROUPS), seed)
    return train_shipped(last, _voices(own, extra.GROUPS), seed)


def train_shipped(name: str, data: DatasetDict, seed: int) -> dict[str, Any]:
    """Train a preset into ``models/<name>``, keeping the card that was written there by hand."""
    card = paths.root() / "models" / name / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    facts = _train(name, data, seed)
    if text:
        write_text(card, text)
    return facts


def _voices(own: dict[str, Dataset], groups: int, *further: list[dict[str, Any]]) -> DatasetDict:
    """The sample's native speech with ``groups`` of further voices in training."""
    rows = [extra.extra_clips(paths.root() / "data" / "native-extra", groups), *further]
    return DatasetDict(
        train=concatenate_datasets([own["train"], *map(as_dataset, rows)]), valid=own["valid"]
    )


def _trained(part: str) -> bool:
    return (paths.root() / "models" / part / "run.json").is_file()


def decoded(data: Dataset) -> Dataset:
    """Only the columns training reads, with audio as WAV bytes: Opus is decoded once instead of every epoch."""

    def as_wav(row: dict[str, Any]) -> dict[str, Any]:
        return {"audio": encode_wav(decode(row["audio"]))}

    return data.select_columns(list(_COLUMNS)).map(
        as_wav, features=_COLUMNS, keep_in_memory=True, desc="decoding"
    )


def as_dataset(rows: list[dict[str, Any]]) -> Dataset:
    """Rendered rows in the form of :func:`decoded`."""
    return Dataset.from_list(rows, features=_COLUMNS)


def _train(name: str, data: DatasetDict, seed: int) -> dict[str, Any]:
    experiment = EXPERIMENTS[name]
    logger.info("%s: %s", name, experiment.note)
    return finetune_ctc.train(
        experiment, data, paths.root() / "models" / name, RunLog(experiment, "base", {}, seed), seed
    )
