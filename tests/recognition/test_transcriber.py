"""Transcription of files of any length, from threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from speakor_common import audio
from speakor_common.corpus import files
from speakor_common.errors import AudioError
from speakor_common.evaluation import transcribe
from speakor_common.recognition.transcriber import Transcriber, transcribe_audio
from tests.builders import encoded, tiny_ctc, tone, write

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "base-tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def sentences():
    """Native validation clips of the shipped sample, until they last a good minute."""
    folder = SHIPPED.parents[1] / "data" / "sample"
    clips = [
        entry
        for entry in files.walk(folder)
        if isinstance(entry, files.Entry) and entry.suffix == ".ogg" and "KR" in entry.stem
    ]
    waves = []
    for entry in clips[::7]:
        waves.append(audio.level_speech(audio.decode(entry.read())))
        if sum(len(wave) for wave in waves) > 70 * audio.RATE:
            return waves
    raise AssertionError(f"{len(clips)} native clips are too few")


def test_no_word_is_lost_or_doubled_where_a_long_file_is_cut(sentences, tmp_path, monkeypatch):
    transcriber = Transcriber.from_pretrained(SHIPPED)
    alone = [
        t.text for t in transcriber.transcribe([(samples, audio.RATE) for samples in sentences])
    ]
    pause = np.zeros(int(0.4 * audio.RATE), np.float32)
    recording = np.concatenate([samples for sentence in sentences for samples in (sentence, pause)])
    whole = write(tmp_path / "long.wav", audio.encode_wav(recording))
    monkeypatch.setattr("speakor_common.recognition.transcriber._STREAMED_S", 30.0)
    monkeypatch.setattr("speakor_common.recognition.transcriber._SEGMENTS", 2)
    streamed = transcriber.transcribe([whole])[0]
    one_piece = transcriber.transcribe([whole.read_bytes()])[0]
    assert streamed.duration_s == one_piece.duration_s == round(len(recording) / audio.RATE, 3)
    # Batches differ, and with them the last digits.
    assert Levenshtein.distance(streamed.text, one_piece.text) <= 3

    expected = " ".join(alone).split()
    words = streamed.text.split()
    assert abs(len(words) - len(expected)) <= 0.03 * len(expected)
    assert Levenshtein.distance("".join(expected), "".join(words)) <= 0.05 * len("".join(expected))
    times = [word.start_s for word in streamed.words]
    assert times == sorted(times) and [word.text for word in streamed.words] == words


def test_silence_around_speech_changes_nothing_and_silence_alone_says_nothing(sentences):
    transcriber = Transcriber.from_pretrained(SHIPPED)
    quiet = np.zeros(int(0.7 * audio.RATE), np.float32)
    alone = [t.text for t in transcriber.transcribe([(s, audio.RATE) for s in sentences[:6]])]
    padded = transcriber.transcribe(
        [(np.concatenate([quiet, s, quiet]), audio.RATE) for s in sentences[:6]]
    )
    apart = sum(Levenshtein.distance(a, b.text) for a, b in zip(alone, padded, strict=True))
    assert apart <= 0.05 * sum(map(len, alone)) and all(t.words[0].start_s >= 0.5 for t in padded)
    assert transcriber.transcribe([(quiet, audio.RATE)])[0].text == ""


def test_sources_of_all_kinds_keep_their_order(model, tmp_path):
    path = write(tmp_path / "a.wav", encoded(tone(0.7)))
    sources = [path, encoded(tone(2.0)), (tone(1.0), audio.RATE)]
    transcripts = Transcriber.from_pretrained(model).transcribe(sources)
    assert [t.duration_s for t in transcripts] == [0.7, 2.0, 1.0]
    assert transcripts[0].source == str(path)
    assert transcribe_audio(path, model) == transcripts[0].text


def test_the_front_door_is_the_same(model):
    assert transcribe.transcribe_audio is transcribe_audio
    assert transcribe.Transcriber is Transcriber


def test_threads_share_a_recogniser(model, sentences):
    transcriber = Transcriber.from_pretrained(model)
    sources = [(samples, audio.RATE) for samples in sentences[:8]]
    expected = [transcriber.transcribe([source])[0].text for source in sources]
    assert any(expected)
    with ThreadPoolExecutor(4) as pool:
        texts = pool.map(lambda source: transcriber.transcribe([source])[0].text, sources)
        assert list(texts) == expected


RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal(5 * audio.RATE).astype(np.float32)
NO_VOICE = {
    "silence": 0 * NOISE,
    "room": 5e-4 * NOISE,
    "white noise": 0.1 * NOISE,
    "tone": tone(5.0, frequency=440),
    "click": np.concatenate([[0.99, -0.99] * 8, np.zeros(audio.RATE)]).astype(np.float32),
    "a sample": np.full(1, 0.1, np.float32),
}


@pytest.mark.parametrize("sound", NO_VOICE)
def test_where_nobody_speaks_there_is_a_status_and_no_text(model, sound):
    transcript = Transcriber.from_pretrained(model).transcribe([(NO_VOICE[sound], audio.RATE)])[0]
    assert transcript.status == "no_speech" and transcript.text == "" and not transcript.words
    assert "nobody speaks" in transcript.problem


def test_a_long_file_in_which_nobody_speaks_has_the_same_status(model, tmp_path, monkeypatch):
    monkeypatch.setattr("speakor_common.recognition.transcriber._STREAMED_S", 2.0)
    path = write(tmp_path / "room.wav", encoded(5e-4 * NOISE))
    assert Transcriber.from_pretrained(model).transcribe([path])[0].status == "no_speech"


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_no_speech_is_lost_in_noise(model, sentences, snr_db):
    noisy = []
    for samples in sentences:
        level = audio.rms_db(samples) - audio.rms_db(NOISE) - snr_db
        noise = np.resize(NOISE, len(samples)) * np.float32(10 ** (level / 20))
        noisy.append((samples + noise, audio.RATE))
    transcripts = Transcriber.from_pretrained(model).transcribe(noisy)
    assert {transcript.status for transcript in transcripts} == {"ok"}


def test_one_unreadable_source_stops_no_other(model, sentences, tmp_path):
    good = (sentences[0], audio.RATE)
    broken = write(tmp_path / "broken.m4a", b"no audio")
    missing = tmp_path / "missing.wav"
    endless = tmp_path / ("a" * 300)
    sources = [broken, good, missing, good, endless]
    transcripts = Transcriber.from_pretrained(model).transcribe(sources)
    assert [t.status for t in transcripts] == ["unreadable", "ok", "unreadable", "ok", "unreadable"]
    assert "broken.m4a" in transcripts[0].problem and "missing.wav" in transcripts[2].problem
    assert transcripts[1].text == transcripts[3].text
    with pytest.raises(AudioError, match=r"broken\.m4a"):
        transcribe_audio(broken, model)


def test_a_click_before_quiet_speech_costs_hardly_a_word(sentences):
    transcriber = Transcriber.from_pretrained(SHIPPED)
    click = np.array([0.99, -0.99] * 8, np.float32)
    quiet = np.zeros(3200, np.float32)
    clicked = [np.concatenate([click, quiet, 0.05 * samples]) for samples in sentences[:8]]
    plain = transcriber.transcribe([(0.05 * samples, audio.RATE) for samples in sentences[:8]])
    disturbed = transcriber.transcribe([(samples, audio.RATE) for samples in clicked])
    apart = sum(Levenshtein.distance(a.text, b.text) for a, b in zip(plain, disturbed, strict=True))
    assert apart <= 0.1 * sum(len(a.text) for a in plain)
