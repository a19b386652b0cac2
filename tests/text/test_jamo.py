"""Syllables and jamo: nothing is lost on the way there and back."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import text
from speakor_common.errors import TextError
from speakor_common.text.jamo import CODA_LETTERS, ONSET_LETTERS, VOWEL_LETTERS, is_hangul
from speakor_common.text.sounds.sound_rules import split

syllables = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=12)
jamo = st.text(st.sampled_from((*text.ONSETS, *text.VOWELS, *text.CODAS, " ")), max_size=12)


@given(syllables)
def test_jamo_round_trip(value):
    assert text.from_jamo(text.to_jamo(value)) == value


@given(jamo)
def test_broken_jamo_never_raises_and_never_loses_letters(value):
    composed = text.from_jamo(value)
    assert len(text.to_jamo(composed).replace(" ", "")) == len(value.replace(" ", ""))
    assert not any("ᄀ" <= c <= "ᇿ" for c in composed)


def test_split_syllable():
    assert text.split_syllable("각") == ("ᄀ", "ᅡ", "ᆨ")
    with pytest.raises(TextError, match="one Hangul syllable"):
        text.split_syllable("ab")


@given(st.characters(codec="utf-8"))
def test_hangul_is_what_unicode_names_so(character):
    named = unicodedata.name(character, "").startswith("HANGUL SYLLABLE ")
    assert is_hangul(character) == named


@given(
    st.sampled_from(ONSET_LETTERS), st.sampled_from(VOWEL_LETTERS), st.sampled_from(CODA_LETTERS)
)
def test_letters_stand_in_the_order_of_their_jamo(onset, vowel, coda):
    letters = (onset, vowel, coda)
    jamo = [text.conjoining(letter, part) for letter, part in zip(letters, text.PARTS, strict=True)]
    assert text.split_syllable(text.from_jamo("".join(jamo))) == tuple(jamo)
    assert split(text.from_jamo("".join(jamo)))[1:] == letters
