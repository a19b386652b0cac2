"""KsponSpeech on a tree built as it is delivered: raw PCM, transcripts in CP949, lists in UTF-8."""

import numpy as np
import pytest

from speakor_common.audio import decode
from speakor_common.corpus import ksponspeech, prepare
from speakor_common.corpus.splits import AsDelivered, SplitPolicy
from speakor_common.errors import CorpusError
from tests.builders import encoded, tone, write, write_zip

TEXTS = {
    "KsponSpeech_000001": "아/ 몬 소리야, 그건 또. b/",
    "KsponSpeech_000002": "(7시)/(일곱 시) 반에 나+ 나왔어 n/",
    "KsponSpeech_124001": "그럼* (30프로)/(삼십 프로)는 (TV)/(티비)에서 봤어? l/",
    "KsponSpeech_620001": "o/ 응 그래서 어떻게 됐는데?",
}
EXPECTED = {
    "KsponSpeech_000001": ("아 몬 소리야 그건 또", "train", "dialogue"),
    "KsponSpeech_000002": ("일곱 시 반에 나 나왔어", "train", "dialogue"),
    "KsponSpeech_124001": ("그럼 삼십 프로는 티비에서 봤어", "train", "dialogue"),
    "KsponSpeech_620001": ("응 그래서 어떻게 됐는데", "valid", "dialogue"),
}
EVALUATION = {
    "eval_clean": ("KsponSpeech_E00001", "어/ 일단은 억지로 과장해서 (3번)/(세 번) 했어."),
    "eval_other": ("KsponSpeech_E03001", "너 뭐 강남 자주 가?"),
}
EXPECTED_EVALUATION = {
    "KsponSpeech_E00001": ("어 일단은 억지로 과장해서 세 번 했어", "test", "dialogue, clean"),
    "KsponSpeech_E03001": ("너 뭐 강남 자주 가", "test", "dialogue, other"),
}


def pcm(number: int, seconds: float = 1.0) -> bytes:
    """Raw 16-bit little-endian samples."""
    return (tone(seconds, frequency=100 + number) * 32767).astype("<i2").tobytes()


def place(name: str) -> str:
    """Where a training or development clip lies."""
    number = int(name.rsplit("_", maxsplit=1)[-1])
    return f"KsponSpeech_0{1 + number // 124_001}/KsponSpeech_{1 + number // 1000:04d}/{name}"


def files(lists: bool = True, transcripts: bool = True) -> dict[str, bytes]:
    """Every file of a small delivery by its path."""
    tree = {}
    lines: dict[str, list[str]] = {"train": [], "dev": []}
    for number, (name, text) in enumerate(TEXTS.items()):
        tree[f"{place(name)}.pcm"] = pcm(number)
        if transcripts:
            tree[f"{place(name)}.txt"] = f"{text}\r\n".encode("cp949")
        lines["dev" if "_62" in name else "train"].append(f"{place(name)}.pcm :: {text}")

    for number, (part, (name, text)) in enumerate(EVALUATION.items()):
        path = f"KsponSpeech_eval/{part}/{name}.pcm"
        tree[path] = pcm(20 + number)
        lines[part] = [f"{path} :: {text}"]

    if lists:
        for part, content in lines.items():
            tree[f"KsponSpeech_scripts/{part}.trn"] = "\n".join([*content, ""]).encode()
    return tree


def unpacked(root, tree):
    for path, content in tree.items():
        write(root / path, content)
    return root


def packed(root, tree):
    archives: dict[str, dict[str, bytes]] = {}
    for path, content in tree.items():
        archives.setdefault(path.split("/")[0], {})[path] = content
    for name, members in archives.items():
        write_zip(root / f"{name}.zip", members)
    return root


def outcome(corpus):
    return {
        row.utterance_id: (row.text, row.split, row.task) for row in corpus.manifest.itertuples()
    }


@pytest.mark.parametrize("deliver", [unpacked, packed])
def test_a_delivery_with_lists_and_transcripts(tmp_path, deliver):
    corpus = ksponspeech.read(deliver(tmp_path, files()))
    assert outcome(corpus) == EXPECTED | EXPECTED_EVALUATION and corpus.quarantine.empty
    row = corpus.manifest.iloc[0]
    assert (row["l1"], row["speaker_id"], row["prompt_id"]) == ("KR", "", "")
    assert row["raw_text"] == TEXTS["KsponSpeech_000001"] and row["duration_s"] == 1.0
    samples = decode(row["audio"])
    np.testing.assert_allclose(samples, tone(frequency=100), atol=1e-4)
    assert (
        corpus.skipped.to_dict("records")[0]["reason"] == "transcript of a clip that a list holds"
    )
    assert corpus.skipped["count"].tolist() == [len(TEXTS)]


def test_transcripts_alone_split_by_number_and_evaluation_needs_its_lists(tmp_path):
    corpus = ksponspeech.read(unpacked(tmp_path, files(lists=False)))
    assert outcome(corpus) == EXPECTED
    assert corpus.quarantine["reason"].tolist() == ["audio without label"] * 2


def test_evaluation_sets_with_transcripts_are_told_apart_by_their_folder(tmp_path):
    tree = files(lists=False)
    for part, (name, text) in EVALUATION.items():
        tree[f"KsponSpeech_eval/{part}/{name}.txt"] = text.encode("cp949")
    assert outcome(ksponspeech.read(unpacked(tmp_path, tree))) == EXPECTED | EXPECTED_EVALUATION


def test_lists_may_come_in_cp949_and_count_before_the_older_transcripts(tmp_path):
    tree = files()
    tree["KsponSpeech_scripts/train.trn"] = (
        f"{place('KsponSpeech_000001')}.pcm :: 아/ 무슨 소리야\r\n".encode("cp949")
    )
    texts = outcome(ksponspeech.read(unpacked(tmp_path, tree)))
    assert texts["KsponSpeech_000001"][0] == "아 무슨 소리야"
    assert texts["KsponSpeech_000002"] == EXPECTED["KsponSpeech_000002"]


def test_bad_lines_and_clips_are_quarantined_with_their_place(tmp_path):
    tree = files()
    train = "KsponSpeech_scripts/train.trn"
    tree[train] += "\n".join(
        (
            "no separator",
            ":: nobody's text",
            f"{place('KsponSpeech_000003')}.pcm :: u/ 이야",
            f"{place('KsponSpeech_000004')}.pcm :: 네",
            f"{place('KsponSpeech_000001')}.pcm :: 아/ 몬 소리야, 그건 또. b/",
        )
    ).encode()
    tree[f"{place('KsponSpeech_000003')}.pcm"] = pcm(40)
    tree["KsponSpeech_scripts/broken.trn"] = b"\xff\xff\xff"
    corpus = ksponspeech.read(unpacked(tmp_path, tree))
    reasons = dict(zip(corpus.quarantine["file"], corpus.quarantine["reason"], strict=True))
    assert outcome(corpus) == EXPECTED | EXPECTED_EVALUATION
    assert reasons.pop("KsponSpeech_scripts/broken.trn").startswith("unreadable list")
    assert reasons == {
        f"{train} row 4": "line is not: path :: text",
        f"{train} row 5": "line is not: path :: text",
        f"{train} row 6": "speech that nobody understood (u/)",
        f"{train} row 7": "missing audio",
        f"{train} row 8": f"duplicate id (also {train} row 1)",
    }


def test_a_subset_list_and_converted_audio_are_harmless(tmp_path):
    tree = files(transcripts=False)
    tree["KsponSpeech_scripts/train_1h.trn"] = tree["KsponSpeech_scripts/train.trn"]
    name = "KsponSpeech_000001"
    tree[f"{place(name)}.wav"] = encoded(tone(frequency=100))
    corpus = ksponspeech.read(unpacked(tmp_path, tree))
    assert outcome(corpus) == EXPECTED | EXPECTED_EVALUATION and corpus.quarantine.empty
    assert dict(zip(corpus.skipped["reason"], corpus.skipped["count"], strict=True)) == {
        "same recording once more": 1,
        "second form of a label": 3,
    }


def test_what_is_no_kspon_speech_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="expected KsponSpeech as delivered"):
        ksponspeech.read(tmp_path / "none")
    write(tmp_path / "a.txt", b"x")
    with pytest.raises(CorpusError, match="0 audio files but no label; expected KsponSpeech"):
        ksponspeech.read(tmp_path)


@pytest.mark.parametrize("embed", [True, False])
def test_it_is_prepared_with_the_splits_it_was_delivered_with(tmp_path, embed):
    unpacked(tmp_path / "in", files())
    how = {"reader": "ksponspeech", "embed_audio": embed, "progress": False, "workers": 1}
    with pytest.raises(CorpusError, match=r"none of 6 clips says who speaks.*AsDelivered\(\)"):
        prepare.prepare(tmp_path / "in", tmp_path / "out", SplitPolicy(), **how)

    done = prepare.prepare(tmp_path / "in", tmp_path / "out", AsDelivered(), **how)
    data = prepare.load_prepared(done.directory)
    sizes = {name: len(split) for name, split in data.items()}
    assert sizes == {"native_train": 3, "native_valid": 1, "native_test": 2}
    assert data["native_train"]["length"][:] == [16_000] * 3
    assert done.audit["splits"]["test"]["speakers"] == 0

    # Natives are set apart for learners' models only; here they are who is trained on.
    prepare.prepare(tmp_path / "in", tmp_path / "all", AsDelivered(), native_l1="", **how)
    assert set(prepare.load_prepared(tmp_path / "all")) == {"train", "valid", "test"}
