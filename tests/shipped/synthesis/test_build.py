"""The shipped sample: its promises, agreement with the plan, and how clips become zips."""

import hashlib
import zipfile

import numpy as np
import pytest

from speakor_common import paths
from speakor_common.audio import decode
from speakor_common.corpus import aihub
from speakor_common.corpus.audit import audit
from speakor_common.corpus.splits import SAMPLE_POLICY, TRAIN, UNUSED, assign_splits
from speakor_common.models import checkpoints
from speakor_common.pronunciation.calibration import spoken_sounds
from speakor_common.pronunciation.confusions import count_confusions, load_confusions
from speakor_common.pronunciation.truth import read_truths
from speakor_common.shipped.synthesis import build, phonology
from speakor_common.shipped.synthesis.plan import plan
from speakor_common.text import from_jamo
from tests.builders import tone


@pytest.fixture(scope="module")
def corpus():
    return aihub.read(paths.sample_corpus())


@pytest.fixture(scope="module")
def manifest(corpus):
    return assign_splits(corpus.manifest, SAMPLE_POLICY)


def test_the_sample_is_what_was_promised(corpus, manifest):
    assert corpus.quarantine.empty and corpus.skipped.empty
    assert not (manifest["split"] == UNUSED).any()
    learners = manifest[manifest["l1"] != "KR"]
    assert learners.groupby("split").size().to_dict() == {"train": 800, "valid": 120, "test": 240}
    assert (manifest["l1"] == "KR").sum() == 900
    assert learners["speaker_id"].nunique() >= 24 and manifest["text"].nunique() >= 400
    assert set(learners["level"]) == {"상", "중", "하"}
    assert set(learners["task"]) == {"read", "answer"}
    for mark in ("/", "+", "n/"):
        assert learners["raw_text"].str.contains(mark, regex=False).any()


def test_every_clip_keeps_its_split_and_its_text(manifest):
    """Published numbers rest on them: a change of text or splits is a new version of the sample."""
    rows = manifest[["utterance_id", "split", "text"]].agg(" ".join, axis=1)
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    assert len(rows) == 2060 and digest.startswith("49ef31fe4185be54")


def test_the_sample_is_small_enough_to_ship():
    assert sum(p.stat().st_size for p in paths.sample_corpus().rglob("*") if p.is_file()) < 30e6
    for model in ("base-tiny", "listener-tiny"):
        folder = checkpoints.find_checkpoint(model)
        assert sum(p.stat().st_size for p in folder.iterdir() if p.is_file()) < 10e6
        assert "license: mit" in (folder / "README.md").read_text()


def test_no_leak_between_splits(manifest):
    report = audit(manifest, SAMPLE_POLICY)
    assert all(count == 0 for pairs in report["shared"].values() for count in pairs.values())


def test_the_shipped_confusions_are_those_of_the_training_learners(manifest):
    train = manifest[(manifest["split"] == TRAIN) & (manifest["l1"] != "KR")]
    columns = ("utterance_id", "text", "intended", "deviations")
    truths = read_truths(*(train[name].tolist() for name in columns))
    assert truths.left_out == ""
    counted = count_confusions(spoken_sounds(truths.known.values()))
    assert counted == load_confusions(checkpoints.find_checkpoint("listener-tiny")).counts


class Humming:
    """Stands for the synthesiser, which is an extra: a tone as long as the text."""

    def speak(self, phones, timbre, prosody, rate, pitch, intonation):
        return tone(0.2 + 0.02 * len(phones))


@pytest.fixture
def humming(monkeypatch):
    monkeypatch.setattr(build, "Synthesiser", Humming)
    monkeypatch.setattr(build, "prepare_synthesis", lambda: None)
    some = plan()[::20]
    monkeypatch.setattr(build, "plan", lambda: some)


def test_clips_become_zips_that_the_reader_reads(tmp_path, humming):
    target = build.build(tmp_path / "corpus", tmp_path / "cache", processes=1, limit=1)
    rendered = aihub.read(target)
    planned = {clip.speaker.speaker_id: clip for clip in reversed(build.plan())}
    assert set(rendered.manifest["speaker_id"]) == set(planned) and rendered.quarantine.empty
    assert all(np.abs(decode(r)).max() > 0.1 for r in rendered.manifest["audio"][:3])
    for row in rendered.manifest.itertuples():
        clip = planned[row.speaker_id]
        assert (row.utterance_id, row.raw_text) == (clip.stem, clip.label)
        assert from_jamo(row.pronounced) == phonology.to_hangul(list(clip.spoken))


def test_a_build_goes_on_from_what_it_packed(tmp_path, humming, monkeypatch):
    target = build.build(tmp_path / "corpus", tmp_path / "cache", processes=1, limit=1)
    zips = {path: path.read_bytes() for path in target.rglob("*.zip")}
    with zipfile.ZipFile(min(zips)) as archive:
        assert all(info.date_time == (2022, 7, 19, 0, 0, 0) for info in archive.infolist())

    # On another machine, with another cache and one group missing: only that is rendered.
    lost = [path for path in zips if "2. 영어" in path.name and "1.Training" in str(path)]
    for path in lost:
        path.unlink()
    rendered = []
    render = build.render
    monkeypatch.setattr(
        build, "render", lambda clip, voice: rendered.append(clip.speaker.l1) or render(clip, voice)
    )
    build.build(target, tmp_path / "other", processes=1, limit=1)
    assert set(rendered) == {"EN"}
    assert all(path.is_file() for path in lost)
    for path in set(zips) - set(lost):
        assert path.read_bytes() == zips[path]


def test_a_group_is_packed_when_all_of_it_is_rendered(tmp_path, humming):
    clips = build.plan()[:3]
    build.render_all(clips[:2], tmp_path / "cache", processes=1)
    build.pack(clips, tmp_path / "cache", tmp_path / "corpus")
    assert not list((tmp_path / "corpus").rglob("*.zip"))
