"""Transcribing the sample's test clips: this project's way against transformers' pipeline.

    python benchmarks/inference.py [MODEL]

Same model, same clips, same process: ``pipeline("automatic-speech-recognition")`` a file at a time and in batches of 16, and a
``Transcriber`` with all clips at once, read by whole syllables, three rounds in turn of which the fastest counts. Then an hour
of speech, made of the same clips with pauses, is streamed from a file; its errors are compared with those of the clips one by
one. Prints a table and writes results/benchmarks/inference.json.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from transformers import pipeline

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.evaluation.metrics import score
from speakor_common.evaluation.transcribe import Transcriber
from speakor_common.storage import write_json
from speakor_common.text import from_jamo

ROUNDS, BATCH, PAUSE_S, LONG_S = 3, 16, 0.4, 3600.0


def main(model: str) -> None:
    data = prepare.load(paths.prepared("sample"))["test"]
    waves, texts = [load_audio(row) for row in data], list(data["text"])
    seconds = sum(map(len, waves)) / RATE
    transcriber = Transcriber.from_pretrained(model)
    stock = pipeline("automatic-speech-recognition", model=str(paths.root() / model), device="cpu")
    ways: dict[str, Callable[[], list[str]]] = {
        "pipeline, one by one": lambda: [from_jamo(stock(wave)["text"]) for wave in waves],
        f"pipeline, batches of {BATCH}": lambda: [from_jamo(found["text"]) for found in stock(list(waves), batch_size=BATCH)],
        "Transcriber": lambda: [found.text for found in transcriber.transcribe([(wave, RATE) for wave in waves])],
    }
    best: dict[str, tuple[float, list[str]]] = {}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            started = time.perf_counter()
            found = run()
            best[way] = min(best.get(way, (np.inf, [])), (time.perf_counter() - started, found))
    rows = [
        {"way": way, "n": len(waves), "audio_s": round(seconds), "s": round(took, 2), "real_time_factor": round(took / seconds, 4),
         "wer": round(score(texts, found).wer, 4)}
        for way, (took, found) in best.items()
    ]  # fmt: skip
    ratio = min(rows[0]["s"], rows[1]["s"]) / rows[2]["s"]
    for row in rows:
        print(row)
    print(f"Transcriber against the faster pipeline: {ratio:.1f} times")
    hour = long_file(transcriber, waves, best["Transcriber"][1], texts)
    print(hour)
    content = {"model": model, "rows": rows, "ratio": round(ratio, 2), "hour": hour}
    print(paths.relative(write_json(paths.benchmarks() / "inference.json", content)))


def long_file(transcriber: Transcriber, waves: list[np.ndarray], alone: list[str], texts: list[str]) -> dict:
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
        del pieces
        before, started = peak_mib(), time.perf_counter()
        found = transcriber.transcribe([path])[0]
        took = time.perf_counter() - started
    joined = [" ".join(part) for part in (said, heard)]
    return {
        "audio_s": round(length),
        "s": round(took, 1),
        "memory_above_before_mib": peak_mib() - before,
        "words_said": len(joined[0].split()),
        "words_streamed": len(found.text.split()),
        "words_one_by_one": len(joined[1].split()),
        "cer_streamed": round(score([joined[0]], [found.text]).cer, 4),
        "cer_one_by_one": round(score(said, heard).cer, 4),
    }


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "models/base-tiny")
