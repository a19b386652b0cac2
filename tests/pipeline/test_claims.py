"""Numbers in prose are compared with their sources; the repository's own among them."""

import subprocess
from pathlib import Path

import pytest

from speakor_common.errors import ResultsError
from speakor_common.pipeline.claims import check_documents
from speakor_common.storage import write_json, write_text

ROOT = Path(__file__).resolve().parents[2]

# Numbers of the project's documents that nothing committed says. It may shrink, and never grow.
MOST_UNVERIFIED = 26

INVENTORY = """
documents = ["README.md", "cards/*.md"]

[[claim]]
values = ["a.json:wer", "a.json:speakers"]
[claim.texts]
"README.md" = "WER is {} over {} speakers"
"cards/ko.md" = "화자 {1}명, WER {0}"

[[unverified]]
reason = "measured by hand"
[unverified.texts]
"README.md" = "takes {} minutes"

[[exempt]]
pattern = 'Python 3\\.11'
reason = "a version"
"""
README = """Python 3.11 it is.
The WER is 0.364
over eight speakers, and it takes 6 minutes.
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    write_text(tmp_path / "results" / "claims.toml", INVENTORY)
    write_text(tmp_path / "README.md", README)
    write_text(tmp_path / "cards" / "ko.md", "화자 8명, WER 0.36\n")
    write_json(tmp_path / "a.json", {"wer": 0.3639, "speakers": 8})
    return tmp_path


def test_what_follows_is_confirmed_and_what_does_not_is_said(root):
    findings = check_documents()
    assert findings.differences == [] and findings.checked == 4
    assert findings.unverified == ["README.md:3: 6 (measured by hand)"]


def test_a_new_source_value_is_named_and_written_in_every_language(root):
    write_json(root / "a.json", {"wer": 0.4096, "speakers": 10})
    assert check_documents().differences == [
        "README.md:2: 0.364 should be 0.410, by a.json:wer",
        "README.md:3: eight should be ten, by a.json:speakers",
        "cards/ko.md:1: 8 should be 10, by a.json:speakers",
        "cards/ko.md:1: 0.36 should be 0.41, by a.json:wer",
    ]
    assert check_documents(write=True).differences == []
    written = (root / "README.md").read_text()
    assert written == README.replace("0.364", "0.410").replace("eight", "ten")
    assert (root / "cards" / "ko.md").read_text() == "화자 10명, WER 0.41\n"
    assert check_documents().differences == []


def test_a_number_without_an_entry_is_named_with_its_line(root):
    write_text(root / "README.md", README + "\nIt is 67 % better with `n = 3`.\n")
    assert check_documents().differences == ["README.md:5: 67 has no entry in results/claims.toml"]


def test_a_number_in_words_with_a_capital_is_compared_and_needs_an_entry(root):
    said = README.replace("over eight", "over Eight")
    write_text(root / "README.md", f"{said}\nTwenty speakers, WER _0.31_.\n")
    assert check_documents().differences == [
        "README.md:5: Twenty has no entry in results/claims.toml",
        "README.md:5: 0.31 has no entry in results/claims.toml",
    ]


def test_a_source_git_does_not_track_is_a_difference(root):
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "README.md"], check=True)
    differences = check_documents().differences
    assert len(differences) == 4 and all("a.json is not tracked" in line for line in differences)


def test_a_sentence_that_stands_nowhere_is_named(root):
    write_text(root / "cards" / "ko.md", "아무것도 없다\n")
    assert check_documents().differences == ["cards/ko.md: nowhere says '화자 {1}명, WER {0}'"]


def test_a_missing_source_is_a_difference_and_stops_nothing(root):
    write_json(root / "a.json", {"wer": 0.3639})
    differences = check_documents(write=True).differences
    assert [line.split(": ")[0] for line in differences] == ["README.md:3", "cards/ko.md:1"]
    assert all("there is no 'speakers'" in line for line in differences)
    assert (root / "README.md").read_text() == README


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("documents =", "papers =", "KeyError"),
        ('"a.json:speakers"]', "]", "has 2 holes for 1 values"),
        ('reason = "measured by hand"', "", "needs either values or a reason"),
        ('"cards/ko.md" =', '"cards/en.md" =', "are none of its documents"),
        ("[[exempt]]", "[[exempt", "TOMLDecodeError"),
        ("Python 3", "(Python 3", "unterminated"),
    ],
)
def test_an_inventory_that_is_not_in_form_is_refused(root, old, new, message):
    write_text(root / "results" / "claims.toml", INVENTORY.replace(old, new, 1))
    with pytest.raises(ResultsError, match=message):
        check_documents()


def test_without_an_inventory_nothing_is_confirmed(root):
    (root / "results" / "claims.toml").unlink()
    with pytest.raises(ResultsError, match="FileNotFoundError"):
        check_documents()


def test_the_projects_own_numbers_follow_and_few_do_not(monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(ROOT))
    findings = check_documents()
    assert len(findings.unverified) <= MOST_UNVERIFIED

    places = ["results", "data/sample", "models", "README.md", "README.ko.md"]
    git = ["git", "status", "--porcelain", "--", *places]
    changed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if changed.returncode or changed.stdout:
        pytest.skip("sources or documents are not as committed")
    assert findings.differences == []
