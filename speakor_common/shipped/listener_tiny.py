"""The native listener: what a Korean would hear, written as it sounds.

A model trained on spelling writes 합니다 where a learner failed to nasalise, and so hides what
feedback is about. The shipped ``models/listener-tiny`` is the tiny base trained on with labels in
pronounced form (궁물, not 국물), on the sample's native speech and on distorted sentences (see
:mod:`speakor_common.shipped.synthesis.distorted`), which no rule of Korean helps to guess. Like the
base the network never hears a learner; what learners are known to say lies beside it
(:mod:`speakor_common.pronunciation.calibration`).

    speakor train listener-tiny
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset, DatasetDict, concatenate_datasets

from speakor_common import paths
from speakor_common.models import checkpoints
from speakor_common.pronunciation import calibration
from speakor_common.shipped.base_tiny import as_dataset, decoded, prepared_sample, train_shipped
from speakor_common.shipped.presets import LISTENER_TINY
from speakor_common.shipped.synthesis import distorted
from speakor_common.text import from_jamo


def train_listener_tiny(seed: int = 1) -> dict[str, Any]:
    """Train ``models/listener-tiny``; rendering and training continue where they were stopped.

    Returns:
        the content of ``run.json``. Its validation rates are against pronounced labels of native
        speech.
    """
    native = prepared_sample()
    own = {split: decoded(pronounced(native[f"native_{split}"])) for split in ("train", "valid")}
    further = as_dataset(distorted.distorted_clips(paths.root() / "data" / "native-extra"))
    train = concatenate_datasets([own["train"], further])

    facts = train_shipped(LISTENER_TINY, DatasetDict(train=train, valid=own["valid"]), seed)
    calibration.calibrate_listener(checkpoints.find_checkpoint(LISTENER_TINY.name), native)
    return facts


def pronounced(data: Dataset) -> Dataset:
    """The same clips labelled as they were pronounced, which the sample's labels tell."""
    return data.map(lambda row: {"text": from_jamo(row["pronounced"])}, keep_in_memory=True)
