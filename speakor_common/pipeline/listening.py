"""The native listener's part of an evaluation: feedback, and what it finds of known deviations.

Where it is known what was said otherwise than meant, ``planted.csv`` says it together with what the
listener wrote, and ``feedback_counts.csv`` holds the decisions of the listener and of yardsticks by
speaker. All rates are counted from these two, see :mod:`speakor_common.pipeline.results`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd
from datasets import Dataset, DatasetDict

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.evaluation.laundering import LISTENER
from speakor_common.evaluation.planted_sounds import (
    PlantedSound,
    PlantedUtterance,
    write_planted,
)
from speakor_common.models import checkpoints
from speakor_common.pipeline.evaluate import audio_by_id, test_data
from speakor_common.pipeline.results import (
    COUNTS_FILE,
    FEEDBACK_FILE,
    PLANTED_FILE,
    SCORES_FILE,
    clean_predictions,
)
from speakor_common.pronunciation import detection_rates, feedback
from speakor_common.pronunciation.calibration import counted_on
from speakor_common.pronunciation.confusions import Confusions, load_confusions, sound_change
from speakor_common.pronunciation.expected import expected_records, expected_threshold
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth, read_truths
from speakor_common.storage import write_text
from speakor_common.training.profiles import get_profile

# What is scored beside the listener, and what each knows.
OTHER_LANGUAGES = "listener, counts of other first languages"
BY_SOUND = "no audio, counts by sound"
BY_LANGUAGE = "no audio, counts by sound and first language"


def write_feedback(profile_name: str, predictions: pd.DataFrame, intended: str) -> pd.DataFrame:
    """Write feedback.jsonl and score it on known deviations in ``feedback_scores.csv``.

    Beside the listener stand the listener with confusions counted without the speaker's first
    language, and reports from training counts alone, which hear nothing.

    Args:
        intended: the experiment whose transcripts say what was meant.

    Returns:
        see :func:`.detection_rates.detection_table`; empty where the corpus has no known
        deviations, as real speech has none.
    """
    profile = get_profile(profile_name)
    results = paths.results(profile_name)
    listener = checkpoints.find_checkpoint(profile.listener)
    clean = clean_predictions(predictions, intended)
    audio = audio_by_id(profile_name)
    records = feedback.make_records_on_cores(clean, listener, audio)
    feedback.write_records(records, results / FEEDBACK_FILE)

    # Deviations are known of synthetic and of annotated speech only.
    data = test_data(profile)
    truths = read_truths(data["utterance_id"], data["text"], data["intended"], data["deviations"])
    if not truths:
        for stale in (PLANTED_FILE, COUNTS_FILE, SCORES_FILE):
            (results / stale).unlink(missing_ok=True)
        return pd.DataFrame()

    # What the listener was counted on tells seen kinds of deviation from unseen ones.
    splits = prepare.load_prepared(paths.prepared(profile_name))
    confusions = load_confusions(listener)
    systems = {LISTENER: records}
    if confusions.counts:
        others = confusions_without(splits["train"], set(data["l1"]), confusions)
        systems[OTHER_LANGUAGES] = feedback.make_records_on_cores(clean, listener, audio, others)
    systems |= unheard(splits, data)

    write_planted(planted_utterances(records, truths, confusions), results / PLANTED_FILE)
    speakers = dict(zip(data["utterance_id"], data["speaker_id"], strict=True))
    counts = pd.concat(
        [
            detection_rates.decision_counts(name, of_system, truths, speakers, confusions)
            for name, of_system in systems.items()
        ],
        ignore_index=True,
    )
    write_text(results / COUNTS_FILE, counts.to_csv(index=False))
    scores = detection_rates.detection_table(counts)
    write_text(results / SCORES_FILE, scores.to_csv(index=False))
    return scores


def confusions_without(
    train: Dataset, languages: Collection[str], confusions: Confusions
) -> dict[str, Confusions]:
    """For each first language what training speakers of all others say, with a listener's weights.

    Languages that training speakers have none of keep all counts.
    """
    without = {}
    for l1 in sorted(languages):
        others = [row for row, language in enumerate(train["l1"]) if language != l1]
        counts = counted_on(train.select(others)) if others else {}
        without[l1] = Confusions(counts, confusions.weights)
    return without


def unheard(splits: DatasetDict, data: Dataset) -> dict[str, list[Record]]:
    """Reports on ``data`` from training counts alone, thresholds chosen on validation speakers."""
    train = splits["train"]
    languages = sorted({*train["l1"], *splits["valid"]["l1"], *data["l1"]})
    of_all = Confusions(counted_on(train))
    of_each = {}
    for l1 in languages:
        rows = [row for row, language in enumerate(train["l1"]) if language == l1]
        of_each[l1] = Confusions(counted_on(train.select(rows)) if rows else {})

    valid = _texts(splits["valid"])
    known = splits["valid"]
    truths = read_truths(
        known["utterance_id"], known["text"], known["intended"], known["deviations"]
    )
    reports = {}
    for name, counts in (
        (BY_SOUND, dict.fromkeys(languages, of_all)),
        (BY_LANGUAGE, of_each),
    ):
        minimum = expected_threshold(expected_records(valid, counts), truths)
        reports[name] = expected_records(_texts(data), counts, minimum)
    return reports


def _texts(split: Dataset) -> pd.DataFrame:
    columns = ("utterance_id", "text", "l1", "level")
    return pd.DataFrame({name: split[name] for name in columns})


def planted_utterances(
    records: Sequence[Record], truths: Mapping[str, Truth], confusions: Confusions
) -> dict[str, PlantedUtterance]:
    """What was said otherwise than meant, and what the listener wrote, by utterance id."""
    planted = {}
    for record in records:
        truth = truths[record.utterance_id]
        sounds = [
            PlantedSound(
                syllable=deviation.syllable,
                part=deviation.part,
                kind=deviation.kind,
                intended=deviation.intended,
                spoken=deviation.heard,
                seen=confusions.hold(*sound_change(deviation, truth.pronunciation)),
            )
            for deviation in truth.deviations
        ]
        planted[record.utterance_id] = PlantedUtterance(
            truth.pronunciation, tuple(sounds), record.heard
        )
    return planted
