"""Exported models hear what the models they were made from hear."""

import builtins
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from speakor_common import cli, paths
from speakor_common.audio import RATE, decode, level_speech
from speakor_common.corpus import files
from speakor_common.errors import CheckpointError
from speakor_common.models import checkpoints, export
from speakor_common.models.posteriors import ONNX_FILE
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.transcriber import Transcriber, transcribe_audio
from tests.builders import tiny_ctc, tiny_whisper, tone

WAVES = [
    tone(seconds, frequency=frequency)
    for seconds, frequency in ((1.0, 220.0), (0.03, 300.0), (2.7, 440.0))
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def exported(model):
    return export.export_ctc(model, int8=False)


def posteriors(directory: Path, waves=WAVES):
    return CTCRecogniser(directory, "cpu").log_probabilities(waves)


def test_posteriors_are_those_of_the_original(model, exported):
    assert exported.name == "tiny-onnx" and not list(exported.glob("*.safetensors"))
    for ours, theirs in zip(posteriors(exported), posteriors(model), strict=True):
        assert (
            ours.dtype == np.float32
            and ours.shape == theirs.shape
            and np.abs(ours - theirs).max() < 1e-3
        )


def test_the_command_exports_in_8_bits_which_are_fewer(model, exported):
    size = (exported / ONNX_FILE).stat().st_size
    assert cli.main(["export", str(model)]) == 0
    assert (exported / ONNX_FILE).stat().st_size < size and {
        p.suffix for p in exported.iterdir()
    } <= {".json", ".onnx"}
    export.export_ctc(model, int8=False)


def test_in_8_bits_the_shipped_base_says_nearly_the_same_of_speech(tmp_path):
    clips = [
        entry
        for entry in files.walk(paths.sample_corpus())
        if isinstance(entry, files.Entry) and entry.suffix == ".ogg"
    ][::300]
    waves = [level_speech(decode(clip.read())) for clip in clips]
    base = Path(shutil.copytree(paths.base_tiny(), tmp_path / "base"))
    ours, theirs = (posteriors(directory, waves) for directory in (export.export_ctc(base), base))
    frames = [
        (a.argmax(1) == b.argmax(1), b.argmax(1) > 0) for a, b in zip(ours, theirs, strict=True)
    ]
    same, spoken = map(np.concatenate, zip(*frames, strict=True))
    assert spoken.sum() > 100 and same[spoken].mean() > 0.95


def test_an_exported_model_is_used_like_any_other(model, exported):
    sources = [(wave, RATE) for wave in WAVES]
    expected = [(t.text, t.words) for t in Transcriber.from_pretrained(model).transcribe(sources)]
    transcriber = Transcriber.from_pretrained(exported)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: transcriber.transcribe(sources), range(8)))
    for run in runs:
        assert [t.text for t in run] == [text for text, _ in expected]
    assert transcribe_audio(sources[0], model=exported) == expected[0][0]
    assert checkpoints.weights_hash(exported) != checkpoints.weights_hash(model)


def test_what_cannot_be_exported_or_loaded_says_why(model, exported, tmp_path, monkeypatch):
    with pytest.raises(CheckpointError, match="model type 'whisper'"):
        export.export_ctc(tiny_whisper(tmp_path))
    with pytest.raises(CheckpointError, match="holds no trained CTC model"):
        export.export_ctc(exported)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("onnxruntime"):
            raise ImportError("no onnxruntime", name="onnxruntime")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for use in (lambda: export.export_ctc(model), lambda: Transcriber.from_pretrained(exported)):
        with pytest.raises(CheckpointError, match=r"pip install '\.\[onnx\]'"):
            use()
    monkeypatch.undo()
    content = (exported / ONNX_FILE).read_bytes()
    (exported / ONNX_FILE).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match="cannot be loaded by ONNX Runtime"):
        Transcriber.from_pretrained(exported)
