"""Test data built in code: clips, labels, corpora, prepared datasets, small models."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import soundfile
from datasets import Dataset, DatasetDict

from speakor_common import audio
from speakor_common.corpus.splits import SPLITS
from speakor_common.text import to_jamo

ROOT_505 = "131.인공지능 학습을 위한 외국인 한국어 발화 음성 데이터/01.데이터_new_20220719"


def tone(seconds: float = 1.0, rate: int = 16_000, frequency: float = 220.0) -> np.ndarray:
    """A decaying tone with a little noise: float32, never silent, different for each frequency."""
    t = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(int(frequency)).standard_normal(len(t))
    return (0.4 * np.sin(2 * np.pi * frequency * t) * np.exp(-t) + 0.01 * noise).astype(np.float32)


def encoded(
    samples: np.ndarray, rate: int = 16_000, form: str = "WAV", subtype: str = "PCM_16"
) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


def stem(
    l1: str = "VN", speaker: int = 1, item: int = 1, task: str = "R", date: str = "20220103"
) -> str:
    return f"{l1}11{task}A{item:03d}_{l1}{speaker:04d}_{date}"


def label(name: str, text: str = "저는 학생입니다", level: str = "중", **changes) -> dict:
    """A label with every key of the delivered schema."""
    reads, l1 = name[4] == "R", name[:2]
    record = {
        "fileName": f"{name}.wav",
        "file_info": {
            "speakerID": name.split("_")[1],
            "sentenceID": name.split("_")[0],
            "recordUnit": "ios",
            "recordQuality": "16bit 16kHz MONO",
            "recordDate": name[-8:],
            "recordTime": "1.00",
        },
        "transcription": {
            "Reading": f"{text}." if reads else "",
            "ReadingLabelText": text if reads else "",
            "Question": "" if reads else "무엇을 해요",
            "AnswerLabelText": "" if reads else text,
            "SentenceSpeechLV": level,
        },
        "SpeakerID": name.split("_")[1],
        "basic_info": {"gender": "F", "birthYear": "1999", "eduBackground": "학사"},
        "residence_info": {"country": "베트남", "residencePeriod": "12", "residenceCity": "서울"},
        "skill_info": {
            "languageClass": "베트남어",
            "motherTongue": l1,
            "selfAssessment": "중",
            "topikGrade": "3",
            "LearningPeriod": "12",
            "learningSource": "대학",
        },
    }
    return record | changes


def as_json(record: dict, encoding: str = "utf-8") -> bytes:
    return json.dumps(record, ensure_ascii=False).encode(encoding)


def as_csv(records: list[dict], encoding: str = "cp949") -> bytes:
    """The CSV twin: leaf keys as columns."""
    rows = []
    for record in records:
        row = {key: value for key, value in record.items() if not isinstance(value, dict)}
        for part in record.values():
            row |= part if isinstance(part, dict) else {}
        rows.append(row)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode(encoding)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class _Cp949Info(zipfile.ZipInfo):
    """A member named in CP949 without the UTF-8 flag, as Korean Windows writes it."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("cp949"), self.flag_bits


def write_zip(path: Path, members: dict[str, bytes], cp949_names: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr((_Cp949Info if cp949_names else zipfile.ZipInfo)(name), content)
    return path


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def seed_layout(root: Path, speakers: int = 3, items: int = 2) -> Path:
    """``{train,valid,test}`` folders with audio and labels, all good."""
    folders = ("train", "valid", "test")
    for speaker in range(1, speakers + 1):
        for item in range(1, items + 1):
            name = stem(speaker=speaker, item=item)
            folder = root / folders[(speaker - 1) % 3]
            write(
                folder / "labels" / f"{name}.json",
                as_json(label(name, f"문장 {'가나다라마바사'[item % 7]} 번")),
            )
            write(
                folder / "audio" / f"{name}.wav", encoded(tone(frequency=100 + 10 * speaker + item))
            )
    return root


def prepared(
    sizes: dict[str, int] | None = None, seconds: float = 1.0, same_length: bool = False
) -> DatasetDict:
    """A prepared dataset in memory: WAV bytes, short texts, distinct speakers a split."""
    sizes = sizes or {"train": 8, "valid": 4, "test": 4}
    words = ("저는", "학생", "학교", "친구", "사과", "바다", "노래", "한국")
    splits = {}
    for offset, split in enumerate(SPLITS):
        rows = []
        for i in range(sizes.get(split, 0)):
            samples = tone(seconds + (0 if same_length else 0.05 * (i % 4)), frequency=150 + 30 * i)
            rows.append(
                {
                    "utterance_id": f"{split}{i:03d}",
                    "audio": audio.encode_wav(samples),
                    "text": f"{words[i % len(words)]} {words[(i + 3) % len(words)]}",
                    "pronounced": to_jamo(f"{words[i % len(words)]} {words[(i + 3) % len(words)]}"),
                    "length": len(samples),
                    "l1": ("VN", "JP")[i % 2],
                    "level": ("하", "중", "상")[i % 3],
                    "speaker_id": f"S{offset}{i % 3}",
                    "prompt_id": f"{i}",
                    "task": "read",
                    "gender": "F",
                    "topik": "3",
                    "duration_s": len(samples) / 16_000,
                }
            )
        splits[split] = Dataset.from_list(rows)
    return DatasetDict(splits)


def predictions(
    references: list[str],
    hypotheses: list[str],
    experiment: str = "exp05",
    condition: str = "clean",
):
    """A predictions table with plausible metadata."""
    import pandas as pd

    n = len(references)
    return pd.DataFrame(
        {
            "utterance_id": [f"u{i:03d}" for i in range(n)],
            "experiment": experiment,
            "condition": condition,
            "reference": references,
            "hypothesis": hypotheses,
            "l1": [("VN", "JP")[i % 2] for i in range(n)],
            "level": [("하", "중", "상")[i % 3] for i in range(n)],
            "speaker_id": [f"S{i % 4}" for i in range(n)],
            "prompt_id": [str(i) for i in range(n)],
            "task": "read",
            "gender": "F",
            "topik": "3",
            "duration_s": 2.0,
            "words": "[]",
        }
    )


def tiny_ctc(directory: Path) -> Path:
    """A stock CTC checkpoint with the shipped base's vocabulary and a fraction of its size."""
    from transformers import Wav2Vec2ForCTC

    from speakor_common.models.jamo_tokenizer import jamo_vocabulary
    from speakor_common.shipped.base_tiny import tiny_config, write_untrained

    write_untrained(directory)
    config = tiny_config(len(jamo_vocabulary()))
    config.update(
        {
            "hidden_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "conv_dim": [8] * 7,
            "hidden_dropout": 0.0,
            "attention_dropout": 0.0,
            "final_dropout": 0.0,
            "num_conv_pos_embeddings": 8,
            "num_conv_pos_embedding_groups": 2,
        }
    )
    Wav2Vec2ForCTC(config).save_pretrained(directory)
    return directory


def tiny_whisper(directory: Path) -> Path:
    """A random Whisper of two layers a side, with a tokenizer of bytes: a whole stock directory."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizerFast,
    )

    symbols = {
        symbol: index for index, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))
    }
    content = Tokenizer(models.BPE(vocab=symbols, merges=[]))
    content.pre_tokenizer, content.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    languages = [
        f"<|{code}|>" for code in ("en", "zh", "de", "es", "ru", "ko")
    ]  # the tokenizer counts from the start token
    special = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *languages,
        "<|translate|>",
        "<|transcribe|>",
        "<|notimestamps|>",
    ]
    content.add_special_tokens(special)
    directory.mkdir(parents=True, exist_ok=True)
    content.save(str(directory / "tokenizer.json"))
    end = special[0]
    tokenizer = WhisperTokenizerFast(
        tokenizer_file=str(directory / "tokenizer.json"),
        unk_token=end,
        bos_token=end,
        eos_token=end,
        pad_token=end,
    )
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in special}
    stops = {
        "bos_token_id": ids[end],
        "eos_token_id": ids[end],
        "pad_token_id": ids[end],
        "decoder_start_token_id": ids[special[1]],
    }
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_mel_bins=80,
        begin_suppress_tokens=None,
        suppress_tokens=None,
        **stops,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={"<|ko|>": ids["<|ko|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"],
        max_length=448,
        task_to_id={task: ids[f"<|{task}|>"] for task in ("transcribe", "translate")},
        **stops,
    )
    model.save_pretrained(directory)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=80), tokenizer).save_pretrained(directory)
    return directory


class FakeWhisperProcessor:
    """Enough of a processor for a collator: mel of zeros, a token a character.

    The start token is 2, the end token 0.
    """

    def feature_extractor(self, waves, max_length, **_):
        import torch

        features = torch.zeros(len(waves), 80, max_length // 160)
        return type("Features", (), {"input_features": features})()

    def tokenizer(self, texts):
        return type(
            "Tokens",
            (),
            {"input_ids": [[2, *(ord(c) % 50 + 3 for c in text), 0] for text in texts]},
        )()


def jamo_symbols() -> list[str]:
    """The shipped base's vocabulary by index, special tokens as ``""``; index 0 is the blank."""
    from speakor_common.models.jamo_tokenizer import jamo_vocabulary

    return ["" if symbol.startswith("<") else symbol for symbol in jamo_vocabulary()]


def jamo_labels(text: str) -> list[int]:
    """Indices of a text's jamo in :func:`jamo_symbols`, ``|`` between words."""
    symbols = jamo_symbols()
    return [symbols.index(jamo) for jamo in to_jamo(text).replace(" ", "|")]


def jamo_posteriors(
    spoken: str, frames: int = 3, doubt: float = 0.0, instead: tuple[int, str] | None = None
) -> np.ndarray:
    """Log posteriors of a listener that hears ``spoken``: float32, shape = (T, V).

    Args:
        frames: of each jamo; a blank frame follows.
        instead: position of a jamo, and another that takes a share of its frames.
        doubt: that share, 1 for as much as the jamo itself.
    """
    symbols = jamo_symbols()
    rows = []
    for position, label in enumerate(jamo_labels(spoken)):
        row = np.full(len(symbols), 1e-4)
        row[label] = 1.0
        if instead and position == instead[0]:
            row[symbols.index(instead[1])] = doubt
        rest = np.full(len(symbols), 1e-4)
        rest[0] = 1.0
        rows += [row] * frames + [rest]
    shares = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    return np.log(shares).astype(np.float32)
