"""A drawn part of a split in which every speaker, or every kind of clip, keeps his share."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence

from datasets import Dataset


def draw_by_speaker(data: Dataset, count: int, seed: int) -> Dataset:
    """``count`` rows, stratified by speaker, in the order they had; 0 keeps all.

    A speaker's rows in the draw are his share of the split, rounded down or up so that the draw
    has ``count`` rows (largest remainders). Which of his rows they are follows from the seed.

    Args:
        data: with a column ``speaker_id``.
    """
    if count == 0 or count >= len(data):
        return data  # which may say nothing of speakers
    return _draw(data, data["speaker_id"], count, seed)


def draw_by_kind(data: Dataset, count: int, seed: int) -> Dataset:
    """The same, stratified by first language, task and level, of which every kind keeps its share.

    Args:
        data: with columns ``l1, task, level``.
    """
    if count == 0 or count >= len(data):
        return data
    kinds = list(zip(data["l1"], data["task"], data["level"], strict=True))
    return _draw(data, kinds, count, seed)


def _draw(data: Dataset, strata: Sequence[Hashable], count: int, seed: int) -> Dataset:
    """``count`` rows, fewer than there are, of each stratum its share."""
    # The rows of each stratum, in an order of chance.
    generator = random.Random(seed)
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, stratum in enumerate(strata):
        rows[stratum].append(row)
    for own in rows.values():
        generator.shuffle(own)

    # Whole shares first; what is then missing goes to the largest remainders, ties by chance.
    shares = {stratum: len(own) * count / len(data) for stratum, own in rows.items()}
    allotted = {stratum: int(share) for stratum, share in shares.items()}
    order = list(rows)
    generator.shuffle(order)
    order.sort(key=lambda stratum: shares[stratum] - allotted[stratum], reverse=True)
    for stratum in order[: count - sum(allotted.values())]:
        allotted[stratum] += 1

    drawn = [row for stratum, own in rows.items() for row in own[: allotted[stratum]]]
    return data.select(sorted(drawn)).flatten_indices()
