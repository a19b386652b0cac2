"""Standard pronunciation of Korean spelling (표준 발음법), on ko-speech-tools.

Used where speech is synthesised and where what was heard is compared with what was meant.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def _converter():
    from ko_speech_tools import G2p  # loads a morphological dictionary, so only when first needed

    return G2p()


@lru_cache(maxsize=50_000)
def standard_pronunciation(text: str) -> str:
    """Pronounced Hangul of normalised Korean, word for word and syllable for syllable.

    >>> standard_pronunciation("국물이 같이")
    '궁무리 가치'
    """
    return _converter()(text) if text else ""
