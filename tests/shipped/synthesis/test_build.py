"""The shipped sample and base: layout, promises, and agreement with the plan that made them."""

import random

import pytest
from rapidfuzz import fuzz, process

from speakor_common import paths
from speakor_common.corpus import aihub
from speakor_common.corpus.audit import audit
from speakor_common.corpus.splits import SAMPLE_POLICY, TRAIN, UNUSED, assign_splits, prompt_split
from speakor_common.models import checkpoints
from speakor_common.pronunciation.calibration import spoken_sounds
from speakor_common.pronunciation.confusions import count_confusions, load_confusions
from speakor_common.pronunciation.detection import read_planted
from speakor_common.shipped.synthesis import accents, distorted, extra, phonology, sentences
from speakor_common.shipped.synthesis.plan import plan
from speakor_common.text import from_jamo
from speakor_common.text.g2p import standard_pronunciation


@pytest.fixture(scope="module")
def corpus():
    return aihub.read(paths.sample_corpus())


@pytest.fixture(scope="module")
def manifest(corpus):
    return assign_splits(corpus.manifest, SAMPLE_POLICY)


def test_the_sample_is_what_was_promised(corpus, manifest):
    assert corpus.quarantine.empty and not (manifest["split"] == UNUSED).any()
    learners = manifest[manifest["l1"] != "KR"]
    assert learners.groupby("split").size().to_dict() == {"train": 800, "valid": 120, "test": 240}
    assert (manifest["l1"] == "KR").sum() == 900
    assert learners["speaker_id"].nunique() >= 24 and manifest["text"].nunique() >= 400
    assert set(learners["level"]) == {"상", "중", "하"} and set(learners["task"]) == {
        "read",
        "answer",
    }
    for mark in ("/", "+", "n/"):
        assert learners["raw_text"].str.contains(mark, regex=False).any()


def test_the_sample_is_small_enough_to_ship():
    assert sum(p.stat().st_size for p in paths.sample_corpus().rglob("*") if p.is_file()) < 30e6
    for model in ("base-tiny", "listener-tiny"):
        folder = checkpoints.find_checkpoint(model)
        assert (
            sum(p.stat().st_size for p in folder.iterdir() if p.is_file()) < 10e6
            and "license: mit" in (folder / "README.md").read_text()
        )


def test_no_leak_between_splits(manifest):
    report = audit(manifest, SAMPLE_POLICY)
    assert all(count == 0 for pairs in report["shared"].values() for count in pairs.values())


def test_labels_agree_with_the_plan(corpus):
    planned = {clip.stem: clip for clip in plan()}
    assert set(planned) == set(corpus.manifest["utterance_id"])
    for row in corpus.manifest.sample(60, random_state=0).itertuples():
        clip = planned[row.utterance_id]
        assert row.raw_text == clip.label
        assert from_jamo(row.pronounced) == phonology.to_hangul(list(clip.spoken))


@pytest.mark.parametrize(
    ("word", "particle", "form"),
    [
        ("사과", "을", "를"),
        ("빵", "을", "을"),
        ("서울", "로", "로"),
        ("부산", "로", "으로"),
        ("학생", "이에요", "이에요"),
    ],
)
def test_particles_fit_their_word(word, particle, form):
    assert sentences.fit_particle(word, particle) == form


def test_phones_follow_korean_allophony():
    def phones(text):
        return phonology.to_phones(phonology.to_syllables(standard_pronunciation(text)))

    assert (
        phones("가구") == "kaɡu."
        and phones("국물") == "kuŋmul."
        and phones("빨리") == "ʔpalli."
        and phones("시") == "ɕi."
    )


@pytest.mark.parametrize("l1", ["JP", "CN", "VN", "EN"])
def test_accents_weaken_with_level(l1):
    syllables = phonology.to_syllables("저는 오늘 학교에서 친구를 만나고 밥을 먹얻써요")
    counts = {}
    for level in ("하", "중", "상"):
        rng = random.Random(0)
        counts[level] = sum(
            len(accents.apply_accent(syllables, l1, level, rng)[1]) for _ in range(200)
        )
    assert counts["하"] > counts["중"] > counts["상"] > 0
    assert accents.apply_accent(syllables, "KR", "하", random.Random(0)) == (syllables, [])


def test_deviations_describe_what_changed():
    syllables = phonology.to_syllables("밥")
    rng = random.Random(3)
    for _ in range(200):
        spoken, deviations = accents.apply_accent(syllables, "JP", "하", rng)
        if any(d.kind == "insertion" for d in deviations):
            assert phonology.to_hangul(spoken) in ("바부",) and len(spoken) == 2
            return
    pytest.fail("no epenthesis in 200 draws at a rate near 0.2")


@pytest.fixture(scope="module")
def extra_clips():
    return extra.plan_extra()


def test_extra_native_clips_are_other_people_saying_other_things(extra_clips):
    assert len(extra_clips) == 4000 and len({clip.stem for clip in extra_clips}) == 4000
    voices = {(clip.speaker.mix, clip.speaker.pitch) for clip in extra_clips}
    assert len(voices) == 200 and not voices & {
        (clip.speaker.mix, clip.speaker.pitch) for clip in plan()
    }
    held_out = {
        clip.prompt.text
        for clip in plan()
        if prompt_split(clip.prompt.prompt_id, SAMPLE_POLICY) != TRAIN
    }
    assert len(held_out) > 100
    for clip in random.Random(1).sample(extra_clips, 200):
        assert not process.extractOne(
            clip.prompt.text, held_out, scorer=fuzz.ratio, score_cutoff=sentences.MAX_SIMILARITY
        )
    assert not any(clip.deviations for clip in extra_clips)  # native: nothing is mispronounced


def test_every_beginning_of_the_extra_clips_is_balanced(extra_clips):
    assert len({clip.speaker.speaker_id for clip in extra_clips[:100]}) == 100


def test_distorted_clips_are_what_no_rule_of_korean_would_say():
    planned = distorted.plan_distorted(40)
    assert (
        len({clip.stem for clip in planned})
        == len({clip.speaker.speaker_id for clip in planned})
        == 40
    )
    assert planned == distorted.plan_distorted(60)[:40]  # more clips only append
    pairs = [(a, b) for clip in planned for a, b in zip(clip.intended, clip.spoken, strict=True)]
    changed = [(a, b) for a, b in pairs if a != b]
    assert 0.5 < len(changed) / len(pairs) < 0.7
    assert all(
        sum(x != y for x, y in zip(a.jamo.ljust(3), b.jamo.ljust(3), strict=True)) == 1
        for a, b in changed
    )
    assert len({b.onset for _, b in changed}) == 19 and len({b.coda for _, b in changed}) == 8
    held_out = [
        p.text
        for p in sentences.build_prompts(960, 20220719)
        if prompt_split(p.prompt_id, SAMPLE_POLICY) != TRAIN
    ]
    for clip in planned:
        assert not process.extractOne(
            clip.prompt.text, held_out, scorer=fuzz.ratio, score_cutoff=sentences.MAX_SIMILARITY
        )


def test_the_shipped_confusions_are_those_of_the_training_learners(manifest):
    train = manifest[(manifest["split"] == TRAIN) & (manifest["l1"] != "KR")]
    known = read_planted(train["utterance_id"].tolist(), train["deviations"].tolist())
    counted = count_confusions(
        spoken_sounds(
            train["text"].tolist(), [known[identifier] for identifier in train["utterance_id"]]
        )
    )
    assert counted == load_confusions(checkpoints.find_checkpoint("listener-tiny")).counts
