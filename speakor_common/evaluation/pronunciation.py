"""As spoken against as intended: the Speakor comparison of two recognisers.

The native listener's transcript tells what a Korean would hear, the foreign-speaker model's
what was meant. The intended side is passed through the standard pronunciation rules
(국물 is [궁물]), so following the rules is no error; the spoken side likewise, because a model
trained on spelling writes 합니다 for [함니다]. What still differs, jamo by jamo, is reported
as a deviation with its place, kind, time and confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from speakor_common.evaluation.ctc_decode import Word
from speakor_common.evaluation.errors import PARTS, Pair, align_syllables
from speakor_common.g2p import standard_pronunciation
from speakor_common.text import compatibility, split_syllable


@dataclass(frozen=True)
class Deviation:
    """One difference between intended and heard pronunciation.

    Attributes:
        syllable: position in the intended pronunciation, from 0.
        part: onset, vowel or coda.
        kind: substitution, omission or insertion.
        intended, heard: compatibility jamo, ``""`` where there is none.
        confidence: of the native listener in the word it heard there, 0-1.
        start_s, end_s: of that word.
    """

    syllable: int
    part: str
    kind: str
    intended: str
    heard: str
    confidence: float
    start_s: float
    end_s: float

    def to_dict(self) -> dict:
        return asdict(self)


def compare(intended: str, heard: str, heard_words: Sequence[Word] = (), minimum_confidence: float = 0.0) -> list[Deviation]:
    """Deviations of what was heard from what was intended.

    Args:
        intended: foreign-speaker model's text (or a known script), spelled.
        heard: native listener's text, spelled as it heard.
        heard_words: the listener's words with times, in order; without them times are 0.
        minimum_confidence: deviations in words heard less confidently are left out.
    """
    places = _word_of_each_syllable(heard_words)
    found: list[Deviation] = []
    position, heard_position = 0, 0
    for pair in align_syllables(standard_pronunciation(intended), standard_pronunciation(heard)):
        word = places[min(heard_position, len(places) - 1)] if places else Word("", 0.0, 0.0, 1.0)
        if word.confidence >= minimum_confidence:
            found += [_deviation(position, *item, word) for item in _jamo_differences(pair)]
        position += pair.reference != ""
        heard_position += pair.hypothesis != ""
    return found


def _word_of_each_syllable(words: Sequence[Word]) -> list[Word]:
    return [word for word in words for _ in word.text]


def _deviation(position: int, part: str, intended: str, heard: str, word: Word) -> Deviation:
    kind = "substitution" if intended and heard else "omission" if intended else "insertion"
    return Deviation(position, part, kind, intended, heard, word.confidence, word.start_s, word.end_s)


def _jamo_differences(pair: Pair) -> list[tuple[str, str, str]]:
    """Differing parts of an aligned syllable pair as ``(part, intended, heard)``; silent ㅇ counts as no onset."""
    left, right = _parts(pair.reference), _parts(pair.hypothesis)
    return [(part, a, b) for part, a, b in zip(PARTS, left, right, strict=True) if a != b]


def _parts(syllable: str) -> tuple[str, str, str]:
    if not syllable or not "가" <= syllable <= "힣":
        return "", "", ""
    onset, vowel, coda = (compatibility(jamo) for jamo in split_syllable(syllable))
    return ("" if onset == "ㅇ" else onset), vowel, coda


def detection_scores(planted: Sequence[set[tuple]], reported: Sequence[set[tuple]]) -> dict[str, float]:
    """Precision, recall and F1 of reported deviations against planted ones.

    Args:
        planted, reported: for each utterance, keys ``(syllable, part, intended)``.
    """
    hits = sum(len(a & b) for a, b in zip(planted, reported, strict=True))
    total_planted, total_reported = sum(map(len, planted)), sum(map(len, reported))
    precision = hits / total_reported if total_reported else 0.0
    recall = hits / total_planted if total_planted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"planted": total_planted, "reported": total_reported, "hits": hits, "precision": precision, "recall": recall, "f1": f1}
