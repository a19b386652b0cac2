"""Fuzz target: whatever bytes a label file holds, every record is read or rejected, none raises.

python -m tests.fuzz_labels [FOLDER OF FINDINGS] [libFuzzer options, e.g. -max_total_time=600]
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["speakor_common.corpus", "speakor_common.text"]):
    from speakor_common.corpus import aihub
    from speakor_common.corpus.collect import Collector
    from speakor_common.corpus.schema import ReadOptions

_SUFFIXES = {b"c": ".csv", b"t": ".tsv"}  # by the first byte; all others are JSON


@dataclass(frozen=True)
class Fuzzed:
    """Stands for a file of the corpus."""

    content: bytes
    suffix: str
    where: str = "label"
    name: str = "train/label"
    stem: str = "label"
    archive: str = ""

    def read(self) -> bytes:
        return self.content


def target(data: bytes) -> None:
    options = ReadOptions(max_rejected=1.0)
    collector = Collector(options)
    for found in aihub.read_label_file(Fuzzed(data[1:], _SUFFIXES.get(data[:1], ".json")), options):
        collector.take(found)
    corpus = collector.finish(Path("fuzzed"))
    assert corpus.manifest.empty, "a row without audio"
    assert all(corpus.quarantine["reason"]), "a rejection without a reason"
    corpus.quarantine.to_csv(index=False).encode()  # what is said can be written down


if __name__ == "__main__":
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
