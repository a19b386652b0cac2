"""What decides a model, as short hashes, and whether a model with the same ones is there already.

Two runs with one fingerprint end with the same weights on one machine, whatever their experiments
are called. Light enough for everything that only asks whether a model is finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speakor_common.corpus.held_out import HELD_OUT
from speakor_common.models import checkpoints
from speakor_common.storage import UNFINISHED, read_json
from speakor_common.training.preset import Experiment

if TYPE_CHECKING:
    from datasets import DatasetDict

RUN_FILE = "run.json"
LEARNED = ("train", "valid")  # splits that decide the weights


def finished_run(directory: Path) -> dict[str, Any] | None:
    """``run.json`` of a finished run, or ``None``."""
    file = directory / RUN_FILE
    return read_json(file) if file.is_file() else None


def find_trained(fingerprint: str, output: Path) -> Path | None:
    """A finished model with the weights of this fingerprint: in ``output`` or beside it.

    What was merged or exported from a model holds its ``run.json``, but other weights; it is none.
    """
    beside = sorted(output.parent.iterdir()) if output.parent.is_dir() else []
    for directory in (output, *beside):
        facts = finished_run(directory)
        if (
            facts
            and facts.get("fingerprint") == fingerprint
            and facts.get("weights_sha256") == weights_sha256(directory)
            and directory.suffix != UNFINISHED
        ):
            return directory
    return None


def training_fingerprint(experiment: Experiment, data: DatasetDict, seed: int) -> str:
    """Hash of training, base weights, data and seed: equal ones give equal weights on a machine."""
    base = checkpoints.weights_hash(checkpoints.find_checkpoint(experiment.base))
    training = experiment.training
    return _short_hash([training.method, asdict(training), base, label_hashes(data), seed])


def decoding_fingerprint(experiment: Experiment, data: DatasetDict, seed: int) -> str | None:
    """Hash of what is fitted to trained weights; ``None`` for nothing.

    Args:
        data: all of it, also where the training took a drawn part.
    """
    if experiment.decoding is None:
        return None
    native = data.get("native_train")
    labels = data_hash(native["utterance_id"], native["text"]) if native else ""
    held_out = data[HELD_OUT]["text"] if HELD_OUT in data else []
    sentences = data_hash(held_out, held_out)
    return _short_hash([asdict(experiment.decoding), label_hashes(data), labels, sentences, seed])


def _short_hash(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def label_hashes(data: DatasetDict) -> dict[str, str]:
    """:func:`data_hash` of each split that decides the weights."""
    return {split: data_hash(data[split]["utterance_id"], data[split]["text"]) for split in LEARNED}


def data_hash(utterance_ids: Iterable[str], texts: Iterable[str]) -> str:
    """sha256 over ids and texts in order: two runs with the same hash saw the same labels."""
    digest = hashlib.sha256()
    for identifier, text in zip(utterance_ids, texts, strict=True):
        digest.update(f"{identifier}\t{text}\n".encode())
    return digest.hexdigest()


def weights_sha256(directory: Path) -> str:
    """sha256 over the weight files of a model directory, whatever decodes their posteriors."""
    digest = hashlib.sha256()
    for file in sorted(directory.glob("*.safetensors")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
