"""Splits, audit and preparation."""

import os

import pandas as pd
import pytest

from speakor_common.corpus import aihub, prepare, review, splits
from speakor_common.corpus.audit import audit
from speakor_common.corpus.review import Review
from speakor_common.corpus.splits import SPLITS, UNUSED, SplitPolicy, assign_splits
from speakor_common.errors import CorpusError
from tests.builders import as_json, encoded, label, seed_layout, stem, tone, write

POLICY = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)


def manifest(speakers=10, prompts=12, l1s=("VN", "JP")) -> pd.DataFrame:
    rows = [
        {
            "speaker_id": f"{l1}{s:04d}",
            "l1": l1,
            "prompt_id": f"11RA{p:03d}",
            "utterance_id": f"{l1}{s}-{p}",
        }
        for l1 in l1s
        for s in range(speakers)
        for p in range(prompts)
    ]
    return pd.DataFrame(rows)


def test_speakers_are_disjoint_and_stratified():
    table = assign_splits(manifest(), POLICY)
    assert (table.groupby("speaker_id")["split"].nunique() == 1).all()
    per_l1 = table.drop_duplicates("speaker_id").groupby(["l1", "split"]).size().unstack()
    assert per_l1.loc["VN"].tolist() == per_l1.loc["JP"].tolist() and (per_l1 > 0).all().all()


def test_row_order_and_more_clips_move_nothing():
    table = assign_splits(manifest(), POLICY)
    shuffled = assign_splits(manifest(prompts=20).sample(frac=1, random_state=3), POLICY)
    before = dict(zip(table["utterance_id"], table["split"], strict=True))
    after = dict(zip(shuffled["utterance_id"], shuffled["split"], strict=True))
    assert all(after[u] == split for u, split in before.items())


def test_prompt_disjoint_leaves_mixed_pairs_unused():
    policy = SplitPolicy(
        valid_speakers=0.3,
        test_speakers=0.3,
        prompt_disjoint=True,
        valid_prompts=0.3,
        test_prompts=0.3,
    )
    table = assign_splits(manifest(prompts=30), policy)
    used = table[table["split"] != UNUSED]
    assert (used.groupby("prompt_id")["split"].nunique() == 1).all() and set(used["split"]) == set(
        SPLITS
    )
    assert (table["split"] == UNUSED).any()


def test_too_few_speakers_is_an_error():
    with pytest.raises(CorpusError, match="would be empty"):
        assign_splits(manifest(speakers=2), POLICY)


def test_small_l1_goes_to_train_as_a_whole():
    assert set(splits.speaker_splits({"TH0001": "TH", "TH0002": "TH"}, POLICY).values()) == {
        "train"
    }


@pytest.fixture
def delivered(tmp_path):
    return aihub.read(seed_layout(tmp_path, speakers=6, items=2)).manifest


def test_audit_counts_shared_prompts_without_failing(delivered):
    report = audit(assign_splits(delivered, POLICY), POLICY)
    assert report["shared"]["speakers"] == {"train-valid": 0, "train-test": 0, "valid-test": 0}
    assert report["shared"]["prompts"]["train-test"] == 2
    assert (
        report["near_identical_test_texts"]["near_identical"] == 2
    )  # the same two sentences are read by all
    assert report["coverage"]["words"]["unseen_distinct"] == 0


def test_audit_fails_on_speaker_leakage(delivered):
    table = assign_splits(delivered, POLICY)
    table.loc[table.index[0], "speaker_id"] = table["speaker_id"].iloc[-1]
    table.loc[table.index[0], "split"] = "train" if table["split"].iloc[-1] != "train" else "test"
    with pytest.raises(CorpusError, match="1 speakers in"):
        audit(table, POLICY)


def test_audit_fails_on_identical_audio(delivered):
    table = assign_splits(delivered, POLICY)
    first = {split: table.index[table["split"] == split][0] for split in ("train", "test")}
    table.loc[first["test"], "audio"] = table.loc[first["train"], "audio"]
    with pytest.raises(CorpusError, match="1 audio in train-test"):
        audit(table, POLICY)


def test_audit_fails_on_shared_prompts_if_none_were_promised(delivered):
    policy = SplitPolicy(prompt_disjoint=True)
    with pytest.raises(CorpusError, match="prompts in"):
        audit(assign_splits(delivered, POLICY), policy)


@pytest.mark.parametrize("embed", [True, False])
def test_prepare_stores_encoded_audio_and_lengths(tmp_path, embed):
    done = prepare.prepare(
        seed_layout(tmp_path / "in", 6),
        tmp_path / "out",
        POLICY,
        embed_audio=embed,
        workers=1,
        progress=False,
    )
    data = prepare.load_prepared(done.directory)
    assert set(data) == set(SPLITS) and sum(map(len, data.values())) == len(done.manifest) == 12
    row = data["train"][0]
    assert row["length"] == 16_000 and isinstance(row["audio"], bytes if embed else str)
    assert {"manifest.csv", "quarantine.csv", "audit.json", "index.json"} <= {
        p.name for p in done.directory.iterdir()
    }


def test_prepare_continues_and_redoes_only_what_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "SHARD_ROWS", 2)
    root = seed_layout(tmp_path / "in", 6)
    prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False)
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.arrow")}
    removed = sorted(times)[0]
    (tmp_path / "out" / removed).with_suffix(
        ".json"
    ).unlink()  # as if killed before the shard was complete
    prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False)
    again = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.arrow")}
    assert set(again) == set(times) and {n for n in times if again[n] != times[n]} == {removed}
    changed = next((root / "train" / "audio").glob("*.wav"))
    write(changed, encoded(tone(1.5, frequency=333)))
    os.utime(changed, ns=(1, 1))
    prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False)
    assert len({p.name for p in (tmp_path / "out").glob("*.arrow")} & set(times)) == len(times) - 1


def test_prepare_quarantines_silence_and_truncated_audio(tmp_path):
    root = seed_layout(tmp_path / "in", 6, items=6)
    names = [stem(speaker=1, item=41), stem(speaker=1, item=42)]
    for name, content in zip(
        names, (encoded(tone() * 0), encoded(tone(2), form="FLAC")[:900]), strict=True
    ):
        write(root / "train" / "labels" / f"{name}.json", as_json(label(name)))
        write(
            root / "train" / "audio" / f"{name}.{'wav' if content[:4] == b'RIFF' else 'flac'}",
            content,
        )
    done = prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False)
    assert set(done.quarantine["file"]) == set(names) and not set(names) & set(
        done.manifest["utterance_id"]
    )
    assert "silent" in done.quarantine.set_index("file").loc[names[0], "reason"]


def test_native_speech_has_its_own_splits(tmp_path):
    root = seed_layout(tmp_path / "in", 6)
    for speaker in range(1, 5):
        name = stem("KR", speaker)
        write(root / "train" / f"{name}.json", as_json(label(name)))
        write(root / "train" / f"{name}.wav", encoded(tone(frequency=500 + speaker)))
    prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False)
    data = prepare.load_prepared(tmp_path / "out")
    assert set(data["native_train"]["l1"]) == {"KR"} and "KR" not in set(data["train"]["l1"])


def test_limit_is_stable_and_zero_keeps_all(tmp_path):
    prepare.prepare(
        seed_layout(tmp_path / "in", 6, 4), tmp_path / "out", POLICY, workers=1, progress=False
    )
    data = prepare.load_prepared(tmp_path / "out")["train"]
    assert (
        prepare.limit_rows(data, 3)["utterance_id"][:]
        == prepare.limit_rows(data, 3)["utterance_id"][:]
    )
    assert len(prepare.limit_rows(data, 0)) == len(data) == len(prepare.limit_rows(data, 10**6))


def test_loading_what_was_never_prepared(tmp_path):
    with pytest.raises(CorpusError, match="speakor prepare"):
        prepare.load_prepared(tmp_path)


def test_a_review_takes_what_is_unusable_out_of_the_corpus_and_leaves_the_other_splits(tmp_path):
    root, file = seed_layout(tmp_path / "in", 6), tmp_path / "review.csv"
    whole = prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False).manifest
    wrong, kept = whole["utterance_id"][:2]
    review.write_reviews(
        file,
        {
            wrong: Review(("label wrong", "accent")),
            kept: Review(("accent",), "nice"),
            "nobody": Review(("noise",)),
        },
    )
    done = prepare.prepare(root, tmp_path / "out", POLICY, workers=1, progress=False, exclude=file)
    assert done.quarantine.to_dict("records") == [
        {"file": wrong, "reason": "excluded by review: label wrong"}
    ]
    pd.testing.assert_frame_equal(
        done.manifest, whole[whole["utterance_id"] != wrong].reset_index(drop=True)
    )
    with pytest.raises(CorpusError, match="no review at"):
        prepare.prepare(
            root, tmp_path / "out", POLICY, workers=1, progress=False, exclude=tmp_path / "none.csv"
        )


def test_reviews_survive_a_round_trip_and_bad_ones_are_named(tmp_path):
    file = tmp_path / "review.csv"
    given = {"b": Review(("noise", "accent"), "말, 소음"), "a": Review((), "note"), "c": Review()}
    assert (
        review.read_reviews(review.write_reviews(file, given)) == {"a": given["a"], "b": given["b"]}
        and review.read_reviews(tmp_path / "none.csv") == {}
    )
    for content, complaint in (
        ("x,y\n1,2\n", "lacks the columns"),
        ("utterance_id,tags,note\na,loud,\n", "'loud'.*known are label wrong"),
        ("", "no table"),
    ):
        file.write_text(content)
        with pytest.raises(CorpusError, match=complaint):
            review.read_reviews(file)
