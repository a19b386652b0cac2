"""Our counts against NIST's sclite (Debian package sctk), the field's reference scorer, on the whole sample test."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from speakor_common import paths
from speakor_common.audio import decode, level_peak
from speakor_common.corpus import aihub
from speakor_common.corpus.splits import SAMPLE_POLICY, TEST, assign_splits
from speakor_common.evaluation.metrics import score
from speakor_common.recognition.recognisers import CTCRecogniser

SCLITE = shutil.which("sclite") or shutil.which("sclite", path="/usr/lib/sctk/bin")
if os.environ.get("SPEAKOR_REQUIRE_SCLITE") and not SCLITE:
    raise RuntimeError(
        "SPEAKOR_REQUIRE_SCLITE is set, but sclite is not installed: apt-get install sctk"
    )
pytestmark = pytest.mark.skipif(SCLITE is None, reason="sclite is not installed (Debian: sctk)")


@pytest.fixture(scope="module")
def heard():
    """References of the sample's test split, and what the un-tuned base hears."""
    corpus = aihub.read(paths.sample_corpus())
    manifest = assign_splits(corpus.manifest, SAMPLE_POLICY)
    test = manifest[(manifest["split"] == TEST) & (manifest["l1"] != "KR")]
    waves = [level_peak(decode(path)) for path in test["audio"]]
    return list(test["text"]), [
        found.text for found in CTCRecogniser(paths.base_tiny(), "cpu").recognise(waves)
    ]


def sclite(references: list[str], hypotheses: list[str], folder: Path) -> dict[str, int]:
    """Counts of sclite's summary."""
    for name, texts in (("ref", references), ("hyp", hypotheses)):
        (folder / name).write_text(
            "".join(f"{text} (speaker-{i:05d})\n" for i, text in enumerate(texts)), encoding="utf-8"
        )
    command = [
        SCLITE,
        "-r",
        "ref",
        "trn",
        "-h",
        "hyp",
        "trn",
        "-i",
        "rm",
        "-e",
        "utf-8",
        "-o",
        "rsum",
        "stdout",
    ]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    numbers = [int(n) for n in re.search(r"\| Sum +\|(.*)", output)[1].replace("|", " ").split()]
    return dict(
        zip(
            (
                "utterances",
                "words",
                "hits",
                "substitutions",
                "deletions",
                "insertions",
                "errors",
                "wrong",
            ),
            numbers,
            strict=True,
        )
    )


@pytest.mark.parametrize("unit", ["words", "characters_no_space"])
def test_counts_agree_with_sclite(heard, tmp_path, unit):
    references, hypotheses = heard
    ours = getattr(score(references, hypotheses), unit)
    spaced = (
        (lambda text: text) if unit == "words" else (lambda text: " ".join(text.replace(" ", "")))
    )
    theirs = sclite(
        [spaced(text) for text in references], [spaced(text) for text in hypotheses], tmp_path
    )
    assert (
        theirs["utterances"] == len(references) == 240 and theirs["words"] == ours.reference_length
    )
    assert theirs["errors"] == ours.errors and theirs["errors"] / theirs["words"] == pytest.approx(
        ours.rate
    )
    wrong = np.sum([a.split() != b.split() for a, b in zip(references, hypotheses, strict=True)])
    assert theirs["wrong"] == wrong if unit == "words" else theirs["wrong"] <= wrong
