"""Transcribing the sample's test clips: this project's way against transformers' pipeline.

    python benchmarks/inference.py [MODEL]

Same model, same clips, same process: ``pipeline("automatic-speech-recognition")`` a file at a time and in batches of 16, and a
``Transcriber`` with all clips at once, read by whole syllables, of the model itself and of its exports (``speakor export``), three
rounds in turn of which the fastest counts; memory is what the process grows by in a round. Then what
silence and length do to the model, on the validation split: clips with 0.2 s of silence at both ends, heard as they are and as
the Transcriber trims them, and clips put together with and without pauses, heard in pieces of 20 s and as the Transcriber cuts
them. Last an hour of test clips with pauses is streamed from a file. Prints everything and writes
results/benchmarks/inference.json.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
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
from speakor_common.evaluation.metrics import score
from speakor_common.models.export import export_ctc
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.storage import write_json
from speakor_common.text import from_jamo
from speakor_common.training.memory_probe import peak_memory

ROUNDS, BATCH, EDGE_S, PAUSE_S, LONG_S = 3, 16, 0.2, 0.4, 3600.0
OURS = "Transcriber"


def main(model: str) -> None:
    splits = prepare.load_prepared(paths.prepared("sample"))
    data, valid = splits["test"], splits["valid"]
    waves, texts = [load_audio(row) for row in data], list(data["text"])
    seconds = sum(map(len, waves)) / RATE
    transcriber = Transcriber.from_pretrained(model)
    stock = pipeline("automatic-speech-recognition", model=str(paths.root() / model), device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(paths.root() / model, Path(folder) / "model"))
        exports = {
            name: Transcriber.from_pretrained(export_ctc(copy, int8))
            for name, int8 in (("fp32", False), ("int8", True))
        }
    ways: dict[str, Callable[[], list[str]]] = {
        "pipeline, one by one": lambda: [from_jamo(stock(wave)["text"]) for wave in waves],
        f"pipeline, batches of {BATCH}": lambda: [
            from_jamo(found["text"]) for found in stock(list(waves), batch_size=BATCH)
        ],
        OURS: lambda: [
            found.text for found in transcriber.transcribe([(wave, RATE) for wave in waves])
        ],
    }
    for name, exported in exports.items():
        ways[f"{OURS}, ONNX {name}"] = lambda exported=exported: [
            t.text for t in exported.transcribe([(wave, RATE) for wave in waves])
        ]
    best = timed(ways)
    rows = [
        {"way": way, "n": len(waves), "audio_s": round(seconds), "s": round(took, 2), "real_time_factor": round(took / seconds, 4),
         "memory_mib": memory, "wer": round(score(texts, found).wer, 4)}
        for way, (took, memory, found) in best.items()
    ]  # fmt: skip
    fastest = min(row["s"] for row in rows[:2])
    for row in rows:
        row["times the faster pipeline"] = round(fastest / row["s"], 2)
        print(row)
    silence = silence_and_length(
        transcriber, [load_audio(row) for row in valid], list(valid["text"])
    )
    for row in silence:
        print(row)
    hour = long_file(transcriber, waves, best[OURS][2], texts)
    print(hour)
    content = {"model": model, "rows": rows, "silence_and_length": silence, "hour": hour}
    print(paths.relative(write_json(paths.benchmarks() / "inference.json", content)))


def timed(ways: dict[str, Callable[[], list[str]]]) -> dict[str, tuple[float, int, list[str]]]:
    """Seconds of each way's fastest round, MiB the process grew by at most in its first, and what it found."""
    best: dict[str, tuple[float, int, list[str]]] = {}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            before, started = psutil.Process().memory_info().rss, time.perf_counter()
            with peak_memory(torch.device("cpu")) as peak:
                found = run()
            took, grown = time.perf_counter() - started, round((peak[0] - before) / 2**20)
            known = best.get(way, (np.inf, grown, found))
            best[way] = (min(known[0], took), known[1], found)
    return best


def silence_and_length(
    transcriber: Transcriber, waves: list[np.ndarray], texts: list[str]
) -> list[dict]:
    """WER of the same clips with silence around them, and of all of them as one recording."""
    recogniser, edge = transcriber.recogniser, np.zeros(int(EDGE_S * RATE), np.float32)
    padded = [np.concatenate([edge, wave, edge]) for wave in waves]
    ways = {
        "as they are": recogniser.recognise(waves),
        f"{EDGE_S} s of silence at both ends": recogniser.recognise_segments(padded),
        "the same, trimmed": recogniser.recognise(padded),
    }
    for seconds in (0.0, PAUSE_S):
        pause = np.zeros(int(seconds * RATE), np.float32)
        whole = np.concatenate([samples for wave in waves for samples in (wave, pause)])
        name, step = f"one recording, {seconds} s between", 20 * RATE
        ways[f"{name}, 20 s at once"] = recogniser.recognise_segments(
            [whole[i : i + step] for i in range(0, len(whole), step)]
        )
        ways[f"{name}, cut in pauses"] = recogniser.recognise([whole])
    rows = []
    for way, found in ways.items():
        heard = [hypothesis.text for hypothesis in found]
        result = (
            score(texts, heard)
            if len(heard) == len(texts)
            else score([" ".join(texts)], [" ".join(heard)])
        )
        rows.append(
            {
                "clips": way,
                "n": len(texts),
                "wer": round(result.wer, 4),
                "cer": round(result.cer, 4),
            }
        )
    return rows


def long_file(
    transcriber: Transcriber, waves: list[np.ndarray], alone: list[str], texts: list[str]
) -> dict:
    """An hour of the clips, streamed, against the clips one by one."""
    pause, pieces, said, heard, length = np.zeros(int(PAUSE_S * RATE), np.float32), [], [], [], 0.0
    while length < LONG_S:
        position = len(said) % len(waves)
        pieces += [waves[position], pause]
        said.append(texts[position])
        heard.append(alone[position])
        length += (len(waves[position]) + len(pause)) / RATE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.flac"
        soundfile.write(path, np.concatenate(pieces), RATE)
        pieces.clear()
        before, started = psutil.Process().memory_info().rss, time.perf_counter()
        with peak_memory(torch.device("cpu")) as peak:
            found = transcriber.transcribe([path])[0]
        took = time.perf_counter() - started
    joined = [" ".join(part) for part in (said, heard)]
    return {
        "audio_s": round(length),
        "s": round(took, 1),
        "memory_above_before_mib": round((peak[0] - before) / 2**20),
        "words_said": len(joined[0].split()),
        "words_streamed": len(found.text.split()),
        "words_one_by_one": len(joined[1].split()),
        "cer_streamed": round(score([joined[0]], [found.text]).cer, 4),
        "cer_one_by_one": round(score(said, heard).cer, 4),
    }


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "models/base-tiny")
