"""From a delivered corpus to a prepared folder."""

import logging

import numpy as np
import pandas as pd
import pytest

from speakor_common.corpus import prepare
from speakor_common.corpus.review import Review, write_reviews
from speakor_common.corpus.splits import SPLITS, SplitPolicy
from speakor_common.errors import CorpusError
from tests.builders import as_csv, as_json, encoded, label, seed_layout, stem, tone, write

POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)


def prepared(tmp_path, **options):
    """``tmp_path/in`` prepared in ``tmp_path/out``."""
    options = {"policy": POLICY, "workers": 1, "progress": False} | options
    return prepare.prepare(tmp_path / "in", tmp_path / "out", **options)


def reasons(done):
    return dict(zip(done.quarantine["file"], done.quarantine["reason"], strict=True))


@pytest.mark.parametrize("embed", [True, False])
def test_a_corpus_becomes_a_dataset_and_its_tables(tmp_path, embed):
    seed_layout(tmp_path / "in", 6)
    done = prepared(tmp_path, embed_audio=embed)
    data = prepare.load_prepared(done.directory)
    assert set(data) == set(SPLITS) and sum(map(len, data.values())) == len(done.manifest) == 12
    row = data["train"][0]
    assert row["length"] == 16_000 and isinstance(row["audio"], bytes if embed else str)
    names = {path.name for path in done.directory.iterdir()}
    assert {"manifest.csv", "quarantine.csv", "skipped.csv", "audit.json", "index.json"} <= names


def cut(content):
    return content[:-9_000]


BROKEN = {
    "silent": (encoded(np.zeros(16_000, np.float32)), "silent recording (-inf dB)"),
    "NaN": (encoded(np.full(16_000, np.nan, np.float32), subtype="FLOAT"), "undecodable audio"),
    "cut": (cut(encoded(tone())), "cut recording (0.72 of 1.00 s are there)"),
    "cut FLAC": (cut(encoded(tone(3.0), form="FLAC")), "cut recording|undecodable audio"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("embed", [True, False])
def test_a_bad_recording_reaches_no_split_whatever_the_profile(tmp_path, embed, kind):
    content, reason = BROKEN[kind]
    seed_layout(tmp_path / "in", 6)
    name = stem(speaker=1, item=1)
    write(tmp_path / "in" / "train" / "audio" / f"{name}.wav", content)
    done = prepared(tmp_path, embed_audio=embed)
    assert any(reasons(done)[name].startswith(r) for r in reason.split("|")), reasons(done)
    stored = prepare.load_prepared(done.directory)
    assert name not in {i for split in stored.values() for i in split["utterance_id"]}
    assert len(done.manifest) == sum(map(len, stored.values())) == 11


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (stem(speaker=1, item=1), stem(speaker=4, item=1), 11),  # the same text by two speakers
        (stem(speaker=1, item=1), stem(speaker=1, item=2), 10),  # two texts
    ],
)
@pytest.mark.parametrize("embed", [True, False])
def test_one_recording_under_two_ids_stops_nothing(tmp_path, embed, first, second, kept):
    root = seed_layout(tmp_path / "in", 6)
    paths = {path.stem: path for path in root.rglob("*.wav")}
    paths[second].write_bytes(paths[first].read_bytes())
    done = prepared(tmp_path, embed_audio=embed)
    assert len(done.manifest) == kept and len(done.quarantine) == 12 - kept
    for file, reason in reasons(done).items():
        assert {file, reason.split("recording as ")[1].split(",")[0]} == {first, second}
    assert set(done.audit["shared"]["audio"].values()) == {0}


def test_a_second_call_changes_nothing_and_a_lost_clip_only_its_own_split(tmp_path):
    root = seed_layout(tmp_path / "in", 6)
    first = prepared(tmp_path)
    times = {p.name: p.stat().st_mtime_ns for p in first.directory.glob("*.arrow")}
    assert prepared(tmp_path).manifest.equals(first.manifest)
    assert times == {p.name: p.stat().st_mtime_ns for p in first.directory.glob("*.arrow")}

    gone = first.manifest["utterance_id"][0]
    next(root.rglob(f"{gone}.wav")).unlink()
    second = prepared(tmp_path)
    expected = first.manifest[first.manifest["utterance_id"] != gone].reset_index(drop=True)
    pd.testing.assert_frame_equal(second.manifest, expected)
    left = {p.name for p in second.directory.glob("*.arrow")}
    assert len(left & set(times)) == len(times) - 1


def test_native_speech_has_its_own_splits(tmp_path):
    root = seed_layout(tmp_path / "in", 6)
    for speaker in range(1, 5):
        name = stem("KR", speaker)
        write(root / "train" / f"{name}.json", as_json(label(name)))
        write(root / "train" / f"{name}.wav", encoded(tone(frequency=500 + speaker)))
    data = prepare.load_prepared(prepared(tmp_path).directory)
    assert set(data["native_train"]["l1"]) == {"KR"} and "KR" not in set(data["train"]["l1"])


def test_a_review_takes_what_is_unusable_out_and_leaves_the_other_splits(tmp_path, caplog):
    seed_layout(tmp_path / "in", 6)
    whole = prepared(tmp_path).manifest
    wrong, kept = whole["utterance_id"][:2]
    reviews = {
        wrong: Review(("label wrong", "accent")),
        kept: Review(("accent",), "nice"),
        "nobody": Review(("noise",)),
    }
    file = write_reviews(tmp_path / "review.csv", reviews)
    with caplog.at_level(logging.WARNING):
        done = prepared(tmp_path, exclude=file)
    assert done.quarantine.to_dict("records") == [
        {"file": wrong, "reason": "excluded by review: label wrong"}
    ]
    expected = whole[whole["utterance_id"] != wrong].reset_index(drop=True)
    pd.testing.assert_frame_equal(done.manifest, expected)
    assert "1 of 3 reviews are of no clip of this corpus" in caplog.text


def test_a_review_that_is_not_there_is_refused_before_the_corpus_is_read(tmp_path):
    assert not (tmp_path / "in").exists()
    with pytest.raises(CorpusError, match="no review at"):
        prepared(tmp_path, exclude=tmp_path / "none.csv")
    write(tmp_path / "other.csv", b"a,b\n1,2\n")
    with pytest.raises(CorpusError, match="lacks the columns"):
        prepared(tmp_path, exclude=tmp_path / "other.csv")
    assert not (tmp_path / "out").exists()


def test_what_was_not_needed_is_counted_and_written_down(tmp_path, caplog):
    root = seed_layout(tmp_path / "in", 6)
    names = [path.stem for path in root.rglob("*.json")]
    for name in names:
        text = f"문장 {'가나다'[int(name[7:9]) % 3]} 번"
        write(root / "csv" / f"{name}.csv", as_csv([label(name, text)]))
    write(root / ".DS_Store", b"x")
    with caplog.at_level(logging.INFO):
        done = prepared(tmp_path)
    assert dict(zip(done.skipped["reason"], done.skipped["count"], strict=True)) == {
        "hidden file of a system": 1,
        "second form of a label": len(names),
    }
    assert done.quarantine.empty and "13 files skipped as harmless" in caplog.text
    assert pd.read_csv(done.directory / "skipped.csv")["count"].sum() == 13


def test_a_corpus_without_a_usable_clip_says_why(tmp_path):
    for number in range(3):
        write(tmp_path / "in" / f"{stem(item=number)}.json", as_json(label(stem(item=number))))
    with pytest.raises(CorpusError, match="no usable clip; missing audio: 3"):
        prepared(tmp_path)


def test_a_split_that_quarantine_empties_is_named(tmp_path):
    root = seed_layout(tmp_path / "in", 3, items=1)
    manifest = prepared(tmp_path).manifest
    test_clip = manifest.loc[manifest["split"] == "test", "utterance_id"].iloc[0]
    next(root.rglob(f"{test_clip}.wav")).write_bytes(encoded(np.zeros(16_000, np.float32)))
    with pytest.raises(CorpusError, match=r"\['test'\] would be empty"):
        prepared(tmp_path)


def test_an_unknown_reader_is_named_before_anything_is_read(tmp_path):
    with pytest.raises(
        CorpusError, match="no corpus reader 'nope'; there are aihub, ksponspeech, aihub-7"
    ):
        prepared(tmp_path, reader="nope")
    assert not (tmp_path / "out").exists()
