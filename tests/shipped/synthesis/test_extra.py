"""Further native voices: other people saying other things."""

import pytest

from speakor_common.audio import encode_opus
from speakor_common.shipped.synthesis import build, extra
from speakor_common.shipped.synthesis.plan import make_speakers, sample_prompts
from speakor_common.shipped.synthesis.voices import voices_of
from tests.builders import tone, write


@pytest.fixture(scope="module")
def planned():
    return extra.plan_extra(150)


def test_further_clips_are_other_people_saying_other_things(planned):
    assert len({clip.stem for clip in planned}) == 150
    assert len({clip.speaker.speaker_id for clip in planned}) == extra.SPEAKERS
    assert not {clip.speaker for clip in planned} & set(make_speakers())
    for clip in planned:
        assert {name for name, _ in clip.speaker.timbre} <= set(voices_of("base"))

    texts = {prompt.text for prompts in sample_prompts().values() for prompt in prompts}
    assert not texts & {clip.prompt.text for clip in planned}
    assert not any(clip.deviations for clip in planned)  # native: nothing is mispronounced


def test_more_clips_only_append(planned):
    assert extra.plan_extra(20) == planned[:20]


def test_rows_of_rendered_clips(tmp_path, planned):
    for clip in planned[:2]:
        write(build.sound_file(clip, tmp_path), encode_opus(tone()))
    rows = extra.render_rows(planned[:2], tmp_path, lambda clip: clip.prompt.prompt_id)
    assert [row["text"] for row in rows] == ["X0000", "X0001"]
    assert all(row["length"] == 16_000 and row["audio"][:4] == b"RIFF" for row in rows)
