"""What decides a model, as short hashes, and whether a model with the same ones is there already.

Two runs with one fingerprint end with the same weights on one machine, whatever their experiments
are called. Of the code only augmentation is in it, because its setting is a mere strength and what
that means stands in code; ``code_revision`` in ``run.json`` says which code it was in whole. Light
enough for everything that only asks whether a model is finished.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speakor_common.audio import read_bytes
from speakor_common.corpus.held_out import HELD_OUT
from speakor_common.corpus.schema import AUDIO_DIGEST
from speakor_common.models import checkpoints
from speakor_common.storage import UNFINISHED, read_json
from speakor_common.training.preset import Experiment

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

RUN_FILE = "run.json"
LEARNED = ("train", "valid")  # splits that decide the weights
_AUGMENTS = ("batching/augment.py", "batching/conditions.py")  # what varies clips in training


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
    """Hash of training, base weights, data and seed: equal ones give equal weights on a machine.

    Of a training with augmentation, also of the code that augments.
    """
    base = checkpoints.weights_hash(checkpoints.find_checkpoint(experiment.base))
    training = experiment.training
    content = [training.method, asdict(training), base, split_hashes(data), seed]
    return _short_hash([*content, augmentation_hash()] if training.augment else content)


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
    sentences = data_hash(held_out)
    return _short_hash([asdict(experiment.decoding), split_hashes(data), labels, sentences, seed])


def _short_hash(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def split_hashes(data: DatasetDict) -> dict[str, str]:
    """:func:`clips_hash` of each split that decides the weights."""
    return {split: clips_hash(data[split]) for split in LEARNED}


def clips_hash(data: Dataset) -> str:
    """sha256 over ids, texts, pronunciations and sound of clips in order: all that is learnt from.

    A prepared split knows the digests of its recordings. Of other clips the encoded audio is read.
    """
    if AUDIO_DIGEST in data.column_names:
        sounds = data[AUDIO_DIGEST]
    else:
        sounds = (_encoded_hash(row["audio"]) for row in data.select_columns(["audio"]))
    heard = data["pronounced"] if "pronounced" in data.column_names else [""] * len(data)
    return data_hash(data["utterance_id"], data["text"], heard, sounds)


def _encoded_hash(audio: bytes | str) -> str:
    content = audio if isinstance(audio, bytes) else read_bytes(audio)
    return hashlib.sha256(content).hexdigest()


def data_hash(*columns: Iterable[str]) -> str:
    """sha256 over columns of equal length, row by row."""
    digest = hashlib.sha256()
    for row in zip(*columns, strict=True):
        digest.update(("\t".join(row) + "\n").encode())
    return digest.hexdigest()


def augmentation_hash() -> str:
    """Hash of the code that varies clips in training, whatever its comments say."""
    package = Path(__file__).parent.parent
    code = [_statements(package / file) for file in _AUGMENTS]
    return _short_hash([*code, version("audiomentations")])


def _statements(file: Path) -> str:
    """A module's code without comments and docstrings: what is reworded needs no new training."""
    tree = _WithoutDocstrings().visit(ast.parse(file.read_text(encoding="utf-8")))
    return ast.unparse(tree)


class _WithoutDocstrings(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def weights_sha256(directory: Path) -> str:
    """sha256 over the weight files of a model directory, whatever decodes their posteriors."""
    digest = hashlib.sha256()
    for file in sorted(directory.glob("*.safetensors")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
