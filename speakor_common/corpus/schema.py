"""The label record of AI Hub 505, validated, and the manifest columns made from it.

AI Hub writes every value as a string. Only what the project uses is required; the rest may
be missing or empty, because CSV twins and older parts leave fields out.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speakor_common.errors import CorpusError
from speakor_common.text import to_nfc

# L1, category, subtopic, task (R read, Q question), group, item, speaker, date: VN11RA001_VN0001_20220103
FILE_NAME = re.compile(r"^([A-Z]{2})(\d)(\d)([RQ])([ABC])(\d{3})_([A-Z]{2}\d{4})_(\d{8})$")

# Manifest columns with units; every stage after the reader relies on these names.
MANIFEST_COLUMNS: dict[str, str] = {
    "utterance_id": "file name stem, NFC; unique",
    "audio": "path, or <zip>!/<member>",
    "text": "normalised Korean, what was said",
    "raw_text": "label text as delivered",
    "script": "what was to be read, '' for answers",
    "question": "question asked, '' for read items",
    "l1": "first language code: VN EN JP CN TH EX, KR for native speech",
    "level": "rated level of the utterance: 상, 중, 하 or ''",
    "speaker_id": "",
    "prompt_id": "sentenceID without its L1 prefix",
    "category": "topic number 1-5, 0 unknown",
    "task": "read or answer",
    "gender": "F, M or ''",
    "topik": "grade '1'-'6', '해당 없음' or ''",
    "duration_s": "seconds of audio",
    "split": "train, valid, test or unused; '' before splitting",
    "pronounced": "sample only: what was pronounced, jamo",
    "intended": "sample only: standard pronunciation, jamo",
    "deviations": "sample only: JSON list of planted deviations",
}


# Fast speech fills the longest clip (300 s) with some 3,000 syllables.
_Text = Annotated[str, Field(max_length=20_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class FileInfo(_Part):
    speakerID: str = ""
    sentenceID: str = ""
    recordTime: str = ""


class Transcription(_Part):
    Reading: _Text = ""
    ReadingLabelText: _Text = ""
    Question: _Text = ""
    AnswerLabelText: _Text = ""
    SentenceSpeechLV: str = ""


class BasicInfo(_Part):
    gender: str = ""


class SkillInfo(_Part):
    motherTongue: str = ""
    topikGrade: str = ""


class Label(_Part):
    """One label as delivered; nested as in the JSON form."""

    fileName: str = Field(min_length=1, max_length=255)
    file_info: FileInfo = FileInfo()
    transcription: Transcription
    SpeakerID: str = ""
    basic_info: BasicInfo = BasicInfo()
    skill_info: SkillInfo = SkillInfo()
    sample_info: dict[str, Any] = {}

    @property
    def stem(self) -> str:
        """File name without extension, NFC: the key that joins label and audio."""
        return re.sub(r"\.[A-Za-z0-9]{2,4}$", "", to_nfc(self.fileName))

    @property
    def text(self) -> str:
        """What was said: the answer's label, else the reading's; never the script."""
        return (self.transcription.AnswerLabelText or self.transcription.ReadingLabelText).strip()


_NESTED = {
    "file_info": FileInfo,
    "transcription": Transcription,
    "basic_info": BasicInfo,
    "skill_info": SkillInfo,
}


def parse_label(record: Any) -> Label:
    """Validate one JSON object.

    Raises:
        CorpusError: not an object, or a field has the wrong type; names the field.
    """
    try:
        return Label.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "label"
        raise CorpusError(f"{field}: {first['msg']} (found {str(first['input'])[:60]!r})") from None


def nest_row(row: dict[str, str]) -> dict[str, Any]:
    """A CSV row (leaf keys as columns) in the nested JSON form."""
    nested: dict[str, Any] = {
        "fileName": row.get("fileName", ""),
        "SpeakerID": row.get("SpeakerID", ""),
    }
    for part, model in _NESTED.items():
        nested[part] = {name: row[name] or "" for name in model.model_fields if name in row}
    return nested


def manifest_fields(label: Label) -> dict[str, Any]:
    """Manifest values that follow from the label alone (all but audio, text, duration_s and split)."""
    name = FILE_NAME.match(label.stem)
    sentence = label.file_info.sentenceID or (label.stem.split("_")[0] if name else "")
    prompt = re.sub(r"^[A-Z]{2}(?=\d)", "", sentence)
    answered = bool(label.transcription.AnswerLabelText.strip())
    return {
        "utterance_id": label.stem,
        "raw_text": label.text,
        "script": label.transcription.Reading,
        "question": label.transcription.Question,
        "l1": name[1] if name else label.stem[:2].upper(),
        "level": label.transcription.SentenceSpeechLV,
        "speaker_id": label.SpeakerID or label.file_info.speakerID or (name[7] if name else ""),
        "prompt_id": prompt or label.stem,
        "category": int(name[2]) if name else 0,
        "task": "answer" if answered else "read",
        "gender": label.basic_info.gender,
        "topik": label.skill_info.topikGrade,
        "pronounced": label.sample_info.get("pronounced", ""),
        "intended": label.sample_info.get("intended", ""),
    }
