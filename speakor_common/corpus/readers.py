"""The corpora that can be read, by name: a corpus is one module and one line here.

A reader is called as ``read(root, options, progress)`` and returns a
:class:`speakor_common.corpus.schema.Corpus`; a profile names it in its field ``reader``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from speakor_common.corpus import aihub, aihub_education, ksponspeech
from speakor_common.corpus.schema import Corpus, ReadOptions
from speakor_common.errors import CorpusError

Reader = Callable[[Path, ReadOptions | None, bool], Corpus]

READERS: dict[str, Reader] = {
    "aihub": aihub.read,  # 505: foreigners speaking Korean
    "ksponspeech": ksponspeech.read,  # 123: natives in free conversation
    # learners who read and answer, scored by people; by their first languages
    "aihub-71469": aihub_education.read,  # English
    "aihub-71489": aihub_education.read,  # European
    "aihub-71490": aihub_education.read,  # Chinese and Japanese
    "aihub-71479": aihub_education.read,  # other Asian
}


def find_reader(name: str) -> Reader:
    """The reader of that name.

    Raises:
        CorpusError: no such reader; names those there are.
    """
    if name not in READERS:
        raise CorpusError(f"no corpus reader {name!r}; there are {', '.join(READERS)}")
    return READERS[name]
