"""How well ways of listening find planted pronunciation deviations.

    python benchmarks/pronunciation.py

Four ways on the sample's learner validation split, with the reference as what was meant, so that only listening is judged: comparing the
transcript of the base, trained on spelling; comparing the transcript of the listener, trained on pronounced labels; asking the listener
sound by sound; and judging what it hears by what learners are known to say (models/listener-tiny/confusions.json, what notebook 05 does).
The last two at several thresholds. Those in use, and the weights of the last way, were chosen on these clips. Prints a table and writes
results/benchmarks/pronunciation.json.
"""

import time

import pandas as pd

from speakor_common import checkpoints, paths
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.evaluation import confusions, detection
from speakor_common.evaluation.errors import align_syllables
from speakor_common.evaluation.feedback import DeviationRecord, Record
from speakor_common.evaluation.pronunciation import Deviation, NativeListener, compare
from speakor_common.g2p import standard_pronunciation
from speakor_common.storage import write_json

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.73, 0.9)


def main() -> None:
    data = prepare.load(paths.prepared("sample"))["valid"]
    waves, texts = [load_audio(row) for row in data], list(data["text"])
    rows = []
    for model, pronounced in (("base-tiny", False), ("listener-tiny", True)):
        heard = NativeListener(checkpoints.resolve(model)).listen(waves, texts)
        way = f"transcript of {model}"
        rows.append(_row(way, data, [_by_transcript(text, h.text, pronounced) for text, h in zip(texts, heard, strict=True)], 0.0))
    directory = checkpoints.resolve("listener-tiny")
    for way, known in (("heard", confusions.ONLY_HEARD), ("expected and heard", confusions.load(directory))):
        listener, started = NativeListener(directory, minimum=-1.0, known=known), time.perf_counter()
        heard, seconds = listener.listen(waves, texts), (time.perf_counter() - started) / len(waves)
        for threshold in sorted({*THRESHOLDS, known.weights.minimum}):
            found = [[d for d in one.deviations if d.confidence > threshold] for one in heard]
            rows.append(_row(f"{way}, confidence above {threshold:g}", data, found, seconds))
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "pronunciation.json", rows)))


def _by_transcript(intended: str, heard: str, pronounced: bool) -> list[Deviation]:
    """Deviations between transcripts; a pronounced one is compared as it is, a spelled one by how it would be pronounced."""
    if not pronounced:
        return compare(intended, heard)
    found, position = [], 0
    for pair in align_syllables(standard_pronunciation(intended), heard):
        differences = compare(pair.reference, pair.hypothesis) if pair.reference != pair.hypothesis else []
        found += [Deviation(position, d.part, d.kind, d.intended, d.heard, 1.0, 0.0, 0.0) for d in differences]
        position += pair.reference != ""
    return found


def _row(way: str, data, deviations: list, seconds: float) -> dict[str, float | str]:
    known = detection.planted(data["utterance_id"], data["deviations"])
    total = detection.Detection()
    for row, found in zip(data, deviations, strict=True):
        total += detection.count(row["text"], _record(row, found), known[row["utterance_id"]])
    rates = {name: round(value, 3) for name, value in total.rates().items()}
    planted, reported = total.true_rejected + total.false_accepted, total.true_rejected + total.false_rejected
    return {"way": way, "n": len(data), "planted": planted, "reported": reported} | rates | {"ms a clip": round(1000 * seconds, 1)}


def _record(row: dict, deviations: list[Deviation]) -> Record:
    pronunciation = standard_pronunciation(row["text"])
    syllables = len(pronunciation.replace(" ", ""))
    inside = [DeviationRecord(**d.to_dict()) for d in deviations if d.syllable < syllables]
    return Record(
        utterance_id=row["utterance_id"], l1=row["l1"], level=row["level"], intended=row["text"], pronunciation=pronunciation, heard="",
        deviations=inside,
    )  # fmt: skip


if __name__ == "__main__":
    main()
