"""Transcription of files of any length, from threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from speakor_common import audio
from speakor_common.corpus import files
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


def test_threads_share_a_recogniser(model):
    transcriber = Transcriber.from_pretrained(model)
    sources = [(tone(0.5 + 0.1 * i, frequency=150 + 20 * i), audio.RATE) for i in range(8)]
    expected = [transcriber.transcribe([source])[0].text for source in sources]
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda source: transcriber.transcribe([source])[0].text, sources))
            == expected
        )
