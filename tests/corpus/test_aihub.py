"""The reader on corpora of both layouts, and one of each kind of bad item."""

import pytest

from speakor_common.audio import decode
from speakor_common.corpus import aihub
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

ANY = aihub.ReadOptions(max_rejected=1.0)


def reasons(corpus) -> dict[str, str]:
    return dict(
        zip(
            corpus.quarantine["file"].str.split("/").str[-1],
            corpus.quarantine["reason"],
            strict=True,
        )
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
    "missing text": lambda r, n: pair(r, n, text=""),
    "missing audio": lambda r, n: write(r / f"{n}.json", as_json(label(n))),
    "undecodable audio": lambda r, n: pair(r, n, sound=b"no audio at all"),
    "empty audio": lambda r, n: pair(r, n, sound=encoded(tone(0.0))),
    "shorter than": lambda r, n: pair(r, n, sound=encoded(tone(0.1))),
    "longer than": lambda r, n: pair(r, n, sound=encoded(tone(301, 8000), 8000)),
    "text empty after normalising": lambda r, n: pair(r, n, text="n/ ..."),
    "text cannot be read in Korean: coffee": lambda r, n: pair(r, n, text="coffee 주세요"),
    "duplicate id": lambda r, n: (pair(r, n), pair(r / "again", n)),
    "fileName is a path": lambda r, n: write(
        r / f"{n}.json", as_json(label(n, fileName="../../etc/passwd"))
    ),
    "audio without label": lambda r, n: write(r / f"{n}.wav", encoded(tone())),
    "unreadable zip": lambda r, n: write(r / "x.zip", b"PK no zip"),
    "name leaves the zip": lambda r, n: write_zip(r / "y.zip", {"../evil.json": b"{}"}),
    "compressed more than": lambda r, n: bomb(r / "z.zip"),
    "link leaves the corpus root": lambda r, n: (r / "link.json").symlink_to("/etc/hostname"),
}


def pair(root, name, text="저는 학생입니다", sound=None):
    write(root / f"{name}.json", as_json(label(name, text)))
    write(root / f"{name}.wav", encoded(tone()) if sound is None else sound)


def bomb(path):
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.json", b" " * 5_000_000)


@pytest.mark.parametrize("reason", BAD)
def test_bad_items_go_to_quarantine_and_good_ones_stay(tmp_path, reason):
    pair(tmp_path, stem(item=2))
    BAD[reason](tmp_path, stem(item=1))
    corpus = aihub.read(tmp_path, ANY)
    assert stem(item=2) in set(corpus.manifest["utterance_id"])
    assert any(found.startswith(reason) for found in corpus.quarantine["reason"]), (
        corpus.quarantine["reason"].tolist()
    )


def test_too_many_bad_items_stop_the_run_and_count_the_reasons(tmp_path):
    seed_layout(tmp_path)
    for i in range(3, 6):
        write(tmp_path / f"{stem(item=i)}.json", b"broken")
    with pytest.raises(CorpusError, match=r"3 of 9 items rejected.*unreadable label.*: 3"):
        aihub.read(tmp_path)


def test_missing_root_and_root_without_labels(tmp_path):
    with pytest.raises(CorpusError, match=r"is not a folder; expected AI Hub 505"):
        aihub.read(tmp_path / "nothing")
    write(tmp_path / "a.wav", encoded(tone()))
    with pytest.raises(CorpusError, match=r"1 audio files but no label"):
        aihub.read(tmp_path)
