"""What a corpus costs when it is prepared first, again, and when an archive came to it.

    python benchmarks/prepare_again.py [CLIPS]        (default 20000)

On a generated corpus in the delivered layout, labels and recordings in zips, referred to as in
the AI Hub profile. Every preparation runs in a process of its own, all over the same folder:
first, again with nothing changed, and once more after an archive of a tenth of the clips was
added. Prints times, their ratio to the first, and memory.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from speakor_common import paths
from speakor_common.audio import RATE

CLIPS = 20_000
ARCHIVE = 2_000  # clips of one zip
SPEAKERS = 40
SECONDS = 0.5
WORDS = 5_000  # different ones
SENTENCE = (4, 14)  # words of a label

FIRST = "first"
AGAIN = "again"
MORE = "one more archive"


def generate(root: Path, first: int, count: int) -> None:
    """Write an archive of labels and one of recordings."""
    sys.path.insert(0, str(paths.root()))
    from tests.builders import as_json, encoded, label, stem, write_zip

    noise = 0.1 * np.random.default_rng(1).standard_normal(int(SECONDS * RATE) + CLIPS)
    labels, sounds = {}, {}
    for number in range(first, first + count):
        item = number // SPEAKERS
        name = stem(speaker=number % SPEAKERS, item=item % 1000, date=f"2022{item // 1000:04d}")
        labels[f"{name}.json"] = as_json(label(name, sentence(number)))
        start = number % CLIPS
        sounds[f"{name}.wav"] = encoded(noise[start : start + int(SECONDS * RATE)])
    folder = root / "1.Training"
    write_zip(folder / "라벨링데이터" / f"{first}.zip", labels)
    write_zip(folder / "원천데이터" / f"TS_{first}.zip", sounds)


def sentence(number: int) -> str:
    """Words drawn by the clip's number; every fifth sentence is one that others say as well."""
    draw = random.Random(number % 1_000 if number % 5 == 0 else number)
    syllables = [chr(0xAC00 + 28 * step) for step in range(399)]
    words = []
    for _ in range(draw.randint(*SENTENCE)):
        word = random.Random(int(WORDS * draw.random() ** 2))
        words.append("".join(word.choices(syllables, k=3)))
    return " ".join(words)


def measure(root: Path, target: Path) -> dict:
    """One preparation, in this process."""
    from speakor_common.corpus import prepare
    from speakor_common.corpus.splits import SplitPolicy
    from speakor_common.training.runlog import peak_memory_mib

    started = time.perf_counter()
    policy = SplitPolicy(valid_speakers=0.1, test_speakers=0.1)
    done = prepare.prepare(root, target, policy, embed_audio=False, progress=False)
    return {
        "clips": len(done.manifest),
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mib": round(peak_memory_mib()),
    }


def main(clips: int) -> None:
    first_seconds = None
    with tempfile.TemporaryDirectory() as folder:
        root, target = Path(folder) / "in", Path(folder) / "out"
        for first in range(0, clips, ARCHIVE):
            generate(root, first, min(ARCHIVE, clips - first))

        for what in (FIRST, AGAIN, MORE):
            if what == MORE:
                generate(root, clips, max(1, clips // 10))
            command = [sys.executable, __file__, "measure", str(root), str(target)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            measured = json.loads(done.stdout.splitlines()[-1])
            first_seconds = first_seconds or measured["seconds"]
            share = measured["seconds"] / first_seconds
            print(f"{what}: {measured}, {share:.2f} of the first", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else CLIPS)
