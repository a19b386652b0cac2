"""Fuzz target: whatever bytes a label file holds, the reader rejects or reads every record and raises nothing.

python -m tests.fuzz_labels [FOLDER OF FINDINGS] [libFuzzer options, e.g. -max_total_time=600]
"""

import sys
from dataclasses import dataclass

import atheris

with atheris.instrument_imports(include=["speakor_common.corpus", "speakor_common.text"]):
    from speakor_common.corpus import aihub


@dataclass(frozen=True)
class Fuzzed:
    """Stands for a file of the corpus."""

    content: bytes
    suffix: str
    where: str = "label"
    name: str = "train/label"
    archive: str = ""

    def read(self) -> bytes:
        return self.content


def target(data: bytes) -> None:
    rejected: list[tuple[str, str]] = []
    reader = aihub._Reader(aihub.ReadOptions(), {}, rejected)
    reader.read_label_file(Fuzzed(data[1:], ".csv" if data[:1] == b"c" else ".json"))
    assert not reader.rows, "a row without audio"
    assert all(reason for _, reason in rejected), "a rejection without a reason"


if __name__ == "__main__":
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
