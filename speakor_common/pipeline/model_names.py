"""A model by the name people give it, or what they can do where there is none of that name."""

from __future__ import annotations

from pathlib import Path

from speakor_common import paths
from speakor_common.errors import CheckpointError
from speakor_common.models.checkpoints import HUB_IDS, find_checkpoint
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.profiles import PROFILES

_CONFIGS = ("config.json", "adapter_config.json")


def find_model(name: str) -> Path:
    """Directory of a model given as directory, name under ``models/``, or Hub id.

    Raises:
        CheckpointError: there is none; the message says what to do, and which models are here.
    """
    # An experiment that was not trained would else be looked for on the Hub.
    if (train := _training_command(name)) and not Path(name).is_dir():
        raise CheckpointError(
            f"{name} is not trained: there is no model in models/{name}. "
            f"Train it with: {train}; or use one that is here: {_models_here()}"
        )
    try:
        return find_checkpoint(name)
    except CheckpointError as error:
        raise CheckpointError(f"{error}. Models that are here: {_models_here()}") from error


def known_models() -> list[str]:
    """Names under ``models/`` that hold a model, as ``--model`` takes them."""
    folder = paths.root() / "models"
    places = [*folder.glob("*"), *folder.glob("*/*")]
    names = [place.relative_to(folder).as_posix() for place in places if _holds_model(place)]
    finished = [name for name in names if "." not in name]  # unfinished ones end in .work or so
    return sorted({*finished, *HUB_IDS})


def _training_command(name: str) -> str:
    """How to train the experiment of that name, in any profile; empty if it is there, or none."""
    folder = paths.root() / "models"
    for profile in PROFILES:
        for experiment in EXPERIMENTS:
            directory = paths.model(experiment, profile)
            if directory == folder / name and not _holds_model(directory):
                return f"speakor train {experiment} --profile {profile}"
    return ""


def _holds_model(directory: Path) -> bool:
    return any((directory / config).is_file() for config in _CONFIGS)


def _models_here() -> str:
    return ", ".join(known_models())
