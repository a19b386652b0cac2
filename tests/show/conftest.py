"""Predictions that the tests of figures, findings and the explorer share."""

import matplotlib as mpl
import pandas as pd
import pytest

from tests.builders import predictions

mpl.use("Agg")


@pytest.fixture
def table():
    """exp05 is right in all 6 utterances; exp01 is wrong in the first 3, 학교 for 학생."""
    references = ["저는 학생"] * 6
    half_wrong = ["저는 학교"] * 3 + ["저는 학생"] * 3
    right = predictions(references, references)
    wrong = predictions(references, half_wrong, "exp01")
    return pd.concat([right, wrong], ignore_index=True)
