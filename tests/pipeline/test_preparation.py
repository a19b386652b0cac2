"""Which corpus is prepared must be said; a profile of real data never gets the sample."""

import pytest

from speakor_common import paths
from speakor_common.corpus.prepare import load_prepared
from speakor_common.errors import CorpusError, SpeakorError
from speakor_common.pipeline import preparation
from speakor_common.training.profiles import PROFILES
from speakor_common.training.runs import training_data
from tests.builders import seed_layout
from tests.corpus.test_aihub_education import deliver
from tests.corpus.test_ksponspeech import files, unpacked


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", PROFILES)
def test_only_profiles_for_the_sample_get_it(home, name):
    profile = PROFILES[name]
    assert preparation.corpus_root(profile, "/corpus").as_posix() == "/corpus"
    if profile.on_sample:
        assert preparation.corpus_root(profile, "") == paths.sample_corpus()
        return
    with pytest.raises(CorpusError, match=f"profile {name} is for a corpus of your own.*--data"):
        preparation.corpus_root(profile, "")


def test_a_refusal_leaves_nothing_behind(home):
    with pytest.raises(CorpusError):
        preparation.prepare_profile("aihub")
    with pytest.raises(SpeakorError, match="unknown profile 'nope'"):
        preparation.prepare_profile("nope")
    assert list(home.iterdir()) == []


def test_another_form_of_corpus_is_read_when_it_is_named(home):
    for speaker in range(60, 72):
        deliver(home / "corpus", f"000{speaker}-F-91-VI-A-LAR010-00044{speaker}")
    prepared = preparation.prepare_profile(
        "aihub", home / "corpus", progress=False, reader="aihub-71479"
    )
    assert set(prepared.manifest["text"]) == {"저는 하쿄에 가요"}
    with pytest.raises(SpeakorError, match=r"'nope'.*aihub-71479"):
        preparation.prepare_profile("aihub", home / "corpus", progress=False, reader="nope")


def test_a_corpus_is_prepared_as_its_profile_says(home):
    root = seed_layout(home / "corpus", speakers=12, items=3)
    prepared = preparation.prepare_profile("aihub", root, progress=False)
    assert prepared.directory == paths.prepared("aihub")
    assert len(prepared.manifest) == 36
    stored = load_prepared(prepared.directory)["train"][0]["audio"]
    assert isinstance(stored, str)  # a reference: this profile does not copy audio


def test_kspon_speech_is_trained_on_in_the_splits_it_was_delivered_with(home):
    root = unpacked(home / "corpus", files())
    prepared = preparation.prepare_profile("ksponspeech", root, progress=False)
    assert len(prepared.manifest) == 6

    # Natives are no splits of their own here.
    stored = load_prepared(prepared.directory)
    sizes = {name: len(split) for name, split in stored.items()}
    assert sizes == {"train": 3, "valid": 1, "test": 2}
    data = training_data(PROFILES["ksponspeech"])
    sizes = {name: len(split) for name, split in data.items()}
    assert sizes == {"train": 3, "valid": 1, "held_out": 3}  # sentences of valid and test


def test_prompts_are_kept_apart_on_request(home):
    policy = preparation.split_policy(PROFILES["aihub"], "apart")
    assert policy.prompt_disjoint and not PROFILES["aihub"].split.prompt_disjoint
    assert preparation.split_policy(PROFILES["aihub"], "") is PROFILES["aihub"].split
    with pytest.raises(CorpusError, match="not 'together'"):
        preparation.split_policy(PROFILES["aihub"], "together")
    with pytest.raises(CorpusError, match="ksponspeech takes the splits"):
        preparation.split_policy(PROFILES["ksponspeech"], "apart")
