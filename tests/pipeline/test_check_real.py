"""Models are measured on people's clips, and nothing but counts and rates is kept of them."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from speakor_common import cli
from speakor_common.corpus import clip_folder
from speakor_common.errors import CheckpointError, CorpusError
from speakor_common.pipeline import check_real
from speakor_common.recognition import predict_many
from tests.builders import encoded, predictions, tiny_ctc, tone, write

SAID = ("저는 학생", "3번이", "밥을 먹어요", "학교에 가요", "네", "아니요")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    models = tmp_path / "home" / "models"
    for name in ("base-tiny", "exp05", "whisper-base"):
        tiny_ctc(models / name)
    write(models / "exp05" / "run.json", b'{"seed": 1}')
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six clips of five people; nobody speaks in the fifth, the sixth is broken."""
    monkeypatch.setattr(clip_folder, "somebody_speaks", lambda wave: len(wave) > 16_000)
    rows = ["file\tspeaker\tseconds\ttext"]
    for number, text in enumerate(SAID):
        seconds = 0.5 if text == "네" else 2.0
        rows.append(f"{number}.flac\tn{number % 5}\t{seconds}\t{text}")
        write(tmp_path / "talks" / f"{number}.flac", encoded(tone(seconds), 16_000, "FLAC"))
    write(tmp_path / "talks" / "5.flac", b"broken")
    write(tmp_path / "talks" / "transcripts.tsv", "\n".join(rows).encode())
    return tmp_path / "talks"


@pytest.fixture
def transcribed(monkeypatch):
    """What was really transcribed; every system but the base is right in all but one clip."""
    asked = []

    def made_up(missing, data, progress):
        for request in missing:
            asked.append(request.experiment)
            heard = ["삼 번이" if "번" in text else text for text in data["text"]]
            heard[0] = "저는 학교"
            if request.experiment.startswith("base"):
                heard[2:4] = ["", ""]
            table = predictions(list(data["text"]), heard, request.experiment)
            table["utterance_id"] = data["utterance_id"][:]
            table["speaker_id"] = data["speaker_id"][:]
            yield table.assign(raw_hypothesis="")

    monkeypatch.setattr(predict_many, "predict_many", made_up)
    return asked


@pytest.fixture
def heard(monkeypatch):
    """The listener judges three clips, with one deviation, and hears another text in two."""

    def made_up(intended, directory, audio):
        assert set(audio) == set(intended["utterance_id"])
        judged = [SimpleNamespace(status="ok", pronunciation="저는 학생", deviations=[1])]
        judged += [SimpleNamespace(status="ok", pronunciation="밥", deviations=[])] * 2
        other = SimpleNamespace(status="not_spoken", pronunciation="", deviations=[])
        return [*judged, other, other]

    monkeypatch.setattr(check_real, "make_records_on_cores", made_up)
    monkeypatch.setattr(check_real.checkpoints, "find_checkpoint", lambda name: _found(name))


def _found(name):
    return check_real.paths.root() / "models" / name


def test_rates_of_every_system_are_counted(home, folder, transcribed, heard):
    report = check_real.check_real(folder, progress=False)
    systems = report["systems"]
    assert {"base", "exp05", "exp05 plain", "whisper zero-shot"} <= set(systems)

    # A number is right in either reading; in the clip where nobody speaks nothing is recognised.
    assert systems["exp05"]["n"] == 5 and systems["exp05"]["speakers"] == 5
    assert systems["exp05"]["wer"] == pytest.approx(2 / 9)
    assert systems["base"]["wer"] == pytest.approx(6 / 9)
    assert report["clips"]["no_speech"] == report["clips"]["unreadable"] == 1
    assert report["missing"]["exp06"] == "not trained" and "base" not in report["missing"]


def test_the_listener_is_counted(home, folder, transcribed, heard):
    listener = check_real.check_real(folder, progress=False)["listener"]
    assert listener["statuses"] == {"ok": 3, "not_spoken": 2}
    assert listener["not_spoken_share"] == 0.4
    assert listener["deviations_per_100_syllables"] == pytest.approx(100 / 6)


def test_no_text_comes_into_the_project_and_nothing_is_made_twice(home, folder, transcribed, heard):
    first = check_real.check_real(folder, progress=False)
    made = list(transcribed)
    again = check_real.check_real(folder, progress=False)
    assert transcribed == made and json.dumps(again) == json.dumps(first)

    written = [path for path in home.rglob("*") if path.is_file() and "models" not in path.parts]
    assert written == [home / "results" / "real" / "talks" / "rates.json"]
    content = written[0].read_text(encoding="utf-8")
    assert not any(word in content for text in SAID for word in text.split() if len(word) > 1)
    assert str(folder) not in content and first["transcripts_sha256"] in content


def test_the_command_shows_a_table_and_publishes_rates(home, folder, transcribed, heard, capsys):
    assert cli.main(["check-real", str(folder), "--publish"]) == 0
    said = capsys.readouterr().out
    assert "0.222 [" in said and "missing: exp06 (not trained)" in said
    published = home / "results" / "talks.json"
    assert json.loads(published.read_text())["clips"]["scored"] == 5


def test_a_folder_without_a_clip_to_measure_is_refused(home, tmp_path):
    rows = "file\tspeaker\tseconds\ttext\ngone.flac\tn\t1\t네\n"
    write(tmp_path / "none" / "transcripts.tsv", rows.encode())
    with pytest.raises(CorpusError, match="'unreadable': 1"):
        check_real.check_real(tmp_path / "none", progress=False)


def test_rates_of_one_speaker_have_no_interval():
    table = predictions(["네", "네"], ["네", "아니요"]).assign(speaker_id="S", raw_hypothesis="")
    rates = check_real.count_rates(pd.DataFrame(table))
    assert rates["wer_95"] is None and rates["wer"] == 0.5


def test_a_published_reason_holds_no_path_of_the_machine(home, monkeypatch):
    def broken(*arguments, **options):
        raise CheckpointError(f"{home.resolve()}/models/exp05 and /opt/me/x.onnx are broken")

    monkeypatch.setattr(check_real, "cached_predictions", broken)
    missing = {}
    assert check_real._measure({"exp05": home}, None, home, missing) == {}
    assert missing == {"exp05": "models/exp05 and …/x.onnx are broken"}
