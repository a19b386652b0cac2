"""A verdict needs a difference that holds over speakers and over seeds."""

import pandas as pd
import pytest

from speakor_common.pipeline.verdicts import COLUMNS, Claim, verdicts
from tests.builders import predictions

CLAIM = Claim("changed", "a change", "plain")
GOOD = "저는 학생"
BAD = "저는 학교"


def runs(name, wrong_by_seed, speakers=8):
    """Four two-word clips a speaker, of which ``wrong`` and for every third speaker one less."""
    tables = []
    for seed, wrong in wrong_by_seed.items():
        texts = []
        for speaker in range(speakers):
            fewer = max(wrong - (speaker % 3 == 0), 0)
            texts += [BAD] * fewer + [GOOD] * (4 - fewer)
        names = [f"S{i // 4}" for i in range(4 * speakers)]
        table = predictions([GOOD] * len(texts), texts, name)
        tables.append(table.assign(speaker_id=names, seed=seed))
    return pd.concat(tables, ignore_index=True)


def verdict(changed, plain, **more):
    table = pd.concat([runs("changed", changed, **more), runs("plain", plain, **more)])
    return verdicts([Claim("plain", "", "plain"), CLAIM], table.reset_index(drop=True)).iloc[0]


def test_what_holds_over_speakers_and_seeds_is_named():
    none = {1: 0, 2: 0, 3: 0}
    assert verdict(none, {1: 3, 2: 3, 3: 4})["verdict"] == "helps"
    row = verdict({1: 3, 2: 3, 3: 4}, none)
    assert row["verdict"] == "hurts" and row["significant"] and row["low"] > 0
    assert (row["speakers"], row["seeds"], row["n"]) == (8, 3, 96) and row["no_interval"] == ""


def test_seeds_that_disagree_show_nothing():
    row = verdict({1: 4, 2: 0, 3: 1}, {1: 0, 2: 1, 3: 0})
    assert row["difference"] > 0 and row["low"] < 0 and row["verdict"] == "not shown"


@pytest.mark.parametrize(
    ("seeds", "speakers", "reason"), [((1, 2), 8, "2 seeds < 3"), ((1, 2, 3), 4, "4 speakers < 5")]
)
def test_too_few_seeds_or_speakers_have_no_interval_and_no_verdict(seeds, speakers, reason):
    row = verdict(dict.fromkeys(seeds, 0), dict.fromkeys(seeds, 4), speakers=speakers)
    assert row["no_interval"] == reason and row["verdict"] == "not shown"
    assert pd.isna(row["low"]) and pd.isna(row["p"])


def test_only_seeds_that_both_have_are_compared():
    row = verdict({1: 0, 2: 0, 3: 0, 4: 4}, {1: 4, 2: 4, 3: 4})
    assert row["seeds"] == 3 and row["n"] == 96


def test_where_nothing_can_be_compared_the_table_has_its_columns_and_no_row():
    for predicted in (runs("changed", {1: 1}), pd.DataFrame()):
        alone = verdicts([CLAIM], predicted)
        assert alone.empty and list(alone) == list(COLUMNS)
    assert list(verdict({1: 0, 2: 0, 3: 0}, {1: 3, 2: 3, 3: 4}).index) == list(COLUMNS)


def test_claims_are_corrected_together():
    variants = ("a", "b", "c")
    tables = [runs(name, {1: 1, 2: 0, 3: 1}) for name in variants]
    table = pd.concat([*tables, runs("plain", {1: 2, 2: 1, 3: 1})], ignore_index=True)
    rows = verdicts([Claim(name, "", "plain") for name in variants], table)
    assert rows["p_holm"].tolist() == pytest.approx([min(1, 3 * p) for p in rows["p"]])
