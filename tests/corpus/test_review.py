"""Reviews: what Excel does to the file, what is unusable, what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common.corpus.review import (
    TAGS,
    Review,
    read_ratings,
    read_reviews,
    unusable,
    write_ratings,
    write_reviews,
)
from speakor_common.errors import CorpusError

GIVEN = {"b": Review(("noise", "accent"), "말, 소음"), "00012": Review((), "note"), "c": Review()}
KEPT = {"00012": GIVEN["00012"], "b": GIVEN["b"]}


def test_reviews_survive_a_round_trip(tmp_path):
    assert read_reviews(write_reviews(tmp_path / "review.csv", GIVEN)) == KEPT
    assert read_reviews(tmp_path / "none.csv") == {}


def test_the_file_opens_in_excel(tmp_path):
    content = write_reviews(tmp_path / "review.csv", GIVEN).read_bytes()
    assert content.startswith("\ufeffutterance_id,tags,note".encode())


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"], ids=["comma", "tab", "semicolon"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_what_excel_saves_is_read(tmp_path, encoding, separator, end):
    rows = [("utterance_id", "tags", "note"), ("00012", "", "note"), ("b", '"noise;accent"', "말")]
    file = tmp_path / "review.csv"
    file.write_bytes(end.join(separator.join(row) for row in rows).encode(encoding))
    assert read_reviews(file) == KEPT | {"b": Review(("noise", "accent"), "말")}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("x,y\n1,2\n", "lacks the columns"),
        ("utterance_id,tags,note\na,loud,\n", "'loud'.*known are label wrong"),
        ("utterance_id,tags,note\na,noise,1,2,3\n", "line 2 has 5 values for 3 columns"),
        ("", "no table"),
    ],
)
def test_bad_files_are_named(tmp_path, content, complaint):
    file = tmp_path / "review.csv"
    file.write_text(content)
    with pytest.raises(CorpusError, match=complaint):
        read_reviews(file)


def test_rows_that_end_early_have_no_note(tmp_path):
    file = tmp_path / "review.csv"
    file.write_text("utterance_id,tags,note\na,noise\nb\n")
    assert read_reviews(file) == {"a": Review(("noise",)), "b": Review()}


def test_raters_keep_their_own_and_are_read_together(tmp_path):
    ratings = {
        "a": {"김": Review(("noise",), "x", "하나"), "이": Review(("noise", "accent"), "", "하나")},
        "b": {"김": Review((), "", "둘"), "이": Review(("fine",), "y", "셋")},
        "c": {"김": Review()},
    }
    file = write_ratings(tmp_path / "review.csv", ratings)
    assert read_ratings(file) == {"a": ratings["a"], "b": ratings["b"]}
    assert read_reviews(file) == {
        "a": Review(("noise", "accent"), "x", "하나"),
        "b": Review(("fine",), "y", ""),  # they do not agree what was said
    }


def test_what_a_tag_rules_out():
    reviews = {"a": Review(("label wrong", "accent")), "b": Review(("accent",)), "x": Review(TAGS)}
    assert unusable(reviews, ["a", "b", "c"]) == {"a": "excluded by review: label wrong"}


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
reviews = st.dictionaries(
    text.map(str.strip).filter(bool),
    st.builds(Review, st.lists(st.sampled_from(TAGS), unique=True).map(tuple), text),
    max_size=4,
)


@given(reviews)
def test_any_reviews_survive(tmp_path_factory, given_reviews):
    file = write_reviews(tmp_path_factory.mktemp("r") / "review.csv", given_reviews)
    assert read_reviews(file) == {k: r for k, r in given_reviews.items() if r != Review()}
