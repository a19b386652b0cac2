"""The one pronunciation of a text that the shipped sample and listener were made with.

By ko-speech-tools. The sample's speech was synthesised from it, its planted deviations are counted
from it, and the shipped listener was trained and calibrated on it. It is kept so that these stay
the same. It knows one form of a text and errs in words whose sound is not in their spelling
(여권); what is allowed for a text stands in :mod:`speakor_common.text.pronunciation`.
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
