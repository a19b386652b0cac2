"""A plan that is not the shipped one is recognised, and the reason is named."""

from dataclasses import replace

import pytest

from speakor_common.shipped.synthesis import shipped_plan
from speakor_common.shipped.synthesis.plan import PlannedClip, make_speakers
from speakor_common.shipped.synthesis.shipped_plan import MADE_WITH, plan_hash, unlike_shipped
from speakor_common.shipped.synthesis.texts.prompts import Prompt


@pytest.fixture
def clip():
    prompt = Prompt("11RA000", "저는 학생이에요", "", "train")
    return PlannedClip(
        stem="VN11RA000_VN0001_20220103",
        prompt=prompt,
        speaker=make_speakers()[0],
        date="20220103",
        script="저는 학생이에요.",
        label="저는 학생이에요",
        level="하",
        intended=(),
        spoken=(),
        deviations=(),
        pauses=frozenset(),
        knocks=(),
        official_split="1.Training",
    )


def test_whatever_a_plan_decides_changes_its_hash(clip):
    changed = [
        replace(clip, label="저는 어/ 학생이에요"),
        replace(clip, script="저는 학생이다."),
        replace(clip, knocks=(0.0,)),
        replace(clip, official_split="2.Validation"),
    ]
    hashes = {plan_hash([each]) for each in [clip, *changed]}
    assert len(hashes) == 5 and plan_hash([clip]) == plan_hash([replace(clip)])
    assert plan_hash([clip, changed[0]]) != plan_hash([changed[0], clip])


def test_the_shipped_plan_is_not_spoken_of(clip, monkeypatch):
    monkeypatch.setattr(shipped_plan, "SHIPPED_HASH", plan_hash([clip]))
    assert unlike_shipped([clip]) == ""


def test_another_kiwi_is_named_with_the_version_that_made_the_plan(clip, monkeypatch):
    versions = MADE_WITH | {"kiwipiepy": "0.99.0"}
    monkeypatch.setattr(shipped_plan, "version", versions.__getitem__)
    said = unlike_shipped([clip])
    assert "not the shipped sample's" in said and "clips will be other ones" in said
    assert "here is kiwipiepy==0.99.0;" in said
    assert f"install kiwipiepy=={MADE_WITH['kiwipiepy']}" in said


def test_with_the_same_kiwi_the_code_is_named(clip, monkeypatch):
    monkeypatch.setattr(shipped_plan, "version", MADE_WITH.__getitem__)
    assert "texts, voices or rules were changed" in unlike_shipped([clip])
