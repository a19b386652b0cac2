"""The length of a WAV from its first bytes is the length of the WAV."""

import numpy as np
import pytest

from speakor_common import audio
from speakor_common.audio.wav_header import HEAD_BYTES, wav_seconds
from tests.builders import encoded, tone

WAVS = {
    "16 bit": encoded(tone(1.25)),
    "24 bit": encoded(tone(1.25), subtype="PCM_24"),
    "float": encoded(tone(1.25), subtype="FLOAT"),
    "8 bit, 44.1 kHz": encoded(tone(1.25, 44_100), 44_100, subtype="PCM_U8"),
    "stereo": encoded(np.stack([tone(1.25)] * 2, axis=1)),
    "extensible": encoded(tone(1.25), form="WAVEX"),
    "shorter than a head": encoded(tone(0.05)),
    "cut": encoded(tone(1.25))[:-10_000],
}


@pytest.mark.parametrize("kind", WAVS)
def test_the_first_bytes_say_what_the_whole_file_says(kind):
    content = WAVS[kind]
    assert wav_seconds(content[:HEAD_BYTES], len(content)) == pytest.approx(
        audio.duration(content), abs=1e-4
    )


@pytest.mark.parametrize(
    "content",
    [
        encoded(tone(), subtype="IMA_ADPCM"),
        encoded(tone(), subtype="ULAW"),
        encoded(tone(), form="FLAC"),
        encoded(tone(0.0)),
        encoded(tone())[:30],
        b"RIFF\0\0\0\0WAVEdata\xff\xff\0\0",
        b"RIFF",
        b"",
    ],
)
def test_of_anything_else_nothing_is_said(content):
    assert wav_seconds(content[:HEAD_BYTES], len(content)) is None
