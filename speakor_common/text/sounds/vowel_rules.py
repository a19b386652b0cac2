"""What the vowel of a syllable may be heard as, whatever stands beside it (표준발음법 §4, §5).

That ㅈ, ㅉ, ㅊ swallow the glide of ㅕ is done where syllables are put together
(:func:`.sound_rules.compose`); what depends on the morphemes (§22) is in :mod:`.word_rules`.
"""

from __future__ import annotations

from speakor_common.text.sounds.sound_rules import SILENT, Syllable


def vowels(syllable: Syllable, first: bool, genitive: bool) -> tuple[str, ...]:
    """Allowed vowels of a syllable, best first (§4 and §5).

    Args:
        first: it begins its word.
        genitive: it is the particle 의.
    """
    vowel = syllable.vowel
    if vowel == "ㅢ":
        if syllable.onset != SILENT:
            return ("ㅣ",)
        if genitive:
            return ("ㅢ", "ㅔ")
        return ("ㅢ",) if first else ("ㅢ", "ㅣ")
    if vowel == "ㅖ" and syllable.onset not in (SILENT, "ㄹ"):
        return ("ㅖ", "ㅔ")
    if vowel == "ㅚ":
        return ("ㅚ", "ㅞ")
    if syllable.onset in "ㅈㅉㅊ" and vowel in "ㅑㅛㅠ":
        return (vowel, "ㅏㅗㅜ"["ㅑㅛㅠ".index(vowel)])  # 그렇죠: the glide is not heard
    return (vowel,)


def vowel_rules(syllable: Syllable, heard: tuple[str, ...]) -> set[str]:
    """The sections by which a vowel may be heard other than it is spelled."""
    swallowed = syllable.onset in "ㅈㅉㅊ" and syllable.vowel == "ㅕ"
    if heard == (syllable.vowel,) and not swallowed:
        return set()
    if syllable.vowel == "ㅚ":
        return {"§4"}
    return {"§22"} if syllable.vowel in "ㅓㅔㅗ" else {"§5"}
