"""Metrics, intervals, error anatomy, conditions, pronunciation and transcription."""

import unicodedata

import evaluate
import jiwer
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakor_common import parallel
from speakor_common.batching import conditions
from speakor_common.decoding.words import Word, read_path
from speakor_common.errors import CheckpointError, ResultsError
from speakor_common.evaluation import alignment, hf_metrics, summary
from speakor_common.evaluation.metrics import score, space_like, utterance_counts
from speakor_common.evaluation.statistics import paired_comparison, rate_interval
from speakor_common.pronunciation.listener import compare
from speakor_common.recognition import predict
from speakor_common.recognition.recognisers import _windows
from speakor_common.recognition.transcriber import Transcriber, transcribe_audio
from speakor_common.text import to_jamo
from tests.builders import encoded, predictions, prepared, tiny_ctc, tone, write

korean = st.text(st.sampled_from("가나다라마각낙닥 "), min_size=1, max_size=14).map(
    lambda t: " ".join(t.split())
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wer", "cer"),
    [
        ("저는 학생", "저는 학생", 0.0, 0.0),
        ("저는 학생", "", 1.0, 1.0),
        ("저는 학생", "저는학생", 1.0, 0.2),
        ("저는", "저는 학생", 1.0, 1.5),
        ("", "", 0.0, 0.0),
        ("", "저는 학생", 2.0, 5.0),
    ],
)
def test_rates_of_odd_cases(reference, hypothesis, wer, cer):
    result = score([reference], [hypothesis])
    assert (result.wer, result.cer) == (wer, cer)


def test_rates_are_ratios_of_sums_and_agree_with_jiwer():
    references = ["저는 학생 입니다", "네", "오늘 날씨가 좋아요"]
    hypotheses = ["저는 학생 입니다", "아니요", "오늘 날씨 좋아요 정말"]
    result = score(references, hypotheses)
    assert result.wer == jiwer.wer(references, hypotheses) == 3 / 7
    assert result.cer == jiwer.cer(references, hypotheses)
    assert (result.hits, result.substitutions, result.deletions, result.insertions) == (5, 2, 0, 1)
    assert result.words.reference_length == 7


@given(st.lists(st.tuples(korean, korean), min_size=1, max_size=6))
def test_counts_add_up_whatever_the_text(pairs):
    references, hypotheses = [p[0] for p in pairs], [p[1] for p in pairs]
    table = utterance_counts(references, hypotheses)
    result = score(references, hypotheses)
    assert result.words.reference_length == sum(len(r.split()) for r in references)
    assert result.jamo.reference_length == sum(len(to_jamo(r.replace(" ", ""))) for r in references)
    assert table["words_hits"].sum() == result.words.hits
    assert score(references, references).wer == 0
    assert score(references, [unicodedata.normalize("NFD", h) for h in hypotheses]) == result


def test_spacing_is_no_error_for_swer():
    assert score(["할 수 있어요"], ["할수있어요"]).swer == 0.0
    assert space_like("할 수 있어요", "할쑤 있 어요") == "할 쑤 있어요"


def test_wrong_lengths_and_nothing_to_score():
    with pytest.raises(ValueError, match="2 references but 1 hypotheses"):
        score(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="nothing to score"):
        score([], [])


def test_evaluate_metrics_combine_without_network():
    combined = evaluate.combine([hf_metrics.wer(), hf_metrics.cer()])
    assert combined.compute(references=["저는 학생"], predictions=["저는 학교"]) == {
        "wer": 0.5,
        "cer": 0.2,
    }


def test_interval_of_equal_speakers_is_a_point_and_holds_the_value():
    equal = rate_interval([1] * 20, [10] * 20, [f"s{i % 4}" for i in range(20)])
    assert (equal.low, equal.value, equal.high, equal.n, equal.speakers) == (0.1, 0.1, 0.1, 20, 4)
    rng = np.random.default_rng(0)
    mixed = rate_interval(rng.integers(0, 6, 200), [10] * 200, [f"s{i % 10}" for i in range(200)])
    assert mixed.low < mixed.value < mixed.high


def test_interval_is_wider_when_errors_cluster_by_speaker():
    lengths, errors_ = [10] * 40, [8] * 10 + [0] * 30
    clustered = rate_interval(errors_, lengths, [f"s{i // 10}" for i in range(40)])
    spread = rate_interval(errors_, lengths, [f"s{i}" for i in range(40)])
    assert clustered.high - clustered.low > spread.high - spread.low


def test_one_speaker_has_no_interval():
    assert np.isnan(rate_interval([1, 2], [10, 10], ["a", "a"]).low)


def test_paired_comparison_tells_a_real_difference_from_none():
    speakers = [f"s{i % 8}" for i in range(80)]
    rng = np.random.default_rng(1)
    a = rng.integers(0, 4, 80)
    assert paired_comparison(a, a + 3, [10] * 80, speakers).significant
    noise = paired_comparison(a, rng.permutation(a), [10] * 80, speakers)
    assert not noise.significant and noise.difference.value == 0


def test_alignment_and_jamo_confusions():
    pairs = alignment.align_words("저는 학생 입니다", "저는 학교 다 입니다")
    assert sorted(p.operation for p in pairs) == ["equal", "equal", "insertion", "substitution"]
    table = alignment.jamo_confusions(predictions(["밥 먹어"], ["바 모거"]))
    wrong = {
        (r.part, r.reference, r.hypothesis)
        for r in table.itertuples()
        if r.reference != r.hypothesis
    }
    assert (
        ("coda", "ㅂ", "–") in wrong
        and ("vowel", "ㅓ", "ㅗ") in wrong
        and ("coda", "ㄱ", "–") in wrong
    )
    matrix = alignment.confusion_matrix(table, "coda")
    assert np.allclose(matrix.sum(axis=1).to_numpy()[matrix.sum(axis=1) > 0], 1.0)


@given(korean, korean)
def test_alignment_rebuilds_both_sides(a, b):
    pairs = alignment.align_syllables(a, b)
    assert "".join(p.reference for p in pairs) == a.replace(" ", "") and "".join(
        p.hypothesis for p in pairs
    ) == b.replace(" ", "")


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("저는 학생", "저는 학생", []),
        ("저는 학생", "", ["empty"]),
        ("저는 학생", "저는학생", ["spacing"]),
        ("네", "네 네 네 네", ["repetition"]),
        ("네", "가" * 30, ["hallucination"]),
    ],
)
def test_flags(reference, hypothesis, expected):
    assert alignment.flags(reference, hypothesis, 2.0) == expected


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_conditions_change_the_sound_and_are_repeatable(condition):
    clean = tone(1.0)
    first, second = (conditions.degrade(clean, condition, "u1") for _ in range(2))
    assert np.array_equal(first, second) and first.shape == clean.shape and np.isfinite(first).all()
    assert not np.allclose(first, clean, atol=1e-4)


@pytest.mark.parametrize("kind", conditions.NOISES)
def test_noise_conditions_have_their_level(kind):
    clean = np.sin(np.arange(32_000) / 5).astype(np.float32) * 0.5
    noise = conditions.degrade(clean, conditions.noise_name(kind, 10), "u1") - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10, abs=1)


def test_following_the_pronunciation_rules_is_no_deviation():
    for meant, heard in (
        ("국물이 같이", "궁무리 가치"),
        ("합니다", "함니다"),
        ("좋아요", "조아요"),
    ):
        assert compare(meant, heard) == []


def test_deviations_have_place_kind_time_and_confidence():
    words = (Word("바", 0.0, 0.4, 0.9), Word("모거요", 0.4, 1.2, 0.5))
    found = compare("밥 먹어요", "바 모거요", words)
    assert [(d.syllable, d.part, d.kind, d.intended, d.heard) for d in found] == [
        (0, "coda", "omission", "ㅁ", ""),  # 밥 먹어요 is said [밤머거요]
        (1, "vowel", "substitution", "ㅓ", "ㅗ"),
    ]
    assert [(d.confidence, d.start_s) for d in found] == [(0.9, 0.0), (0.5, 0.4)]


def test_greedy_decoding_merges_repeats_and_times_words():
    symbols = ["", "|", "ᄀ", "ᅡ"]
    path = [0, 2, 2, 3, 0, 1, 2, 0, 2, 3]  # 가| ᄀ (blank) ᄀㅏ
    logs = np.log(np.full((len(path), 4), 0.01, np.float32))
    logs[np.arange(len(path)), path] = np.log(0.97)
    found = read_path(logs.argmax(axis=1), logs, symbols, 0, "|", 0.02, 0.2)
    assert found.text == "가 ㄱ가"
    assert (found.words[0].start_s, found.words[0].end_s, found.words[1].end_s) == (0.02, 0.1, 0.2)
    assert 0.5 < found.words[0].confidence < 1


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("model"))


def test_a_label_all_models_hear_otherwise_is_suspect():
    labels = ["저는 학생 이에요", "밥 먹어요", "네"]
    first = predictions(labels, ["저는 학교 이에요", "밥을 먹었어요", "네"], "a")
    second = predictions(labels, ["나는 학교 이에요", "밥을 먹어요", "네"], "b")
    found = alignment.label_suspects(pd.concat([first, second], ignore_index=True))
    assert found[["position", "reference", "heard"]].to_numpy().tolist() == [
        [1, "학생", "학교"],
        [0, "밥", "밥을"],
    ]
    assert found["utterance_id"].tolist() == first["utterance_id"].tolist()[:2]
    with pytest.raises(ValueError, match="at least two"):
        alignment.label_suspects(first)


@pytest.mark.parametrize("samples", [1, 399, 400, 800])
def test_a_clip_of_hardly_a_frame_is_no_error(model, samples):
    transcript = Transcriber.from_pretrained(model).transcribe(
        [(np.full(samples, 0.1, np.float32), 16_000)]
    )[0]
    assert transcript.words == () or transcript.words[-1].end_s <= transcript.duration_s


def test_transcriber_keeps_order_and_takes_any_source(model, tmp_path):
    path = write(tmp_path / "a.wav", encoded(tone(0.7)))
    found = Transcriber.from_pretrained(model).transcribe(
        [path, encoded(tone(2.0)), (tone(1.0), 16_000)]
    )
    assert [t.duration_s for t in found] == [0.7, 2.0, 1.0] and found[0].source == str(path)
    assert transcribe_audio(path, model) == found[0].text


def test_long_files_are_stitched_without_losing_frames(model):
    recogniser = Transcriber.from_pretrained(model).recogniser
    wave = np.tile(tone(5.0), 9)
    frames = recogniser.log_probabilities([wave])[0].shape[0]
    assert abs(frames - len(wave) / 16_000 * 50) <= 3
    kept = [(last or len(piece)) - first for piece, first, last in _windows(wave)]
    assert sum(kept) == len(wave)


def test_unknown_model_and_wrong_kind(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match="was not found"):
        Transcriber.from_pretrained(tmp_path / "none")
    write(tmp_path / "config.json", b'{"model_type": "bert"}')
    with pytest.raises(CheckpointError, match="'bert'; expected wav2vec2 or whisper"):
        Transcriber.from_pretrained(tmp_path)


def test_clips_dealt_to_processes_are_heard_as_by_one(model, monkeypatch):
    data = prepared()["test"]
    requests = [
        predict.Request("exp05", model, ("clean", "clipping")),
        predict.Request("again", model, ("clean",)),
    ]
    alone = list(predict.predict_together(requests, data))
    monkeypatch.setattr(predict, "_PART", 1)
    monkeypatch.setattr(predict, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)
    for one, dealt in zip(alone, predict.predict_together(requests, data), strict=True):
        assert dealt.drop(columns="words").equals(one.drop(columns="words"))
    recogniser = Transcriber.from_pretrained(model).recogniser
    expected = [
        predict.predict(recogniser, data, "exp05", condition) for condition in ("clean", "clipping")
    ]
    assert alone[0].equals(pd.concat(expected, ignore_index=True)) and set(
        alone[1]["experiment"]
    ) == {"again"}


def test_predictions_survive_a_round_trip(model, tmp_path):
    table = predict.predict(
        Transcriber.from_pretrained(model).recogniser, prepared()["test"], "exp05"
    )
    again = predict.read(predict.save(table, tmp_path / "exp05.csv"))
    assert (
        again["reference"].tolist() == prepared()["test"]["text"][:] and again.shape == table.shape
    )
    with pytest.raises(ResultsError, match="no predictions"):
        predict.read(tmp_path / "none.csv")
    write(tmp_path / "bad.csv", b"a,b\n1,2\n")
    with pytest.raises(ResultsError, match="lacks the columns"):
        predict.read(tmp_path / "bad.csv")


def test_summary_has_counts_intervals_and_marks_small_groups():
    table = predictions(["저는 학생"] * 40, ["저는 학생", "저는 학교"] * 20)
    entry = summary.metrics(table)["exp05"]["clean"]
    assert (
        entry["n"] == 40
        and entry["wer"] == 0.25
        and entry["counts"]["words"]["substitutions"] == 20
    )
    assert entry["wer_95"][0] <= 0.25 <= entry["wer_95"][1] and entry["speakers"] == 4
    groups = entry["breakdowns"]["l1"]
    assert {g["l1"]: g["wer"] for g in groups} == {"VN": 0.0, "JP": 0.5} and not groups[0]["small"]
    assert all(g["small"] for g in entry["breakdowns"]["speaker_id"])
