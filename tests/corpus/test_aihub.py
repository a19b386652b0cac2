"""The reader on both layouts, on every form of delivery, and on one of each kind of bad item."""

import csv
import io
import zipfile

import pytest

from speakor_common.audio import decode
from speakor_common.corpus import aihub
from speakor_common.corpus.labels import KEYS
from speakor_common.corpus.schema import MANIFEST_COLUMNS
from speakor_common.errors import CorpusError
from tests.builders import (
    ROOT_505,
    as_csv,
    as_json,
    encoded,
    label,
    nfd,
    seed_layout,
    stem,
    tone,
    write,
    write_zip,
)


def test_seed_layout(tmp_path):
    corpus = aihub.read(seed_layout(tmp_path))
    assert list(corpus.manifest.columns) == list(MANIFEST_COLUMNS)
    assert len(corpus.manifest) == 6 and corpus.quarantine.empty
    row = corpus.manifest.iloc[0]
    assert (row["l1"], row["task"], row["speaker_id"], row["prompt_id"], row["split"]) == (
        "VN",
        "read",
        "VN0001",
        "11RA001",
        "train",
    )
    assert row["duration_s"] == pytest.approx(1.0)


@pytest.mark.parametrize("cp949_names", [False, True])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_505_layout_in_zips(tmp_path, cp949_names, form):
    names = [stem(speaker=s, item=i, task="Q") for s in (1, 2) for i in (1, 2)]
    folder = tmp_path / ROOT_505 / "1.Training"
    if form == "json":
        labels = {f"1. 한국일반/{n}.json": as_json(label(n)) for n in names}
    else:
        labels = {"라벨.csv": as_csv([label(n) for n in names], "cp949")}
    write_zip(folder / "라벨링데이터" / "1. 베트남어.zip", labels, cp949_names)
    sounds = {
        f"1. 한국일반/{n}.wav": encoded(tone(frequency=100 + 7 * i)) for i, n in enumerate(names)
    }
    write_zip(folder / "원천데이터" / "TS_1. 베트남어.zip", sounds, cp949_names)
    corpus = aihub.read(tmp_path)
    assert corpus.quarantine.empty and corpus.manifest["utterance_id"].tolist() == sorted(names)
    assert set(corpus.manifest["task"]) == {"answer"} and set(corpus.manifest["split"]) == {"train"}
    assert len(decode(corpus.manifest["audio"].iloc[0])) == 16_000


def test_folders_with_names_in_nfd(tmp_path):
    name = stem()
    folder = tmp_path / nfd(ROOT_505) / "2.Validation"
    write(
        folder / nfd("라벨링데이터") / nfd("1. 한국일반") / f"{name}.json",
        as_json(label(name, nfd("저는 학생입니다"))),
    )
    write(folder / nfd("원천데이터") / nfd("1. 한국일반") / f"{name}.wav", encoded(tone()))
    manifest = aihub.read(tmp_path).manifest
    assert manifest["text"].tolist() == ["저는 학생입니다"] and manifest["split"].tolist() == [
        "valid"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_label_encodings(tmp_path, encoding, form):
    name = stem()
    content = as_json(label(name), encoding) if form == "json" else as_csv([label(name)], encoding)
    write(tmp_path / f"train/{name}.{form}", content)
    write(tmp_path / f"train/{name}.flac", encoded(tone(), form="FLAC"))
    assert aihub.read(tmp_path).manifest["text"].tolist() == ["저는 학생입니다"]


def test_what_was_said_is_taken_not_the_script(tmp_path):
    name = stem()
    record = label(name, "어/ 저는 학생")
    record["transcription"]["Reading"] = "저는 학생입니다."
    write(tmp_path / f"{name}.json", as_json(record))
    write(tmp_path / f"{name}.wav", encoded(tone()))
    row = aihub.read(tmp_path).manifest.iloc[0]
    assert (row["text"], row["raw_text"], row["script"]) == (
        "어 저는 학생",
        "어/ 저는 학생",
        "저는 학생입니다.",
    )


BAD = {
    "unreadable label": lambda r, n: write(r / f"{n}.json", b"{ not json"),
    "transcription: ": lambda r, n: write(r / f"{n}.json", as_json(label(n, transcription="text"))),
    "fileName: absent": lambda r, n: write(r / f"{n}.json", as_json(label(n, fileName=None))),
    "missing text": lambda r, n: deliver(r, n, text=""),
    "missing audio": lambda r, n: write(r / f"{n}.json", as_json(label(n))),
    "undecodable audio": lambda r, n: deliver(r, n, sound=b"no audio at all"),
    "empty audio": lambda r, n: deliver(r, n, sound=encoded(tone(0.0))),
    "shorter than": lambda r, n: deliver(r, n, sound=encoded(tone(0.1))),
    "longer than": lambda r, n: deliver(r, n, sound=encoded(tone(301, 8000), 8000)),
    "text empty after normalising": lambda r, n: deliver(r, n, text="n/ ..."),
    "text cannot be read in Korean: coffee": lambda r, n: deliver(r, n, text="coffee 주세요"),
    "duplicate id": lambda r, n: (deliver(r, n), deliver(r / "again", n)),
    "two labels that differ": lambda r, n: (
        deliver(r, n),
        write(r / f"{n}.csv", as_csv([label(n, "저는 선생님입니다")])),
    ),
    "fileName is a path": lambda r, n: write(
        r / f"{n}.json", as_json(label(n, fileName="../../etc/passwd"))
    ),
    "audio without label": lambda r, n: write(r / f"{n}.wav", encoded(tone())),
    "unreadable zip": lambda r, n: write(r / "x.zip", b"PK no zip"),
    "name leaves the zip": lambda r, n: write_zip(r / "y.zip", {"../evil.json": b"{}"}),
    "compressed more than": lambda r, n: bomb(r / "z.zip"),
    "link leaves the corpus root": lambda r, n: (r / "link.json").symlink_to("/etc/hostname"),
    "no table of labels": lambda r, n: write(r / "statistics.csv", "국가,명\n베트남,3\n".encode()),
    "13 values for 12 columns": lambda r, n: write(
        r / f"{n}.csv",
        f"{','.join(KEYS[:12])}\n{n}.wav,VN0001,,,,,1.0,읽기,네, 안녕하세요,,,중".encode("cp949"),
    ),
}


def deliver(root, name, text="저는 학생입니다", sound=None):
    write(root / f"{name}.json", as_json(label(name, text)))
    write(root / f"{name}.wav", encoded(tone()) if sound is None else sound)


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.json", b" " * 5_000_000)


@pytest.mark.parametrize("reason", BAD)
def test_bad_items_go_to_quarantine_and_good_ones_stay(tmp_path, reason):
    deliver(tmp_path, stem(item=2))
    BAD[reason](tmp_path, stem(item=1))
    corpus = aihub.read(tmp_path)
    assert stem(item=2) in set(corpus.manifest["utterance_id"])
    reasons = corpus.quarantine["reason"].tolist()
    assert any(given.startswith(reason) for given in reasons), reasons


def test_too_many_bad_items_stop_the_run_and_count_the_reasons(tmp_path):
    seed_layout(tmp_path, items=7)
    for i in range(11, 17):
        write(tmp_path / f"{stem(item=i)}.json", b"broken")
    with pytest.raises(CorpusError, match=r"6 of 27 labelled clips.*unreadable label: 6"):
        aihub.read(tmp_path)


def test_missing_root_and_root_without_labels(tmp_path):
    with pytest.raises(CorpusError, match=r"is not a folder; expected AI Hub 505"):
        aihub.read(tmp_path / "nothing")
    write(tmp_path / "a.wav", encoded(tone()))
    write(tmp_path / "labels.zip.part0", b"PK")
    complaint = r"1 audio files but no label.*rejected so far: piece of a split zip"
    with pytest.raises(CorpusError, match=complaint):
        aihub.read(tmp_path)


NAMES = [stem(item=i) for i in range(1, 4)]


def json_and_csv(root):
    for name in NAMES:
        write(root / "라벨" / "json" / f"{name}.json", as_json(label(name)))
        write(root / "라벨" / "csv" / f"{name}.csv", as_csv([label(name)]))


def json_and_one_table(root):
    for name in NAMES:
        write(root / f"{name}.json", as_json(label(name)))
    write(root / "all.csv", as_csv([label(name) for name in NAMES]))


def packed_and_unpacked(root):
    labels = {f"{name}.json": as_json(label(name)) for name in NAMES}
    write_zip(root / "labels.zip", labels)
    for file, content in labels.items():
        write(root / "labels" / file, content)


def table_with(separator=",", columns=None, rename=lambda key: key, encoding="utf-8-sig"):
    """A delivery of one table, its columns cut or spelled another way."""

    def build(root):
        rows = list(csv.reader(io.StringIO(as_csv([label(n) for n in NAMES], "utf-8").decode())))
        rows = [row[:columns] for row in rows]
        rows[0] = [rename(key) for key in rows[0]]
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=separator).writerows(rows)
        write(root / "labels.csv", buffer.getvalue().encode(encoding))

    return build


def nulls(root):
    for name, value in zip(NAMES, (None, float("nan"), " "), strict=True):
        record = label(name)
        record["transcription"] |= {"Question": value, "Reading": value, "AnswerLabelText": value}
        record["skill_info"]["topikGrade"] = value
        record["basic_info"] = value
        write(root / f"{name}.json", as_json(record))


def of_a_mac(root):
    members = {f"{name}.json": as_json(label(name)) for name in NAMES}
    members |= {f"__MACOSX/._{name}.json": b"\x00\x05\x16\x07" for name in NAMES}
    write_zip(root / "labels.zip", members | {".DS_Store": b"x"})
    write(root / "Thumbs.db", b"x")
    write(root / f"._{NAMES[0]}.wav", b"\x00\x05\x16\x07")


def spaces_in_names(root):
    for name, file_name in zip(NAMES, ("{}.wav ", " {}.wav", "{}.wav\r\n"), strict=True):
        write(root / f"{name}.json", as_json(label(name, fileName=file_name.format(name))))


# How builders hand out the same three clips, and how many files are not needed then.
DELIVERIES = {
    "JSON and CSV of each clip": (json_and_csv, 3),
    "JSON of each clip, one CSV of all": (json_and_one_table, 3),
    "a zip and what was in it": (packed_and_unpacked, 3),
    "CSV of 12 columns": (table_with(columns=12), 0),
    "file_name": (table_with(rename=lambda k: "file_name" if k == "fileName" else k), 0),
    "FileName": (table_with(rename=lambda k: k[0].upper() + k[1:]), 0),
    "spaces in the header": (table_with(rename=lambda k: f" {k} "), 0),
    "tabs": (table_with("\t"), 0),
    "semicolons, CP949": (table_with(";", encoding="cp949"), 0),
    "nulls": (nulls, 0),
    "files of a Mac and of Windows": (of_a_mac, 6),
    "spaces around file names": (spaces_in_names, 0),
}


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_delivery_gives_its_clips_once_and_no_complaint(tmp_path, delivery):
    build, skipped = DELIVERIES[delivery]
    build(tmp_path / "data!")
    for number, name in enumerate(NAMES):
        write(tmp_path / "data!" / f"{name}.wav", encoded(tone(frequency=200 + number)))
    corpus = aihub.read(tmp_path)
    assert corpus.quarantine.to_dict("records") == []
    assert corpus.manifest["utterance_id"].tolist() == NAMES
    assert set(corpus.manifest["text"]) == {"저는 학생입니다"}
    assert set(corpus.manifest["speaker_id"]) == {"VN0001"} and set(corpus.manifest["l1"]) == {"VN"}
    assert corpus.skipped["count"].sum() == skipped
    assert all(len(decode(reference)) == 16_000 for reference in corpus.manifest["audio"])


def test_ids_keep_their_leading_zeros(tmp_path):
    header = "fileName,speakerID,ReadingLabelText\n"
    write(tmp_path / "labels.csv", f"{header}00012.wav,0007,네\n00013,0008,네\n".encode())
    for name in ("00012", "00013"):
        write(tmp_path / f"{name}.wav", encoded(tone(frequency=int(name))))
    rows = aihub.read(tmp_path).manifest[["utterance_id", "speaker_id"]].to_numpy().tolist()
    assert rows == [["00012", "0007"], ["00013", "0008"]]


def test_other_files_of_a_delivery_are_counted(tmp_path):
    deliver(tmp_path, NAMES[0])
    for name in ("설명서.pdf", "a.txt", "b.txt"):
        write(tmp_path / name, b"x")
    skipped = aihub.read(tmp_path).skipped
    assert skipped.to_dict("records") == [
        {"reason": "neither label nor recording", "count": 3, "example": "a.txt"}
    ]
