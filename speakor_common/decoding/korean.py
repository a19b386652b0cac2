"""How probable a text is to someone who has read much Korean.

The models a training run counts know its transcripts only. Kiwi (Lee, 2024) analyses Korean by a neural language model
of contextual n-grams learned from large corpora; the score of its best analysis is that model's log probability. It
tells 박물관까지 from 박물간까지 whether or not a transcript ever spoke of museums.
"""

from __future__ import annotations

from functools import lru_cache


def log_probability(text: str) -> float:
    """Natural logarithm, up to a constant; 0 for an empty text. Safe to call from several threads.

    >>> log_probability("박물관까지 걸어가요") > log_probability("박물간까지 거러가요")
    True
    """
    return float(_kiwi().analyze(text)[0][1]) if text.strip() else 0.0


@lru_cache(maxsize=1)
def _kiwi():
    from kiwipiepy import Kiwi  # 300 MB of memory and two seconds, so only when first needed

    return Kiwi(num_workers=1)
