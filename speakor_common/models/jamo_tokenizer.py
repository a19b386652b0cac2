"""The vocabulary of networks that write jamo, and its tokenizer."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from transformers import Wav2Vec2CTCTokenizer

from speakor_common.text import CODAS, ONSETS, VOWELS

PAD = "<pad>"  # the blank
UNKNOWN = "<unk>"
DELIMITER = "|"  # between words


def jamo_vocabulary() -> dict[str, int]:
    """Blank/pad, unknown, word delimiter and the 67 conjoining jamo of modern Korean."""
    symbols = (PAD, UNKNOWN, DELIMITER, *ONSETS, *VOWELS, *CODAS)
    return {symbol: index for index, symbol in enumerate(symbols)}


def jamo_tokenizer() -> Wav2Vec2CTCTokenizer:
    """A tokenizer of :func:`jamo_vocabulary`."""
    with tempfile.TemporaryDirectory() as folder:  # it reads its vocabulary from a file, at once
        file = Path(folder) / "vocab.json"
        file.write_text(json.dumps(jamo_vocabulary(), ensure_ascii=False), encoding="utf-8")
        return Wav2Vec2CTCTokenizer(
            str(file),
            pad_token=PAD,
            unk_token=UNKNOWN,
            word_delimiter_token=DELIMITER,
            bos_token=None,
            eos_token=None,
        )
