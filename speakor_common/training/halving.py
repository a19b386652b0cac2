"""What a training becomes where memory does not suffice: smaller steps, the same batches."""

from __future__ import annotations

import logging
import os
from dataclasses import replace

from speakor_common.errors import TrainingError
from speakor_common.training.preset import Training

logger = logging.getLogger(__name__)


def halved(training: Training, reason: str) -> Training:
    """The same training with half the clips a step and twice the steps to an update.

    Args:
        reason: of the failure, for the message.

    Raises:
        TrainingError: a step of one clip or an odd number, or one of several processes.
    """
    clips = training.batch_size
    # One clip is the least; and of several processes the others would not know.
    if clips % 2 or int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise TrainingError(
            f"out of memory with {clips} clips a step ({reason}). "
            "Set a smaller batch_size with more accumulation, gradient_checkpointing, "
            "or a lower max_seconds; one process alone halves its batch by itself while it is even"
        )

    halved = replace(
        training,
        batch_size=clips // 2,
        gradient_accumulation=training.gradient_accumulation * 2,
    )
    logger.warning(
        "out of memory with %d clips a step; continuing with %d and accumulation %d, "
        "which trains on the same batches",
        clips,
        halved.batch_size,
        halved.gradient_accumulation,
    )
    return halved
