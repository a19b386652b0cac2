"""The registry of readers; a corpus is one module and one entry."""

import inspect

import pandas as pd
import pytest

from speakor_common.corpus import prepare, readers
from speakor_common.corpus.schema import MANIFEST_COLUMNS, QUARANTINE_COLUMNS, Corpus, empty_table
from speakor_common.corpus.splits import AsDelivered
from speakor_common.errors import CorpusError
from speakor_common.training.profiles import PROFILES
from tests.builders import encoded, tone, write


@pytest.mark.parametrize("name", readers.READERS)
def test_every_reader_is_called_alike_and_refuses_what_is_no_folder(tmp_path, name):
    read = readers.find_reader(name)
    assert list(inspect.signature(read).parameters) == ["root", "options", "progress"]
    with pytest.raises(CorpusError, match="is not a folder; expected"):
        read(tmp_path / "nothing", None, False)
    with pytest.raises(CorpusError, match="0 audio files but no"):
        read(tmp_path, None, False)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_names_a_reader_there_is(profile):
    assert PROFILES[profile].reader in readers.READERS


def test_a_new_corpus_is_one_entry(tmp_path, monkeypatch):
    """A folder whose file names are its transcripts."""

    def read(root, options=None, progress=False):
        rows = []
        for path in sorted(root.glob("*/*.wav")):
            row = dict.fromkeys(MANIFEST_COLUMNS, "") | {
                "utterance_id": path.stem,
                "audio": str(path),
                "text": path.stem,
                "raw_text": path.stem,
                "category": 0,
                "duration_s": 1.0,
                "split": path.parent.name,
            }
            rows.append(row)
        return Corpus(pd.DataFrame(rows), empty_table(QUARANTINE_COLUMNS))

    monkeypatch.setitem(readers.READERS, "names", read)
    for number, split in enumerate(("train", "valid", "test")):
        path = tmp_path / "in" / split / f"{'가나다'[number]}.wav"
        write(path, encoded(tone(frequency=100 + number)))
    done = prepare.prepare(
        tmp_path / "in", tmp_path / "out", AsDelivered(), reader="names", progress=False
    )
    data = prepare.load_prepared(done.directory)
    assert {name: split["text"][:] for name, split in data.items()} == {
        "train": ["가"],
        "valid": ["나"],
        "test": ["다"],
    }
