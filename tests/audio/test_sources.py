import io

import av
import numpy as np
import pytest

from speakor_common import audio
from speakor_common.errors import AudioError
from tests.builders import encoded, tone, write, write_zip


@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_24"),
        ("FLAC", "PCM_16"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_every_format_decodes_to_mono_16k_float32(form, subtype):
    samples = audio.decode(encoded(tone(1.0), 16_000, form, subtype))
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert abs(len(samples) - 16_000) < 1600
    assert 0.1 < np.abs(samples).max() <= 1.2


def test_stereo_and_other_rates():
    stereo = np.stack([tone(1.0, 44_100), tone(1.0, 44_100)], axis=1)
    assert abs(len(audio.decode(encoded(stereo, 44_100))) - 16_000) <= 2


def test_raw_pcm(tmp_path):
    samples = (tone(0.5) * 32767).astype("<i2")
    path = write(tmp_path / "a.pcm", samples.tobytes())
    assert np.allclose(audio.decode(path), samples / 32768, atol=1e-4)
    assert audio.duration(path) == pytest.approx(0.5)


def test_arrays_of_integers_are_scaled():
    assert np.abs(audio.decode((np.full(100, 32767, np.int16), 16_000))).max() == pytest.approx(1.0)


def test_zip_references(tmp_path):
    write_zip(tmp_path / "a.zip", {"1. 한국일반/가.wav": encoded(tone(0.5))})
    reference = f"{tmp_path}/a.zip!/1. 한국일반/가.wav"
    assert len(audio.decode(reference)) == 8000 and audio.duration(reference) == 0.5


@pytest.mark.parametrize("content", [b"", b"this is text, not audio", b"RIFF\x00\x00"])
def test_what_is_no_audio_names_the_source(tmp_path, content):
    path = write(tmp_path / "bad.wav", content)
    for function in (audio.decode, audio.duration):
        with pytest.raises(AudioError, match=r"bad\.wav"):
            function(path)


def test_missing_file_and_missing_member(tmp_path):
    write_zip(tmp_path / "a.zip", {"x.wav": b""})
    for reference in (
        f"{tmp_path}/none.wav",
        f"{tmp_path}/a.zip!/none.wav",
        f"{tmp_path}/none.zip!/x.wav",
    ):
        with pytest.raises(AudioError, match="cannot be read"):
            audio.decode(reference)


def test_nan_and_no_samples():
    with pytest.raises(AudioError, match="NaN"):
        audio.decode((np.array([0.1, np.nan], np.float32), 16_000))
    with pytest.raises(AudioError, match="no samples"):
        audio.decode((np.zeros(0, np.float32), 16_000))


def test_opus_is_small_and_level_is_measured():
    assert len(audio.encode_opus(tone(5.0))) < 5 * 8000
    assert audio.rms_db(np.full(100, 0.1, np.float32)) == pytest.approx(-20, abs=0.01)
    assert audio.rms_db(np.zeros(10, np.float32)) == float("-inf")


MEDIA = {
    "m4a": ("mp4", "aac"),
    "mp4": ("mp4", "aac"),
    "aac": ("adts", "aac"),
    "webm": ("webm", "libopus"),
    "mka": ("matroska", "aac"),
    "3gp": ("3gp", "aac"),
    "caf": ("caf", "alac"),
}


def recorded(container: str, codec: str, samples: np.ndarray) -> bytes:
    """Bytes of a recording as a phone or a browser makes them, 48 kHz stereo."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout="stereo")
        wide = np.stack([samples, samples]).astype(np.float32)
        for start in range(0, wide.shape[1], 960):
            block = np.ascontiguousarray(wide[:, start : start + 960])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate = 48_000
            frame.pts = start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("kind", MEDIA)
def test_what_phones_and_browsers_record_is_read(tmp_path, kind):
    content = recorded(*MEDIA[kind], tone(2.0, 48_000))
    path = write(tmp_path / f"a.{kind}", content)
    samples = audio.decode(path)
    assert samples.dtype == np.float32 and abs(len(samples) - 32_000) < 3000
    assert 0.1 < np.abs(samples).max() <= 1.2
    assert audio.duration(path) == pytest.approx(2.0, abs=0.2)
    assert len(audio.decode(content)) == len(samples) == sum(map(len, audio.blocks(path, 0.7)))


def test_a_name_that_says_another_format_does_not_matter(tmp_path):
    path = write(tmp_path / "a.wav", recorded(*MEDIA["m4a"], tone(1.0, 48_000)))
    assert abs(len(audio.decode(path)) - 16_000) < 3000


def test_a_recording_cut_short_or_without_sound_is_said(tmp_path):
    content = recorded(*MEDIA["m4a"], tone(2.0, 48_000))
    with pytest.raises(AudioError, match=r"a\.m4a: no readable audio .*ffmpeg -i"):
        audio.decode(write(tmp_path / "a.m4a", content[: len(content) // 2]))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_blocks_are_the_whole_file_where_it_ends_with_one(tmp_path, rate):
    path = write(tmp_path / "a.wav", encoded(tone(2.0, rate), rate))
    pieces = np.concatenate(list(audio.blocks(path, seconds=1.0)))
    whole = audio.decode(path)
    assert len(pieces) == len(whole)
    assert np.abs(pieces - whole).max() < 1e-3


def test_a_long_file_damaged_in_the_middle_is_not_read_twice(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 6 * 16_000)
    content = bytearray(encoded(noise.astype(np.float32), form="FLAC"))
    middle = int(0.7 * len(content))
    content[middle : middle + 3000] = bytes(3000)
    path = write(tmp_path / "a.flac", bytes(content))
    with pytest.raises(AudioError, match="damaged after"):
        list(audio.blocks(path, seconds=1.0))


def test_a_name_nobody_can_look_up_is_said(tmp_path):
    with pytest.raises(AudioError, match="cannot be read"):
        audio.decode(str(tmp_path / ("a" * 300)))


def test_channels_in_opposite_phase_do_not_cancel(tmp_path):
    voice = tone(1.0)
    for left, right in ((voice, -voice), (voice, 0.98 * -voice), (voice, 0 * voice)):
        stereo = np.stack([left, right], axis=1)
        path = write(tmp_path / "a.wav", encoded(stereo, subtype="FLOAT"))
        for samples in (audio.decode(path), np.concatenate(list(audio.blocks(path, 0.3)))):
            assert audio.rms_db(samples) > audio.rms_db(voice) - 6.5
