"""What stands beside good clips in a delivery costs none of them, and everything is counted."""

import json

import pytest

from speakor_common import audio
from speakor_common.corpus import prepare
from speakor_common.corpus.labels import KEYS
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.recognition.predict import read_predictions, write_predictions
from tests.builders import (
    as_csv,
    as_json,
    encoded,
    label,
    predictions,
    seed_layout,
    stem,
    tone,
    write,
    write_zip,
)

POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)


def of_whole_corpus(change):
    """A delivery in which something stands beside every label, made from it."""

    def add(root):
        for path in sorted(root.rglob("*.json")):
            change(root, json.loads(path.read_bytes()))

    return add


def csv_twin(root, record):
    write(root / "csv" / f"{record['fileName'][:-4]}.csv", as_csv([record]))


def short_csv_twin(root, record):
    """A table of 12 columns, as the builders of the corpus hand it out."""
    row = {"fileName": record["fileName"]}
    for section in ("file_info", "transcription"):
        row |= record[section]
    header = ",".join(("file_name", *KEYS[1:12]))
    values = ",".join(row[key] for key in KEYS[:12])
    write(root / "csv" / f"{record['fileName'][:-4]}.csv", f"{header}\n{values}".encode("cp949"))


def nulls(root, record):
    record["transcription"] |= {"AnswerLabelText": None, "Question": float("nan"), "Reading": " "}
    record["skill_info"] = None
    path = next(root.rglob(f"{record['fileName'][:-4]}.json"))
    write(path, as_json(record))


def unpacked_zip(root):
    labels = {path.name: path.read_bytes() for path in root.rglob("*.json")}
    sounds = {path.name: path.read_bytes() for path in root.rglob("*.wav")}
    write_zip(root / "labels.zip", labels)
    write_zip(root / "sounds.zip", sounds)


def comma_in_a_text(root):
    rows = [f"VN11RA{n:03d}_VN0001_20220103.wav,1,네" for n in (51, 52)]
    rows[0] += ", 안녕하세요"
    write(root / "table.csv", "\n".join(("fileName,level,ReadingLabelText", *rows)).encode())
    for n in (51, 52):
        write(root / f"{stem(item=n)}.wav", encoded(tone(frequency=600 + n)))


def same_recording_again(root):
    name = stem(speaker=1, item=61)
    write(root / "again" / f"{name}.json", as_json(label(name, "문장 나 번")))
    first = next(root.rglob(f"{stem(speaker=1, item=1)}.wav"))
    write(root / "again" / f"{name}.wav", first.read_bytes())


# What is put into a corpus of 12 good clips: how many more are usable then, how many things are in
# quarantine, and how many were skipped as harmless.
ADDITIONS = {
    "a CSV of each clip": (of_whole_corpus(csv_twin), 0, 0, 12),
    "a CSV of 12 columns of each clip": (of_whole_corpus(short_csv_twin), 0, 0, 12),
    "nulls in every label": (of_whole_corpus(nulls), 0, 0, 0),
    "zips beside what was in them": (unpacked_zip, 0, 0, 24),
    "an unquoted comma": (comma_in_a_text, 1, 1, 0),
    "one recording under two ids": (same_recording_again, 0, 1, 0),
    "files of a Mac": (
        lambda root: [
            write(root / "__MACOSX" / f"._{path.name}", b"\x00\x05\x16\x07")
            for path in sorted(root.rglob("*.wav"))
        ],
        *(0, 0, 12),
    ),
    "files of Windows": (
        lambda root: [write(root / n, b"x") for n in ("Thumbs.db", "desktop.ini", "안내.pdf")],
        *(0, 0, 3),
    ),
    "tables of other things": (
        lambda root: [
            write(root / n, "국가;명\n몽골;3\n".encode("cp949")) for n in ("1.csv", "2.tsv")
        ],
        *(0, 2, 0),
    ),
    "pieces of a split zip": (
        lambda root: [write(root / f"TS_1.zip.part{n}", b"PK") for n in (0, 1073741824)],
        *(0, 2, 0),
    ),
    "a zip in a zip": (
        lambda root: write_zip(root / "a.zip", {"b.zip": b"PK", "c/d.zip": b"PK"}),
        *(0, 2, 0),
    ),
    "thirty recordings without labels": (
        lambda root: [write(root / f"{n}.wav", encoded(tone(0.5))) for n in range(30)],
        *(0, 30, 0),
    ),
}


@pytest.mark.parametrize("embed", [True, False])
@pytest.mark.parametrize("kind", ADDITIONS)
def test_what_else_a_delivery_holds_costs_no_clip_and_is_counted(tmp_path, kind, embed):
    add, usable, quarantined, skipped = ADDITIONS[kind]
    root = seed_layout(tmp_path / "data!" / "in", 6)
    add(root)
    done = prepare.prepare(
        root, tmp_path / "out!", POLICY, embed_audio=embed, workers=1, progress=False
    )
    assert len(done.manifest) == 12 + usable
    assert len(done.quarantine) == quarantined, done.quarantine.to_dict("records")
    assert done.skipped["count"].sum() == skipped and all(done.quarantine["reason"])
    stored = prepare.load_prepared(tmp_path / "out!")
    assert sum(map(len, stored.values())) == len(done.manifest)
    assert all(len(audio.decode(row["audio"])) > 5_000 for row in stored["test"])


def test_ids_with_leading_zeros_are_text_from_the_label_to_the_predictions(tmp_path):
    rows = ["fileName;speakerID;motherTongue;ReadingLabelText"]
    for number in range(12):
        rows.append(f"{number:05d}.wav;{number // 2:04d};베트남어;네")
        write(tmp_path / "in" / f"{number:05d}.wav", encoded(tone(frequency=100 + number)))
    write(tmp_path / "in" / "labels.csv", "\r\n".join(rows).encode("cp949"))
    done = prepare.prepare(tmp_path / "in", tmp_path / "out", POLICY, workers=1, progress=False)
    stored = prepare.load_prepared(done.directory)
    ids = [i for split in stored.values() for i in split["utterance_id"]]
    assert sorted(ids) == [f"{number:05d}" for number in range(12)]

    table = predictions(["네"] * len(ids), ["네"] * len(ids))
    table["utterance_id"] = ids
    table["speaker_id"] = [s for split in stored.values() for s in split["speaker_id"]]
    table["prompt_id"] = "0011"
    read = read_predictions(write_predictions(table, tmp_path / "exp05.csv"))
    for column in ("utterance_id", "speaker_id", "prompt_id"):
        assert read[column].tolist() == table[column].tolist()
