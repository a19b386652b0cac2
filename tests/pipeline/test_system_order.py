"""Systems in order, on people and on the sample."""

from speakor_common.pipeline.system_order import compare_orders


def test_orders_are_compared_on_what_all_have():
    def rates(**values):
        names = {"base": "base", "exp06": "exp06", "zero": "whisper zero-shot", "tuned": "whisper"}
        return {names[key]: {"wer": value, "cer": value / 2} for key, value in values.items()}

    real = rates(base=0.9, exp06=0.8, zero=0.4, tuned=0.3)
    flattered = rates(base=0.9, exp06=0.1, zero=0.5, tuned=0.3)
    orders = compare_orders(real, flattered, {})
    assert orders["wer"]["real"] == ["whisper", "whisper zero-shot", "exp06", "base"]
    assert orders["wer"]["sample_native"] == ["exp06", "whisper", "whisper zero-shot", "base"]
    assert orders["wer"]["same_on_sample_native"] is False
    assert orders["wer"]["same_on_sample_learners"] is None
    assert "sample_learners" not in orders["wer"]
    assert compare_orders(real, real, {})["cer"]["same_on_sample_native"] is True

    # What one of them lacks is not compared, and without natives nothing is said of them.
    fewer = compare_orders(real, rates(base=0.9, zero=0.4), {})
    assert fewer["systems"] == ["base", "whisper zero-shot"]
    without = compare_orders(real, {}, flattered)["wer"]
    assert without["same_on_sample_native"] is None and without["same_on_sample_learners"] is False
