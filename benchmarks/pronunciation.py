"""How well settings of the native listener find planted pronunciation deviations.

    python benchmarks/pronunciation.py

On the sample's learner validation split, with the reference as what was meant, so that only
listening is judged:

- the transcript of the base, trained on spelling, compared with what is allowed;
- the transcript of the listener, trained on labels as pronounced;
- the listener asked about every sound;
- what it hears weighed by what learners are known to say (models/listener-tiny/confusions.json),
  which is what notebook 05 does;
- the same with counts that leave out the first language of the speaker. Rules planted the
  deviations, so what is counted on training speakers fits these speakers better than real ones.

The last three at several thresholds. Those in use, and the weights, were chosen on these clips.
Prints a table and writes results/benchmarks/pronunciation.json.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from datasets import Dataset

from speakor_common import paths
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.models import checkpoints
from speakor_common.pronunciation.calibration import annotated_truths, spoken_sounds
from speakor_common.pronunciation.confusions import (
    SOUND_ONLY,
    Confusions,
    EvidenceWeights,
    count_confusions,
    load_confusions,
)
from speakor_common.pronunciation.detection import Detection, count_decisions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.pronunciation.listener import Impression, NativeListener
from speakor_common.pronunciation.transcript_deviations import compare_transcript
from speakor_common.pronunciation.truth import Truth
from speakor_common.storage import write_json
from speakor_common.text.pronunciation import pronunciations

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.73, 0.9)


def main() -> None:
    splits = prepare.load_prepared(paths.prepared("sample"))
    data = splits["valid"]
    truths = annotated_truths(data).known

    # Transcripts compared.
    rows = []
    for model, spelled in (("base-tiny", True), ("listener-tiny", False)):
        impressions = by_transcript(checkpoints.find_checkpoint(model), data, spelled)
        rows.append(table_row(f"transcript of {model}", data, impressions, truths, 0.0))

    # Every sound asked about.
    directory = checkpoints.find_checkpoint("listener-tiny")
    shipped = load_confusions(directory)
    languages = sorted(set(data["l1"]))
    settings = {
        "sound alone": dict.fromkeys(languages, SOUND_ONLY),
        "sound and confusions": dict.fromkeys(languages, shipped),
        "sound and confusions of other languages": {
            language: of_other_languages(splits["train"], language, shipped.weights)
            for language in languages
        },
    }
    for setting, by_language in settings.items():
        impressions, seconds = by_sound(directory, data, by_language)
        in_use = {known.weights.minimum for known in by_language.values()}
        for threshold in sorted({*THRESHOLDS, *in_use}):
            above = [above_threshold(impression, threshold) for impression in impressions]
            name = f"{setting}, confidence above {threshold:g}"
            rows.append(table_row(name, data, above, truths, seconds))

    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "pronunciation.json", rows)))


def by_transcript(directory: Path, data: Dataset, spelled: bool) -> list[Impression]:
    """Each clip's transcript compared with what is allowed for its text."""
    recogniser = NativeListener(directory).recogniser
    hypotheses = recogniser.recognise_segments([load_audio(row) for row in data])
    impressions = []
    for text, hypothesis in zip(data["text"], hypotheses, strict=True):
        allowed = pronunciations(text)
        form, deviations = compare_transcript(allowed, hypothesis.text, (), spelled)
        impressions.append(Impression("ok", "", hypothesis.text, form, tuple(deviations)))
    return impressions


def of_other_languages(train: Dataset, language: str, weights: EvidenceWeights) -> Confusions:
    """What training speakers of all other first languages say."""
    others = train.filter(lambda l1: l1 != language, input_columns="l1", keep_in_memory=True)
    said = annotated_truths(others).known.values()
    return Confusions(count_confusions(spoken_sounds(said)), weights)


def by_sound(
    directory: Path, data: Dataset, by_language: dict[str, Confusions]
) -> tuple[list[Impression], float]:
    """Impressions with all deviations, however improbable, and seconds of one core a clip."""
    torch.set_num_threads(1)  # what a process of `speakor` has where every core is busy
    listener = NativeListener(directory, minimum=-1.0)
    waves = [load_audio(row) for row in data]

    impressions = []
    started = time.process_time()
    for wave, text, language in zip(waves, data["text"], data["l1"], strict=True):
        listener.confusions = by_language[language]
        impressions += listener.listen([wave], [text])
    return impressions, (time.process_time() - started) / len(waves)


def above_threshold(impression: Impression, threshold: float) -> Impression:
    deviations = [item for item in impression.deviations if item.confidence > threshold]
    return replace(impression, deviations=tuple(deviations))


def table_row(
    setting: str,
    data: Dataset,
    impressions: Sequence[Impression],
    truths: Mapping[str, Truth],
    seconds: float,
) -> dict[str, float | str]:
    total = Detection()
    for row, impression in zip(data, impressions, strict=True):
        record = as_record(row, impression)
        total += count_decisions(record, truths[row["utterance_id"]])
    counts = {"n": len(data), "planted": total.planted, "reported": total.reported}
    rates = {name: round(value, 3) for name, value in total.rates().items()}
    return {"setting": setting} | counts | rates | {"CPU ms a clip": round(1000 * seconds, 1)}


def as_record(row: dict, impression: Impression) -> Record:
    deviations: list[Deviation] = list(impression.deviations)
    return Record(
        utterance_id=row["utterance_id"],
        status=impression.status,
        l1=row["l1"],
        level=row["level"],
        intended=row["text"],
        pronunciation=impression.pronunciation,
        heard=impression.transcript,
        unsure_words=list(impression.unsure_words),
        deviations=deviations,
    )


if __name__ == "__main__":
    main()
