"""Is a voice of the test split heard in training, under this id or another?

A speaker's id says who he is only if it is true. So speakers are compared by their voices: half of
a speaker's clips with the other half (how alike one voice is to itself in this corpus), and with
half of everybody else's. Two ids are one voice where they differ no more than a quarter beyond what
95 % of speakers differ from themselves.

Thresholds were measured on 193 clips of 17 real people: halves of one's clips agree at 0.85 or
more, different people at 0.83 or less. Of 20 unmixed voices of the synthesiser (6 clips each)
halves agree at 0.91 to 0.98, which gives a threshold of 0.93; the nearest two voices, of one
family, have 0.92. Where speakers are unlike themselves their own measure would call everybody one,
hence the floor.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from speakor_common.corpus.splits import SPLITS
from speakor_common.corpus.voice_vectors import FEWEST_CLIPS, SEED, Voices
from speakor_common.models.speaker_encoder import SIZE, mean_vector

FLOOR = 0.85  # similarity below which no two ids are called one voice
OWN_SHARE = 0.05  # of speakers, who differ most from themselves, say nothing of the others
MARGIN = 1.25  # of what is left, because two ids of one voice differ like halves, more or less
TWO_IN_CLIP = 0.55  # of 72 clips of one real voice 1 % are below, of two voices 70 %
NOT_OWN = 0.69  # of 188 real clips 1 % are less like their speaker's others, of strangers' 75 %
QUANTILES = {"lowest": 0.0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "highest": 1.0}
_WORST = 10  # that are named


def audit_voices(voices: Voices) -> dict[str, Any]:
    """Nearest voices between splits and within, and clips that hold a second voice.

    Returns:
        JSON-ready dict: ``own`` (how alike speakers are to themselves), ``threshold``, for each
        pair of splits ``nearest`` (similarity of each speaker to the nearest of the other split),
        ``same_voice`` (pairs of ids at the threshold or above) and their ``worst``; ``same_split``;
        ``two_voices``. Similarities are cosines, 1 for the same.
    """
    speakers, halves, own_clips = _by_speaker(voices)
    too_few = voices.clips.groupby(["speaker_id", "split"]).ngroups - len(speakers)
    report: dict[str, Any] = {
        "clips": len(voices.clips),
        "too_little_speech": voices.drawn - len(voices.clips),
        "seed": SEED,
        "speakers": len(speakers),
        "speakers_with_too_few_clips": too_few,
    }
    if len(speakers) < 2:
        return report | {"not_compared": f"fewer than two speakers with {FEWEST_CLIPS} clips"}

    # Each half against each: a cell is the mean of both ways.
    one_way = halves[:, 0] @ halves[:, 1].T
    similarity = (one_way + one_way.T) / 2
    own = similarity.diagonal().copy()
    threshold = max(FLOOR, 1 - MARGIN * (1 - float(np.quantile(own, OWN_SHARE))))

    split = speakers["split"].to_numpy()
    places = {name: np.flatnonzero(split == name) for name in SPLITS}
    between = {
        f"{a}-{b}": _between(similarity, speakers, places[a], places[b], threshold)
        for a, b in combinations(SPLITS, 2)
    }
    return report | {
        "own": quantiles(own),
        "threshold": round(threshold, 4),
        "between": between,
        "same_split": _within(similarity, speakers, threshold),
        "two_voices": {
            "in_a_recording": _in_recordings(voices),
            "in_a_speaker": _in_speakers(voices, own_clips),
        },
    }


def voice_leaks(report: dict[str, Any]) -> list[str]:
    """What is wrong if splits were to share no voice, a line a pair of splits."""
    leaks = []
    for pair, found in report.get("between", {}).items():
        if found["same_voice"]:
            nearest = found["worst"][0]
            ids = " and ".join(nearest["speakers"])
            leaks.append(
                f"{found['same_voice']} pairs of speakers in {pair} with one voice "
                f"(e.g. {ids}, similarity {nearest['similarity']:.3f}, "
                f"threshold {report['threshold']:.3f})"
            )
    return leaks


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Lowest to highest, by name; empty of nothing."""
    if len(values) == 0:
        return {}
    return {name: round(float(np.quantile(values, at)), 4) for name, at in QUANTILES.items()}


def _by_speaker(voices: Voices) -> tuple[pd.DataFrame, np.ndarray, dict[int, np.ndarray]]:
    """Speakers with clips enough; vectors of halves of their clips; the rows of those clips.

    A speaker in two splits (a corpus with splits of its own) is one in each.

    Returns:
        columns ``speaker_id, l1, split``; float32, shape = (speakers, 2, 256); rows by index of
        the speaker.
    """
    rows, halves, clips = [], [], {}
    for (speaker, split), own in voices.clips.groupby(["speaker_id", "split"], sort=True):
        if len(own) < FEWEST_CLIPS:
            continue
        places = own.index.to_numpy()
        whole = voices.vectors[places, 0]
        clips[len(rows)] = places
        rows.append({"speaker_id": speaker, "l1": own["l1"].iloc[0], "split": split})
        halves.append([mean_vector(whole[::2]), mean_vector(whole[1::2])])
    table = pd.DataFrame(rows, columns=["speaker_id", "l1", "split"])
    return table, np.array(halves, np.float32).reshape(len(rows), 2, SIZE), clips


def _between(
    similarity: np.ndarray, speakers: pd.DataFrame, first: np.ndarray, second: np.ndarray, at: float
) -> dict[str, Any]:
    """How near the voices of two splits come."""
    block = similarity[np.ix_(first, second)]
    if block.size == 0:
        return {"nearest": {}, "same_voice": 0, "worst": []}
    nearest = np.concatenate([block.max(axis=0), block.max(axis=1)])
    pairs = [(first[i], second[j]) for i, j in zip(*_highest(block), strict=True)]
    return {
        "nearest": quantiles(nearest),
        "same_voice": int((block >= at).sum()),
        "worst": _named(similarity, speakers, pairs),
    }


def _within(similarity: np.ndarray, speakers: pd.DataFrame, at: float) -> dict[str, Any]:
    """Pairs of ids inside one split that are one voice; no leak, but fewer speakers than ids."""
    split = speakers["split"].to_numpy()
    together = np.triu(split[:, None] == split[None, :], k=1)
    inside = np.where(together, similarity, -1.0)
    pairs = [(i, j) for i, j in zip(*_highest(inside), strict=True) if inside[i, j] >= at]
    return {
        "same_voice": int((inside >= at).sum()),
        "worst": _named(similarity, speakers, pairs),
    }


def _highest(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the highest cells, the highest first."""
    order = np.argsort(-table, axis=None, kind="stable")[:_WORST]
    return np.unravel_index(order, table.shape)


def _named(
    similarity: np.ndarray, speakers: pd.DataFrame, pairs: list[tuple[int, int]]
) -> list[dict[str, Any]]:
    ids = speakers["speaker_id"].tolist()
    return [
        {"speakers": [ids[i], ids[j]], "similarity": round(float(similarity[i, j]), 4)}
        for i, j in pairs
    ]


def _in_recordings(voices: Voices) -> dict[str, Any]:
    """Clips whose two halves do not sound like one person."""
    halved = np.flatnonzero(voices.vectors[:, 1].any(axis=1))
    alike = (voices.vectors[halved, 1] * voices.vectors[halved, 2]).sum(axis=1)
    return _suspects(voices, halved, alike, TWO_IN_CLIP)


def _in_speakers(voices: Voices, own_clips: dict[int, np.ndarray]) -> dict[str, Any]:
    """Clips that do not sound like the others of their speaker."""
    rows = [place for places in own_clips.values() for place in places]
    alike = []
    for places in own_clips.values():
        whole = voices.vectors[places, 0]
        others = whole.sum(axis=0) - whole
        others /= np.linalg.norm(others, axis=1, keepdims=True)
        alike += (whole * others).sum(axis=1).tolist()
    return _suspects(voices, np.array(rows, int), np.array(alike), NOT_OWN)


def _suspects(
    voices: Voices, rows: np.ndarray, alike: np.ndarray, threshold: float
) -> dict[str, Any]:
    """How many clips are less alike than the threshold, and which are the least."""
    ids = voices.clips["utterance_id"].to_numpy()
    order = np.argsort(alike, kind="stable")[:_WORST]
    worst = [
        {"utterance_id": str(ids[rows[i]]), "similarity": round(float(alike[i]), 4)}
        for i in order
        if alike[i] < threshold
    ]
    return {
        "compared": len(rows),
        "threshold": threshold,
        "suspects": int((alike < threshold).sum()),
        "similarity": quantiles(alike),
        "worst": worst,
    }
