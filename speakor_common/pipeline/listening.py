"""The native listener's part of an evaluation: feedback, and what it finds of known deviations.

Where it is known what was said, ``planted.csv`` says it together with what the listener wrote, and
``feedback_counts.csv`` holds the decisions of the listener and of yardsticks by speaker. All rates
are counted from these two, see :mod:`speakor_common.pipeline.results`. Utterances that nobody
annotated get feedback too; how many they are stands beside all scores.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import pandas as pd
from datasets import Dataset

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
from speakor_common.pronunciation.calibration import spoken_sounds
from speakor_common.pronunciation.confusions import (
    Confusions,
    Counts,
    count_confusions,
    load_confusions,
    sound_change,
)
from speakor_common.pronunciation.expected import expected_records, expected_threshold
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.truth import Truth, Truths, read_truths
from speakor_common.storage import write_text
from speakor_common.training.profiles import get_profile

logger = logging.getLogger(__name__)

SpokenByLanguage = Mapping[str, Sequence[Truth]]  # by first language

# What is scored beside the listener, and what each knows.
OTHER_LANGUAGES = "listener, counts of other first languages"
BY_SOUND = "no audio, counts by sound"
BY_LANGUAGE = "no audio, counts by sound and first language"


def write_feedback(profile_name: str, predictions: pd.DataFrame, intended: str) -> pd.DataFrame:
    """Write feedback.jsonl and score it on known deviations in ``feedback_scores.csv``.

    Beside the listener stand the listener with confusions counted without the speaker's first
    language, and reports from training counts alone, which hear nothing. All are told the same
    texts. What cannot be compared, because nobody annotated the speech it needs, is logged.

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
    truths = _truths(data, "test")
    if not truths.known:
        for stale in (PLANTED_FILE, COUNTS_FILE, SCORES_FILE):
            (results / stale).unlink(missing_ok=True)
        return pd.DataFrame()

    # What the listener was counted on tells seen kinds of deviation from unseen ones.
    splits = prepare.load_prepared(paths.prepared(profile_name))
    spoken = spoken_by_language(splits["train"])
    confusions = load_confusions(listener)
    systems = {LISTENER: records}
    if confusions.counts and spoken:
        others = confusions_without(spoken, set(data["l1"]), confusions)
        systems[OTHER_LANGUAGES] = feedback.make_records_on_cores(clean, listener, audio, others)
    if spoken:
        texts = clean.rename(columns={"hypothesis": "text"})
        systems |= unheard(spoken, splits["valid"], texts)

    write_planted(planted_utterances(records, truths.known, confusions), results / PLANTED_FILE)
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


def _truths(split: Dataset, name: str) -> Truths:
    """What was said in a prepared split; what is left out of it is logged."""
    truths = read_truths(
        split["utterance_id"], split["text"], split["intended"], split["deviations"]
    )
    if truths.left_out:
        logger.warning("%s: %s; nothing is counted of these", name, truths.left_out)
    return truths


def spoken_by_language(train: Dataset) -> dict[str, list[Truth]]:
    """What training speakers said, by first language; none of whom nobody annotated anything."""
    known = _truths(train, "train").known
    spoken: dict[str, list[Truth]] = {}
    for identifier, l1 in zip(train["utterance_id"], train["l1"], strict=True):
        if identifier in known:
            spoken.setdefault(l1, []).append(known[identifier])
    return spoken


def confusions_without(
    spoken: SpokenByLanguage, languages: Collection[str], confusions: Confusions
) -> dict[str, Confusions]:
    """For each first language what training speakers of all others say, with a listener's weights.

    Languages that training speakers have none of keep all counts. Where only a language's own
    speakers are annotated there are none.
    """
    without = {}
    for l1 in sorted(languages):
        others = {language: truths for language, truths in spoken.items() if language != l1}
        without[l1] = Confusions(_counts(others), confusions.weights)
    return without


def unheard(
    spoken: SpokenByLanguage, valid: Dataset, texts: pd.DataFrame
) -> dict[str, list[Record]]:
    """Reports from training counts alone, thresholds chosen on validation speakers.

    Args:
        spoken: what training speakers said.
        valid: prepared validation clips, with what was meant.
        texts: columns ``utterance_id, text, l1, level``: what the listener is told was meant.

    Returns:
        none where nothing is annotated of validation speakers.
    """
    truths = _truths(valid, "valid").known
    if not truths:
        logger.warning("without annotated validation speech no threshold of a prior can be chosen")
        return {}
    known = valid.select_columns(["utterance_id", "text", "l1", "level"]).to_pandas()

    # A first language that nobody annotated has nothing to report.
    languages = {*spoken, *known["l1"], *texts["l1"]}
    of_all = Confusions(_counts(spoken))
    of_each = {l1: Confusions(_counts({l1: spoken.get(l1, [])})) for l1 in languages}
    reports = {}
    for name, counts in (
        (BY_SOUND, dict.fromkeys(languages, of_all)),
        (BY_LANGUAGE, of_each),
    ):
        minimum = expected_threshold(expected_records(known, counts), truths)
        reports[name] = expected_records(texts, counts, minimum)
    return reports


def _counts(spoken: SpokenByLanguage) -> Counts:
    return count_confusions(spoken_sounds(chain.from_iterable(spoken.values())))


def planted_utterances(
    records: Sequence[Record], truths: Mapping[str, Truth], confusions: Confusions
) -> dict[str, PlantedUtterance]:
    """What was said and what the listener wrote, by utterance id, where it is known."""
    planted = {}
    for record in records:
        truth = truths.get(record.utterance_id)
        if truth is None:
            continue
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
