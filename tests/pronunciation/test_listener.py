"""The native listener: what it asks, what the standard allows, what it reports."""

import pytest

from speakor_common.pronunciation.alternatives import Alternative
from speakor_common.pronunciation.confusions import Confusions, EvidenceWeights, save_confusions
from speakor_common.pronunciation.listener import NativeListener, is_allowed
from tests.builders import tiny_ctc, tone


@pytest.mark.parametrize(
    ("pronunciation", "syllable", "heard", "allowed"),
    [
        ("주의", 1, "ᅵ", True),
        ("우리의 집", 2, "ᅦ", True),
        ("의사", 0, "ᅵ", False),
        ("주의", 1, "ᅮ", False),
        ("의의 것", 1, "ᅦ", True),
    ],
)
def test_variants_the_standard_allows_are_no_deviation(pronunciation, syllable, heard, allowed):
    alternative = Alternative(syllable, "vowel", "ᅴ", heard, 5.0, 0.0, 5.0, 0, 1)
    assert is_allowed(alternative, pronunciation) is allowed


def test_a_listener_reports_from_its_own_threshold_on(tmp_path):
    directory = tiny_ctc(tmp_path / "m")
    assert NativeListener(directory).minimum == EvidenceWeights().minimum
    save_confusions(Confusions({}, EvidenceWeights(minimum=0.4)), directory)
    assert NativeListener(directory).minimum == 0.4
    assert NativeListener(directory, minimum=0.9).minimum == 0.9


def test_a_listener_listens(tmp_path):
    listener = NativeListener(tiny_ctc(tmp_path / "m"), minimum=-1.0)
    texts = ["밥을 먹어요", "이 문장은 너무 길어서 들을 수 없어요"]
    first, too_short = listener.listen([tone(1.0), tone(0.05)], texts)
    assert listener.writes_sounds
    places = {deviation.place for deviation in first.deviations}
    assert places == {(s, p) for s in range(5) for p in ("onset", "vowel", "coda")}
    assert all(0 <= d.start_s <= d.end_s <= 1.0 for d in first.deviations)
    assert too_short.deviations == ()
