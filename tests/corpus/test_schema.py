"""What all readers return."""

from speakor_common.corpus import aihub, ksponspeech
from speakor_common.corpus.schema import (
    MANIFEST_COLUMNS,
    QUARANTINE_COLUMNS,
    SKIPPED_COLUMNS,
    Corpus,
    empty_table,
)
from tests.builders import encoded, seed_layout, tone, write


def test_all_readers_fill_the_same_columns_with_the_same_types(tmp_path):
    write(tmp_path / "k" / "KsponSpeech_000001.wav", encoded(tone()))
    write(tmp_path / "k" / "KsponSpeech_000001.txt", "네".encode("cp949"))
    corpora = [aihub.read(seed_layout(tmp_path / "a")), ksponspeech.read(tmp_path / "k")]
    for corpus in corpora:
        assert list(corpus.manifest.columns) == list(MANIFEST_COLUMNS)
        assert list(corpus.quarantine.columns) == list(QUARANTINE_COLUMNS)
        assert list(corpus.skipped.columns) == list(SKIPPED_COLUMNS)
        for column, values in corpus.manifest.items():
            kind = {"category": int, "duration_s": float}.get(column, str)
            assert all(isinstance(value, kind) for value in values.tolist()), column


def test_a_reader_that_skips_nothing_need_not_say_so():
    corpus = Corpus(empty_table(tuple(MANIFEST_COLUMNS)), empty_table(QUARANTINE_COLUMNS))
    assert corpus.skipped.empty and list(corpus.skipped.columns) == list(SKIPPED_COLUMNS)
