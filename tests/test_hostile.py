"""Broken and hostile deliveries: what can be read is read, all else is named, nothing is lost."""

import re
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from speakor_common import audio, paths
from speakor_common.corpus import aihub, files, prepare
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.errors import AudioError
from tests.builders import (
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
POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)
GOOD, BAD = stem(item=2), stem(item=1)


def _longer_header(content: bytes) -> bytes:
    at = content.index(b"data") + 4
    return content[:at] + struct.pack("<I", 10**8) + content[at + 4 :]


SOUNDS = {
    "stereo": lambda: encoded(np.stack([tone(), tone()], axis=1)),
    "48 kHz": lambda: encoded(tone(1.0, 48_000), 48_000),
    "8 kHz": lambda: encoded(tone(1.0, 8_000), 8_000),
    "8 bit": lambda: encoded(tone(), subtype="PCM_U8"),
    "24 bit": lambda: encoded(tone(), subtype="PCM_24"),
    "float": lambda: encoded(tone(), subtype="FLOAT"),
    "mu-law": lambda: encoded(tone(), subtype="ULAW"),
    "direct current": lambda: encoded(np.clip(tone() * 0.2 + 0.5, -1, 1)),
    "290 s": lambda: encoded(tone(290.0, 8_000), 8_000),
    "FLAC named wav": lambda: encoded(tone(), form="FLAC"),
    "MP3 named wav": lambda: encoded(tone(), form="MP3", subtype="MPEG_LAYER_III"),
    "cut in its samples": lambda: encoded(tone())[:-9_000],
    "header of a longer clip": lambda: _longer_header(encoded(tone())),
}
BROKEN_SOUNDS = {
    "zero bytes": b"",
    "text": "이것은 글입니다".encode(),
    "cut in its header": encoded(tone())[:30],
    "NaN": encoded(np.full(16_000, np.nan, np.float32), subtype="FLOAT"),
    "silence": encoded(np.zeros(16_000, np.float32)),
    "FLAC cut in half": encoded(tone(3.0), form="FLAC")[:2_000],
    "cut in its samples": encoded(tone())[:-9_000],
    "header of a longer clip": _longer_header(encoded(tone())),
}
TEXTS = {  # delivered text and what is trained on; None is quarantined
    "emoji": ("좋아요 😀👍", "좋아요"),
    "letters laughing": ("좋아요 ㅋㅋㅋ", "좋아요"),
    "hanja": ("大學에 가요", None),
    "NFD": (nfd("학교에 가요"), "학교에 가요"),
    "zero width": ("학교\u200b에 가요\ufeff", "학교에 가요"),
    "right to left": ("\u202e학교에 가요", "학교에 가요"),
    "only spaces": (" \t\n ", None),
    "null": ("학교\x00에 가요", "학교에 가요"),
    "ten megabytes": ("가 " * 3_500_000, None),
}
LABELS = {
    "list of lists": b"[[[]]]",
    "number": b"42",
    "null": b"null",
    "deep": b"[" * 100_000,
    "text is a list": as_json(label(BAD, transcription={"ReadingLabelText": ["저는"]})),
    "file name is a number": as_json(label(BAD, fileName=7)),
    "no file name": as_json(label(BAD, fileName="")),
    "long file name": as_json(label(BAD, fileName="가" * 300)),
    "cut": as_json(label(BAD))[:-40],
    "neither encoding": b'{"fileName": "\xff\xfa\x81"}',
    "absolute path": as_json(label(BAD, fileName=f"/etc/{BAD}.wav")),
    "Windows path": as_json(label(BAD, fileName=f"C:\\data\\{BAD}.wav")),
    "path upwards": as_json(label(BAD, fileName=f"../{BAD}.wav")),
}


def deliver(root, name, sound=None, content=None):
    write(root / f"{name}.json", as_json(label(name)) if content is None else content)
    write(root / f"{name}.wav", encoded(tone()) if sound is None else sound)


@pytest.mark.parametrize("kind", SOUNDS)
def test_unusual_sound_is_read(tmp_path, kind):
    deliver(tmp_path, BAD, SOUNDS[kind]())
    corpus = aihub.read(tmp_path, ANY)
    assert corpus.manifest["utterance_id"].tolist() == [BAD], corpus.quarantine.to_dict("records")
    samples = audio.decode(corpus.manifest["audio"].iloc[0])
    assert (
        samples.dtype == np.float32
        and samples.ndim == 1
        and np.isfinite(samples).all()
        and len(samples) > 5_000
    )


@pytest.mark.parametrize("embed", [True, False])
@pytest.mark.parametrize("kind", BROKEN_SOUNDS)
def test_broken_sound_is_quarantined_and_the_rest_is_prepared(tmp_path, kind, embed):
    root = seed_layout(tmp_path / "in", 6, items=6)
    deliver(root / "train", stem(speaker=1, item=41), BROKEN_SOUNDS[kind])
    done = prepare.prepare(
        root, tmp_path / "out", POLICY, embed_audio=embed, workers=1, progress=False
    )
    assert len(done.manifest) == 36 and len(done.quarantine) == 1
    assert done.quarantine["reason"].iloc[0]


@pytest.mark.parametrize("kind", TEXTS)
def test_odd_text_is_cleaned_or_quarantined(tmp_path, kind):
    given, expected = TEXTS[kind]
    deliver(tmp_path, GOOD)
    deliver(tmp_path, BAD, content=as_json(label(BAD, given)))
    corpus = aihub.read(tmp_path, ANY)
    texts = corpus.manifest.set_index("utterance_id")["text"]
    assert texts.get(BAD) == expected and GOOD in texts.index
    assert (expected is None) == any(BAD in file for file in corpus.quarantine["file"])


@pytest.mark.parametrize("kind", LABELS)
def test_broken_label_is_quarantined(tmp_path, kind):
    deliver(tmp_path, GOOD)
    deliver(tmp_path, BAD, content=LABELS[kind])
    corpus = aihub.read(tmp_path, ANY)
    assert corpus.manifest["utterance_id"].tolist() == [GOOD]
    assert any(
        file.endswith(f"{BAD}.json") and reason
        for file, reason in corpus.quarantine[["file", "reason"]].to_numpy()
    )


def test_a_table_of_labels_loses_only_its_bad_rows(tmp_path):
    names = [stem(item=i) for i in range(1, 5)]
    records = [label(name) for name in names]
    records[1]["transcription"]["ReadingLabelText"] = ""
    records[2]["fileName"] = "../up.wav"
    write(tmp_path / "labels.csv", as_csv(records))
    for number, name in enumerate(names):
        write(tmp_path / f"{name}.wav", encoded(tone(frequency=200 + number)))
    corpus = aihub.read(tmp_path, ANY)
    assert corpus.manifest["utterance_id"].tolist() == [names[0], names[3]]
    assert sum("row" in file for file in corpus.quarantine["file"]) == 2


def encrypted(path):
    """A member whose header says that it is encrypted."""
    write_zip(path, {"a.json": b"{}"})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)


def huge(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", b"{}")
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 20
    content[at : at + 8] = struct.pack("<II", files.MAX_MEMBER_BYTES, files.MAX_MEMBER_BYTES + 1)
    path.write_bytes(content)


ZIPS = {
    "encrypted": encrypted,
    "cut": lambda path: path.write_bytes(
        write_zip(path, {"a.json": b"{}" * 500}).read_bytes()[:300]
    ),
    "larger than it may be": huge,
    "absolute member": lambda path: write_zip(path, {"/etc/a.json": b"{}"}),
    "Windows member": lambda path: write_zip(path, {"C:\\a.json": b"{}"}),
    "member upwards": lambda path: write_zip(path, {"x/../../a.json": b"{}"}),
    "empty file": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_hostile_zip_is_quarantined_and_nothing_is_written_beside_it(tmp_path, kind):
    root = tmp_path / "in"
    deliver(root, GOOD)
    ZIPS[kind](root / "labels.zip")
    before = sorted(p.name for p in tmp_path.rglob("*"))
    corpus = aihub.read(root, ANY)
    assert corpus.manifest["utterance_id"].tolist() == [GOOD] and len(corpus.quarantine) == 1
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_a_damaged_member_is_quarantined_when_it_is_read(tmp_path):
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{BAD}.json", as_json(label(BAD)))
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    deliver(tmp_path, GOOD)
    corpus = aihub.read(tmp_path, ANY)
    assert (
        corpus.manifest["utterance_id"].tolist() == [GOOD]
        and "unreadable label" in corpus.quarantine["reason"].iloc[0]
    )


@pytest.mark.parametrize(
    "source",
    [
        (np.zeros((2, 3, 4), np.float32), 16_000),
        (np.array(["저는"]), 16_000),
        (np.zeros(10, complex), 16_000),
        (np.zeros(10, np.float32), 0),
        (np.zeros(10, np.float32), 16_000.5),
        (np.zeros(0, np.float32), 16_000),
        b"",
        "/nowhere/a.wav",
        "/",
    ],
    ids=str,
)
def test_what_is_no_sound_is_an_audio_error(source):
    with pytest.raises(AudioError):
        audio.decode(source)


def test_unsigned_samples_rest_in_the_middle():
    assert audio.decode((np.array([0, 255] * 50, np.uint8), 16_000)).tolist() == pytest.approx(
        [-1, 1] * 50
    )


def test_no_bytes_make_the_label_reader_raise(tmp_path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python")
    for number, content in enumerate([*LABELS.values(), as_json(label(GOOD))]):
        if len(content) < 5_000:
            write(tmp_path / "seeds" / f"{number}.json", b"j" + content)
    write(tmp_path / "seeds" / "table.csv", b"c" + as_csv([label(GOOD)]))
    write(tmp_path / "seeds" / "tabs.tsv", b"t" + as_csv([label(GOOD)]).replace(b",", b"\t"))
    # A limit of memory would count that of this process, whose peak a child inherits.
    options = ["-runs=30000", "-max_total_time=20", "-max_len=4096", "-rss_limit_mb=0"]
    options.append(f"-artifact_prefix={tmp_path}/")
    command = [sys.executable, "-m", "tests.fuzz_labels", str(tmp_path / "seeds"), *options]
    done = subprocess.run(
        command, cwd=paths.root(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(re.findall(r"#(\d+)\s+DONE", done.stderr)[0]) > 1_000
