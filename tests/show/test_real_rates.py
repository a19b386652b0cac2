"""Rates on people's clips as a screen shows them."""

from speakor_common.show.real_rates import rates_text


def rates(wer, bounds):
    values = {"wer": wer, "cer": wer / 2, "cer_no_space": wer / 4}
    return {"n": 190, "speakers": 17} | values | {f"{name}_95": bounds for name in values}


def report(**changes):
    listener = {"model": "listener-tiny", "not_spoken_share": 0.99}
    return {
        "folder": "talks",
        "clips": {"n": 193, "minutes": 11.51},
        "systems": {"exp05": rates(0.8, [0.75, 0.85]), "base": rates(0.9, None)},
        "sample_native": {},
        "missing": {"exp06": "not trained"},
        "listener": listener | {"deviations_per_100_syllables": 4.0},
        "order": {
            "systems": ["base"],
            "wer": {"real": ["exp05", "base"], "same_on_sample_native": None},
        },
    } | changes


def test_a_report_names_counts_rates_orders_and_what_is_missing():
    text = rates_text(report())
    assert "clips: 193 n, 11.51 minutes" in text
    assert "0.800 [0.750, 0.850]" in text and "0.900 –" in text
    assert "listener-tiny: 99.0% not spoken; 4.00 deviations per 100 syllables" in text
    assert "wer, real: exp05 < base\nwer, same_on_sample_native: None" in text
    assert text.endswith("missing: exp06 (not trained)")
    assert "native test" not in text


def test_a_listener_that_judged_nothing_says_so():
    listener = {"model": "m", "not_spoken_share": 1.0, "deviations_per_100_syllables": None}
    assert "100.0% not spoken; none judged" in rates_text(report(listener=listener))
