"""Our counts against NIST's sclite (Debian package sctk), the field's reference scorer."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from speakor_common import paths
from speakor_common.audio import decode, level_speech
from speakor_common.corpus import aihub
from speakor_common.corpus.splits import SAMPLE_POLICY, TEST, assign_splits
from speakor_common.evaluation.metrics import score
from speakor_common.recognition.ctc_recogniser import CTCRecogniser

SCLITE = shutil.which("sclite") or shutil.which("sclite", path="/usr/lib/sctk/bin")
if os.environ.get("SPEAKOR_REQUIRE_SCLITE") and not SCLITE:
    raise RuntimeError(
        "SPEAKOR_REQUIRE_SCLITE is set, but sclite is not installed: apt-get install sctk"
    )
pytestmark = pytest.mark.skipif(SCLITE is None, reason="sclite is not installed (Debian: sctk)")


SUMMARY = (
    "utterances", "words", "hits", "substitutions", "deletions", "insertions", "errors", "wrong",
)  # fmt: skip


@pytest.fixture(scope="module")
def transcribed():
    """References of the sample's test split, and hypotheses of the un-tuned base."""
    corpus = aihub.read(paths.sample_corpus())
    manifest = assign_splits(corpus.manifest, SAMPLE_POLICY)
    test = manifest[(manifest["split"] == TEST) & (manifest["l1"] != "KR")]
    waves = [level_speech(decode(path)) for path in test["audio"]]
    hypotheses = CTCRecogniser(paths.base_tiny(), "cpu").recognise(waves)
    return list(test["text"]), [hypothesis.text for hypothesis in hypotheses]


def sclite(references: list[str], hypotheses: list[str], folder: Path) -> dict[str, int]:
    """Counts of sclite's summary."""
    for name, texts in (("ref", references), ("hyp", hypotheses)):
        lines = [f"{text} (speaker-{i:05d})\n" for i, text in enumerate(texts)]
        (folder / name).write_text("".join(lines), encoding="utf-8")
    options = "-r ref trn -h hyp trn -i rm -e utf-8 -o rsum stdout"
    command = [SCLITE, *options.split()]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

    # The line of sums holds one number a column.
    columns = re.search(r"\| Sum +\|(.*)", output)[1].replace("|", " ").split()
    return dict(zip(SUMMARY, map(int, columns), strict=True))


@pytest.mark.parametrize("unit", ["words", "characters_no_space"])
def test_counts_agree_with_sclite(transcribed, tmp_path, unit):
    references, hypotheses = transcribed
    ours = getattr(score(references, hypotheses), unit)

    def spaced(text: str) -> str:
        return text if unit == "words" else " ".join(text.replace(" ", ""))

    theirs = sclite(list(map(spaced, references)), list(map(spaced, hypotheses)), tmp_path)
    assert theirs["utterances"] == len(references) == 240
    assert theirs["words"] == ours.reference_length
    assert theirs["errors"] == ours.errors
    assert theirs["errors"] / theirs["words"] == pytest.approx(ours.rate)

    # Texts that differ in spaces only are right by syllable.
    wrong = sum(a.split() != b.split() for a, b in zip(references, hypotheses, strict=True))
    assert theirs["wrong"] == wrong if unit == "words" else theirs["wrong"] <= wrong
