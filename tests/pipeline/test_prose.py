"""What is prose in a document, which numbers are in it, and how one is written."""

import nbformat
import pytest

from speakor_common.errors import ResultsError
from speakor_common.pipeline.prose import Part, like, read_parts, write_parts

TEXT = """---
license: 4
---
# 02 · Title
exp05 on UTF-8 and x86-64, CC0-1.0 with `--seed 7` and [3](a/9.md) is 0.364 [-0.018, +0.017].

```bash
make 5
```
<!-- numbers: results/sample -->
| 11 |
<!-- end of numbers -->
4,000 clips in 1-2 min at 3e-4; 화자 8명 (12%), Kokoro-82M.
"""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("WER is 0.31,0.42 and 3,5", ["0.31", "0.42", "3", "5"]),
        ("_0.31_, __0.42__, **0.5**, *7*", ["0.31", "0.42", "0.5", "7"]),
        ("Twenty speakers, THREE seeds", ["Twenty", "THREE"]),
        ("twenty-one of _nine_ or __Ten__", ["twenty-one", "nine", "Ten"]),
        ("snake_3, exp05, exp05_2, v1.2.3, UTF-8, 1.2.3", ["1.2"]),
        ("often, weighty, threefold: nobody's one, two", []),
    ],
)
def test_a_number_is_seen_however_it_is_set(text, numbers):
    assert [number[0] for number in Part("a.md", text).numbers()] == numbers


def test_numbers_of_names_code_and_written_tables_are_none():
    part = Part("a.md", TEXT)
    found = [number[0] for number in part.numbers()]
    first = ["02", "64", "1.0", "3", "0.364", "-0.018", "+0.017"]
    assert found == [*first, "4,000", "1", "2", "3e-4", "8", "12"]
    assert {part.where(number.start()) for number in part.numbers()} == {
        "a.md:4",
        "a.md:5",
        "a.md:13",
    }
    assert len(part.sentences()) == len(TEXT) and "--seed 7" in part.sentences()


@pytest.mark.parametrize(
    ("printed", "value", "expected"),
    [
        ("0.364", 0.36449, "0.364"),
        ("0.364", 0.3646, "0.365"),
        ("-0.5", 0.25, "+0.2"),
        ("+0.007", -0.007, "-0.007"),
        ("240", 800.0, "800"),
        ("240", 12_000, "12,000"),
        ("4,000", 900, "900"),
        ("3e-4", 0.00012, "1e-4"),
        ("2.5e-4", 0.00012, "1.2e-4"),
        ("Eight", 3, "Three"),
        ("eight", 13, "thirteen"),
        ("Twenty", 42, "Forty-two"),
        ("eight", 130, "130"),
        ("eight", 2.5, "2.5"),
    ],
)
def test_a_value_is_written_as_the_number_before_it(printed, value, expected):
    assert like(printed)(value) == expected


def test_cells_of_a_notebook_are_read_and_written_back(tmp_path):
    path = tmp_path / "01_a.ipynb"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("one 1", id="first"),
        nbformat.v4.new_code_cell("x = 2", id="second"),
        nbformat.v4.new_markdown_cell("글\n세 3", id="third"),
    ]
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")

    parts = read_parts(path, "01_a.ipynb")
    assert [number[0] for part in parts for number in part.numbers()] == ["1", "3"]
    assert parts[1].where(parts[1].text.index("3")) == "01_a.ipynb, cell 2:2"

    before = path.read_text(encoding="utf-8")
    write_parts(path, [part.text for part in parts])
    assert path.read_text(encoding="utf-8") == before
    write_parts(path, [part.text.replace("3", "4") for part in parts])
    assert path.read_text(encoding="utf-8") == before.replace('3"', '4"')


def test_a_missing_document_is_an_error(tmp_path):
    with pytest.raises(ResultsError, match=r"data/README.md is missing"):
        read_parts(tmp_path / "README.md", "data/README.md")
