"""Further native voices: other people saying other things."""

import random

import pytest

from speakor_common.audio import encode_opus
from speakor_common.corpus.splits import SAMPLE_POLICY, TRAIN, prompt_split
from speakor_common.shipped.synthesis import extra
from speakor_common.shipped.synthesis.plan import plan
from speakor_common.shipped.synthesis.sentences import is_close
from tests.builders import tone, write


@pytest.fixture(scope="module")
def planned():
    return extra.plan_extra()


def test_extra_native_clips_are_other_people_saying_other_things(planned):
    assert len(planned) == 4000 and len({clip.stem for clip in planned}) == 4000
    voices = {(clip.speaker.mix, clip.speaker.pitch) for clip in planned}
    sample = plan()
    assert len(voices) == 200
    assert not voices & {(clip.speaker.mix, clip.speaker.pitch) for clip in sample}

    held_out = {
        clip.prompt.text
        for clip in sample
        if prompt_split(clip.prompt.prompt_id, SAMPLE_POLICY) != TRAIN
    }
    assert len(held_out) > 100
    for clip in random.Random(1).sample(planned, 200):
        assert not is_close(clip.prompt.text, list(held_out))
    assert not any(clip.deviations for clip in planned)  # native: nothing is mispronounced


def test_every_beginning_is_balanced(planned):
    assert len({clip.speaker.speaker_id for clip in planned[:100]}) == 100


def test_rows_of_rendered_clips(tmp_path, planned):
    for clip in planned[:2]:
        write(tmp_path / f"{clip.stem}.ogg", encode_opus(tone()))
    rows = extra.render_rows(planned[:2], tmp_path, lambda clip: clip.prompt.prompt_id)
    assert [row["text"] for row in rows] == ["X0000", "X0001"]
    assert all(row["length"] == 16_000 and row["audio"][:4] == b"RIFF" for row in rows)
