"""A drawn part of a split in which every speaker keeps his share."""

from __future__ import annotations

import random
from collections import defaultdict

from datasets import Dataset


def draw_by_speaker(data: Dataset, count: int, seed: int) -> Dataset:
    """``count`` rows, stratified by speaker, in the order they had; 0 keeps all.

    A speaker's rows in the draw are his share of the split, rounded down or up so that the draw
    has ``count`` rows (largest remainders). Which of his rows they are follows from the seed.

    Args:
        data: with a column ``speaker_id``.
    """
    if count == 0 or count >= len(data):
        return data

    # The rows of each speaker, in an order of chance.
    generator = random.Random(seed)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, speaker in enumerate(data["speaker_id"]):
        rows[speaker].append(row)
    for own in rows.values():
        generator.shuffle(own)

    # Whole shares first; what is then missing goes to the largest remainders, ties by chance.
    shares = {speaker: len(own) * count / len(data) for speaker, own in rows.items()}
    allotted = {speaker: int(share) for speaker, share in shares.items()}
    speakers = list(rows)
    generator.shuffle(speakers)
    speakers.sort(key=lambda speaker: shares[speaker] - allotted[speaker], reverse=True)
    for speaker in speakers[: count - sum(allotted.values())]:
        allotted[speaker] += 1

    drawn = [row for speaker, own in rows.items() for row in own[: allotted[speaker]]]
    return data.select(sorted(drawn)).flatten_indices()
