"""Sounds in orders that no rule of Korean allows."""

from speakor_common.shipped.synthesis.distorted import plan_distorted


def test_distorted_clips_are_what_no_rule_of_korean_would_say():
    planned = plan_distorted(40)
    assert len({clip.stem for clip in planned}) == 40
    assert len({clip.speaker.speaker_id for clip in planned}) == 40
    assert planned == plan_distorted(60)[:40]  # more clips only append

    pairs = [(a, b) for clip in planned for a, b in zip(clip.intended, clip.spoken, strict=True)]
    changed = [(a, b) for a, b in pairs if a != b]
    assert 0.5 < len(changed) / len(pairs) < 0.7
    for a, b in changed:  # one sound of a syllable each
        assert [a.onset == b.onset, a.vowel == b.vowel, a.coda == b.coda].count(False) == 1
    assert len({b.onset for _, b in changed}) == 19 and len({b.coda for _, b in changed}) == 8
