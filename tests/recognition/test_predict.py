"""Predictions of a split: dealt to processes, written and read again."""

import pytest
from datasets import Dataset

from speakor_common.decoding.output_readings import Reading
from speakor_common.errors import ResultsError, SpeakorError
from speakor_common.recognition import predict
from speakor_common.recognition.transcriber import Transcriber
from tests.builders import prepared, tiny_ctc, write


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


def test_systems_that_read_one_pass_differ_in_their_reading_alone(model):
    recogniser = Transcriber.from_pretrained(model).recogniser
    clips = prepared()["test"].select(range(3))
    readings = {"exp05 plain": Reading.PLAIN, "exp05": Reading.WHOLE_SYLLABLES}
    passes = []
    network = recogniser.log_probabilities
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recogniser, "log_probabilities", lambda w: passes.append(1) or network(w))
        table = predict.predict_readings(recogniser, clips, readings)
    assert len(passes) == 1 and list(table["experiment"]) == ["exp05 plain"] * 3 + ["exp05"] * 3
    own = predict.predict_split(recogniser, clips, "exp05")
    assert table.iloc[3:].reset_index(drop=True).equals(own)


def test_a_label_stands_for_the_condition_and_an_unknown_condition_is_an_error(model):
    recogniser = Transcriber.from_pretrained(model).recogniser
    clips = prepared()["test"].select(range(2))
    native = predict.predict_split(recogniser, clips, "base", label="native")
    clean = predict.predict_split(recogniser, clips, "base")
    assert set(native["condition"]) == {"native"} and set(clean["condition"]) == {"clean"}
    assert native["hypothesis"].equals(clean["hypothesis"])
    with pytest.raises(
        SpeakorError, match=r"'native'; known are: clean, white noise 20 dB, .*real"
    ):
        predict.predict_split(recogniser, clips, "base", "native")


def test_predictions_survive_a_round_trip(model, tmp_path):
    table = predict.predict_split(
        Transcriber.from_pretrained(model).recogniser, prepared()["test"], "exp05"
    )
    again = predict.read_predictions(predict.write_predictions(table, tmp_path / "exp05.csv"))
    assert (
        again["reference"].tolist() == prepared()["test"]["text"][:] and again.shape == table.shape
    )
    with pytest.raises(ResultsError, match="no predictions"):
        predict.read_predictions(tmp_path / "none.csv")
    write(tmp_path / "bad.csv", b"a,b\n1,2\n")
    with pytest.raises(ResultsError, match="lacks the columns"):
        predict.read_predictions(tmp_path / "bad.csv")


def test_a_clip_that_cannot_be_read_has_no_text_and_stops_no_other(model, caplog):
    recogniser = Transcriber.from_pretrained(model).recogniser
    clips = prepared()["test"].select(range(3)).to_list()
    alone = predict.predict_split(recogniser, Dataset.from_list([clips[0]]), "exp05")
    clips[1]["audio"] = b"no audio"
    table = predict.predict_split(recogniser, Dataset.from_list(clips), "exp05")
    assert table["utterance_id"].tolist() == [clip["utterance_id"] for clip in clips]
    assert table["hypothesis"][0] == alone["hypothesis"][0] and table["hypothesis"][1] == ""
    assert f"{clips[1]['utterance_id']} counts as not recognised" in caplog.text
