"""What is kept is made again when what it follows from changes, and not before."""

import pytest

from speakor_common.corpus.kept import code_fingerprint, fingerprint, made_once, read_kept


def test_a_value_is_made_once_of_the_same(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"이름": len(made)}

    path = tmp_path / "out" / "x.json"
    assert [made_once(path, key, make)["이름"] for key in ("a", "a", "b", "b", "a")] == [
        *(1, 1, 2, 2, 3)
    ]
    path.write_bytes(b'{"made_from": "a"')
    assert made_once(path, "a", make) == {"이름": 4}


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe"])
def test_what_is_absent_or_damaged_is_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    assert read_kept(tmp_path / "x") is None


def test_fingerprints_change_with_every_part_and_not_by_themselves():
    first = fingerprint("a", ["b", 1])
    assert first == fingerprint("a", ["b", 1]) and len(first) == 16
    assert len({first, fingerprint("a", ["b", 2]), fingerprint("a", "b", 1)}) == 3
    assert code_fingerprint() == code_fingerprint() != first
