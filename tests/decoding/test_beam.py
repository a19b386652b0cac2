"""Beam search: what is clear stays, what is no syllable is mended, and texts of a list differ."""

import pytest

from speakor_common.decoding.beam import BeamSearch, BeamSettings
from speakor_common.decoding.ctc_lattice import collapse
from speakor_common.decoding.ngram import NGram
from tests.decoding.small import BLANK, needs_lm, posteriors, spelled, symbols_of, text_of

SENTENCES = ["밥을 먹어요", "밥을 먹었어요"]
SYMBOLS = symbols_of(*SENTENCES)
CLEAR = posteriors(SENTENCES[0], SYMBOLS)
DOUBTFUL = posteriors(SENTENCES[0], SYMBOLS, doubt=(1, "ᆸ"))  # ᄇᆸᆸ for 밥

pytestmark = needs_lm


@pytest.fixture(scope="module")
def arpa_file(tmp_path_factory):
    sequences = [spelled(sentence) for sentence in SENTENCES]
    return NGram(sequences, 4, SYMBOLS[1:]).write_arpa(tmp_path_factory.mktemp("lm") / "lm.arpa")


def search(arpa_file, lm_weight=1.0, blank_penalty=0.0):
    settings = BeamSettings(lm_weight=lm_weight, blank_penalty=blank_penalty)
    return BeamSearch(arpa_file, SYMBOLS, BLANK, "|", settings)


def best_text(beam_search, logs):
    return text_of(beam_search.nbest(logs)[0], logs, SYMBOLS)


def test_what_is_clear_stays_and_what_is_no_syllable_is_mended(arpa_file):
    assert text_of(DOUBTFUL.argmax(axis=1), DOUBTFUL, SYMBOLS) != SENTENCES[0]
    assert best_text(search(arpa_file), DOUBTFUL) == SENTENCES[0]
    assert best_text(search(arpa_file), CLEAR) == SENTENCES[0]


def test_without_weight_of_the_language_model_the_strongest_symbols_win(arpa_file):
    strongest = text_of(DOUBTFUL.argmax(axis=1), DOUBTFUL, SYMBOLS)
    assert best_text(search(arpa_file, lm_weight=0.0), DOUBTFUL) == strongest


def test_a_penalty_on_blanks_makes_texts_longer(arpa_file):
    few, many = (
        collapse(search(arpa_file, 0.0, penalty).nbest(CLEAR)[0], BLANK) for penalty in (0.0, 12.0)
    )
    assert len(many) > len(few)


def test_an_nbest_list_holds_different_texts_of_as_many_frames(arpa_file):
    nbest = search(arpa_file).nbest(DOUBTFUL, 8)
    assert len(nbest) == 8 == len({tuple(collapse(each, BLANK)) for each in nbest})
    assert all(each.shape == (len(DOUBTFUL),) for each in nbest)
