"""Transcription of files of any length, from threads and from the command line."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from speakor_common import audio, cli
from speakor_common.corpus import files
from speakor_common.errors import AudioError
from speakor_common.models import checkpoints
from speakor_common.recognition import segments
from speakor_common.recognition.segments import Lengths
from speakor_common.recognition.transcriber import Transcriber
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
    found, seconds = [], 0.0
    for entry in clips[::7]:
        found.append(audio.level_peak(audio.decode(entry.read())))
        seconds += len(found[-1]) / audio.RATE
        if seconds > 70:
            return found
    raise AssertionError(f"{len(clips)} native clips are too few")


def test_no_word_is_lost_or_doubled_where_a_long_file_is_cut(sentences, tmp_path, monkeypatch):
    transcriber = Transcriber.from_pretrained(SHIPPED)
    alone = [
        t.text for t in transcriber.transcribe([(samples, audio.RATE) for samples in sentences])
    ]
    pause = np.zeros(int(0.4 * audio.RATE), np.float32)
    recording = np.concatenate([samples for sentence in sentences for samples in (sentence, pause)])
    whole = write(tmp_path / "long.wav", audio.encode_wav(recording))
    monkeypatch.setattr(transcriber, "_LONG_S", 30.0)
    monkeypatch.setattr(transcriber, "_PIECES", 2)
    streamed = transcriber.transcribe([whole])[0]
    one_piece = transcriber.transcribe([whole.read_bytes()])[0]
    assert streamed.duration_s == one_piece.duration_s == round(len(recording) / audio.RATE, 3)
    assert (
        Levenshtein.distance(streamed.text, one_piece.text) <= 3
    )  # batches differ, and with them the last digits
    expected, found = " ".join(alone).split(), streamed.text.split()
    assert abs(len(found) - len(expected)) <= 0.03 * len(expected)
    assert Levenshtein.distance("".join(expected), "".join(found)) <= 0.05 * len("".join(expected))
    times = [word.start_s for word in streamed.words]
    assert times == sorted(times) and [word.text for word in streamed.words] == found


def voice(seconds):
    """Loud from the first to the last sample."""
    return 0.3 * np.sin(np.arange(int(seconds * audio.RATE)) / 7).astype(np.float32)


def test_pieces_end_in_pauses_and_hold_all_that_is_loud():
    silence = np.zeros(9_600, np.float32)  # 0.6 s, as between sentences
    wave = np.concatenate([np.concatenate([voice(3.0), silence])] * 6)
    for blocks in ([wave], np.array_split(wave, 13)):
        found = list(segments.segments(blocks, Lengths(1.0, 8.0)))
        assert len(found) == 6 and all(
            np.array_equal(wave[start : start + len(piece)], piece) for start, piece in found
        )
        assert all(
            3.0 < len(piece) / audio.RATE < 3.4 for _, piece in found
        )  # a sixth of a second of silence stays
    assert (
        list(segments.segments([], Lengths(1.0, 8.0)))
        == []
        == list(segments.segments([silence], Lengths(1.0, 8.0)))
    )


def test_without_a_pause_pieces_are_cut_where_it_is_quietest():
    loudness = np.repeat([1.0, 0.9, 0.5, 0.9], 3_200)
    wave = (voice(40.0) * np.tile(loudness, 50)).astype(np.float32)
    found = list(segments.segments([wave], Lengths(1.0, 8.0)))
    assert np.array_equal(np.concatenate([piece for _, piece in found]), wave)
    assert (
        all(abs((start % 12_800) - 8_000) < 1_600 for start, _ in found[1:])
        and max(len(p) for _, p in found) <= 8 * audio.RATE
    )


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


def test_streamed_samples_are_those_decoded_at_once(tmp_path):
    for rate in (16_000, 44_100):
        stereo = np.stack([tone(3.0, rate), tone(3.0, rate, 330.0)], axis=1)
        path = write(tmp_path / "a.wav", encoded(stereo, rate))
        pieces = list(audio.blocks(path, seconds=0.7))
        assert len(pieces) == 5 and np.allclose(
            np.concatenate(pieces), audio.decode(path), atol=2e-3
        )
    with pytest.raises(AudioError, match="no readable audio"):
        list(audio.blocks(write(tmp_path / "b.wav", b"text")))


def test_threads_share_a_recogniser(model):
    transcriber = Transcriber.from_pretrained(model)
    sources = [(tone(0.5 + 0.1 * i, frequency=150 + 20 * i), audio.RATE) for i in range(8)]
    expected = [transcriber.transcribe([source])[0].text for source in sources]
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda source: transcriber.transcribe([source])[0].text, sources))
            == expected
        )


def test_the_command_line_transcribes_what_it_can_and_says_what_it_cannot(model, tmp_path, capsys):
    good, bad = write(tmp_path / "a.wav", encoded(tone())), write(tmp_path / "b.wav", b"text")
    command = ["transcribe", str(bad), str(good), "--model", str(model)]
    assert cli.main([*command, "--json", "--timestamps"]) == 1
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert set(record) == {"source", "text", "duration_s", "words"} and record["duration_s"] == 1.0
    assert "b.wav" in err and "1 of 2 files" in err and "Traceback" not in err
    assert cli.main([*command[:1], *command[2:], "--json"]) == 0 and "words" not in json.loads(
        capsys.readouterr().out
    )
    assert cli.main([*command[:1], *command[2:], "--timestamps"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == record["text"] and len(lines) == 1 + len(record["words"])


def test_a_hub_model_may_be_pinned_to_a_revision(tmp_path, monkeypatch):
    asked = []

    def download(name, **options):
        asked.append(
            (
                name,
                options["revision"],
                any("bin" in pattern for pattern in options["allow_patterns"]),
            )
        )
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert checkpoints.resolve("user/model@abc123") == checkpoints.resolve("user/model") == tmp_path
    assert asked == [("user/model", "abc123", False), ("user/model", None, False)]
