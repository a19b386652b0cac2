"""Transcribing the sample's test clips: this project's way against transformers' pipeline.

    python benchmarks/inference.py [MODEL]

Same model, same clips, same process. ``pipeline("automatic-speech-recognition")`` takes a file at
a time, and batches of 16; a ``Transcriber`` takes all clips at once and decodes whole syllables,
with the model itself and with its exports (``speakor export``). Three rounds in turn, of which
the fastest counts; memory is what the process grows by in a round.

Then what silence and length do to the model, on the validation split: clips with 0.2 s of silence
at both ends, recognised as they are and trimmed; and clips put together with and without pauses,
recognised 20 s at a time and in segments that end in pauses. Last an hour of test clips with
pauses is streamed from a file. Prints everything and writes results/benchmarks/inference.json.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile
import torch
from transformers import pipeline

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.decoding.words import Hypothesis
from speakor_common.evaluation.metrics import score
from speakor_common.models.export import export_ctc
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.storage import write_json
from speakor_common.text import from_jamo
from speakor_common.training.memory_probe import peak_memory

ROUNDS = 3
PIPELINE_BATCH = 16
EDGE_S = 0.2  # silence around a clip
PAUSE_S = 0.4  # silence between clips
AT_ONCE_S = 20
LONG_S = 3600.0
OURS = "Transcriber"

Waves = Sequence[np.ndarray]


@dataclass(frozen=True)
class Run:
    """One round of a way to transcribe all clips."""

    seconds: float
    memory_mib: int  # the process grew by
    texts: list[str]


def main(model: str) -> None:
    splits = prepare.load_prepared(paths.prepared("sample"))
    waves = [load_audio(row) for row in splits["test"]]
    texts = list(splits["test"]["text"])
    transcriber = Transcriber.from_pretrained(model)

    # Speed.
    best = fastest_runs(ways_to_transcribe(model, transcriber, waves))
    rows = speed_rows(best, waves, texts)
    for row in rows:
        print(row)

    # Silence and length.
    held_out = [load_audio(row) for row in splits["valid"]]
    silence = silence_and_length(transcriber.recogniser, held_out, list(splits["valid"]["text"]))
    for row in silence:
        print(row)

    hour = long_file(transcriber, waves, best[OURS].texts, texts)
    print(hour)
    content = {"model": model, "rows": rows, "silence_and_length": silence, "hour": hour}
    print(paths.relative(write_json(paths.benchmarks() / "inference.json", content)))


def ways_to_transcribe(
    model: str, transcriber: Transcriber, waves: Waves
) -> dict[str, Callable[[], list[str]]]:
    """What is timed, by its name."""
    stock = pipeline("automatic-speech-recognition", model=str(paths.root() / model), device="cpu")
    transcribers = {OURS: transcriber}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(paths.root() / model, Path(folder) / "model"))
        for name, int8 in (("fp32", False), ("int8", True)):
            exported = export_ctc(copy, int8)
            transcribers[f"{OURS}, ONNX {name}"] = Transcriber.from_pretrained(exported)

    def one_by_one() -> list[str]:
        return [from_jamo(stock(wave)["text"]) for wave in waves]

    def batched() -> list[str]:
        outputs = stock(list(waves), batch_size=PIPELINE_BATCH)
        return [from_jamo(output["text"]) for output in outputs]

    def transcribe(by: Transcriber) -> list[str]:
        return [transcript.text for transcript in by.transcribe([(wave, RATE) for wave in waves])]

    ways: dict[str, Callable[[], list[str]]] = {
        "pipeline, one by one": one_by_one,
        f"pipeline, batches of {PIPELINE_BATCH}": batched,
    }
    for name, by in transcribers.items():
        ways[name] = lambda by=by: transcribe(by)
    return ways


def fastest_runs(ways: dict[str, Callable[[], list[str]]]) -> dict[str, Run]:
    """The fastest round of each way; memory is that of its first."""
    best: dict[str, Run] = {}
    for _ in range(ROUNDS):
        for way, transcribe in ways.items():
            run = timed(transcribe)
            known = best.get(way, run)
            best[way] = Run(min(known.seconds, run.seconds), known.memory_mib, known.texts)
    return best


def timed(transcribe: Callable[[], list[str]]) -> Run:
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    with peak_memory(torch.device("cpu")) as peak:
        texts = transcribe()
    seconds = time.perf_counter() - started
    return Run(seconds, round((peak[0] - before) / 2**20), texts)


def speed_rows(best: dict[str, Run], waves: Waves, texts: list[str]) -> list[dict]:
    """A row a way, with how many times it is as fast as the faster pipeline."""
    audio_s = sum(len(wave) for wave in waves) / RATE
    pipeline_s = min(run.seconds for way, run in best.items() if way.startswith("pipeline"))
    return [
        {
            "way": way,
            "n": len(waves),
            "audio_s": round(audio_s),
            "s": round(run.seconds, 2),
            "real_time_factor": round(run.seconds / audio_s, 4),
            "memory_mib": run.memory_mib,
            "wer": round(score(texts, run.texts).wer, 4),
            "times the faster pipeline": round(pipeline_s / run.seconds, 2),
        }
        for way, run in best.items()
    ]


def silence_and_length(recogniser: CTCRecogniser, waves: Waves, texts: list[str]) -> list[dict]:
    """WER of the same clips with silence around them, and of all of them as one recording."""
    edge = np.zeros(int(EDGE_S * RATE), np.float32)
    padded = [np.concatenate([edge, wave, edge]) for wave in waves]
    hypotheses: dict[str, list[Hypothesis]] = {
        "as they are": recogniser.recognise(waves),
        f"{EDGE_S} s of silence at both ends": recogniser.recognise_segments(padded),
        "the same, trimmed": recogniser.recognise(padded),
    }

    for seconds in (0.0, PAUSE_S):
        whole = put_together(waves, seconds)
        step = AT_ONCE_S * RATE
        pieces = [whole[i : i + step] for i in range(0, len(whole), step)]
        name = f"one recording, {seconds} s between"
        hypotheses[f"{name}, {AT_ONCE_S} s at once"] = recogniser.recognise_segments(pieces)
        hypotheses[f"{name}, cut in pauses"] = recogniser.recognise([whole])

    rows = []
    for clips, of_way in hypotheses.items():
        recognised = [hypothesis.text for hypothesis in of_way]
        if len(recognised) == len(texts):
            rates = score(texts, recognised)
        else:
            rates = score([" ".join(texts)], [" ".join(recognised)])
        measured = {"wer": round(rates.wer, 4), "cer": round(rates.cer, 4)}
        rows.append({"clips": clips, "n": len(texts)} | measured)
    return rows


def put_together(waves: Waves, pause_s: float) -> np.ndarray:
    """One recording of all clips, with a pause after each."""
    pause = np.zeros(int(pause_s * RATE), np.float32)
    return np.concatenate([samples for wave in waves for samples in (wave, pause)])


def long_file(transcriber: Transcriber, waves: Waves, alone: list[str], texts: list[str]) -> dict:
    """An hour of the clips, streamed, against the clips one by one."""
    # The clips again and again, until they last an hour.
    positions: list[int] = []
    length = 0.0
    while length < LONG_S:
        position = len(positions) % len(waves)
        positions.append(position)
        length += len(waves[position]) / RATE + PAUSE_S
    spoken = [texts[position] for position in positions]
    one_by_one = [alone[position] for position in positions]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.flac"
        recording = put_together([waves[position] for position in positions], PAUSE_S)
        soundfile.write(path, recording, RATE)
        del recording
        run = timed(lambda: [transcriber.transcribe([path])[0].text])

    streamed = run.texts[0]
    return {
        "audio_s": round(length),
        "s": round(run.seconds, 1),
        "memory_above_before_mib": run.memory_mib,
        "words_said": len(" ".join(spoken).split()),
        "words_streamed": len(streamed.split()),
        "words_one_by_one": len(" ".join(one_by_one).split()),
        "cer_streamed": round(score([" ".join(spoken)], [streamed]).cer, 4),
        "cer_one_by_one": round(score(spoken, one_by_one).cer, 4),
    }


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "models/base-tiny")
