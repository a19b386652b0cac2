"""The label record of AI Hub 505, validated, and the manifest values made from it.

Builders hand the same record out in several shapes: nested JSON, a flat table of the 25 leaf
keys or of the first 12, keys spelled ``fileName`` or ``file_name``, every value a string or
numbers and nulls as a spreadsheet left them. All become one :class:`Label`. Only what the
project uses is kept, and only the file name and a text are required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speakor_common.errors import CorpusError
from speakor_common.text import to_nfc

# L1, category, subtopic (X: none), task (R read, Q question), group, item, speaker, date:
# VN11RA001_VN0001_20220103
FILE_NAME = re.compile(r"^([A-Z]{2})(\d)([\dA-Z])([RQ])([ABC])(\d{3})_([A-Z]{2}\d{4})_(\d{8})$")

# The 25 leaf keys as AI Hub spells them, in its order; short tables hold the first 12.
KEYS = (
    "fileName",
    *("speakerID", "sentenceID", "recordUnit", "recordQuality", "recordDate", "recordTime"),
    *("Reading", "ReadingLabelText", "Question", "AnswerLabelText", "SentenceSpeechLV"),
    "SpeakerID",
    *("gender", "birthYear", "eduBackground"),
    *("country", "residencePeriod", "residenceCity"),
    *("languageClass", "motherTongue", "selfAssessment"),
    *("topikGrade", "LearningPeriod", "learningSource"),
)
_SECTIONS = ("file_info", "transcription", "basic_info", "residence_info", "skill_info")
_ABSENT = frozenset(
    ("", "nan", "null", "none", "<na>")
)  # a cell nobody filled, as programs write it

# How labels name a first language, where the file name does not carry its code.
LANGUAGES = {
    "베트남어": "VN",
    "영어": "EN",
    "일본어": "JP",
    "중국어": "CN",
    "태국어": "TH",
    "한국어": "KR",
}

# Fast speech fills the longest clip (300 s) with some 3,000 syllables.
_Text = Annotated[str, Field(max_length=20_000)]


class Label(BaseModel):
    """One label: the fields the project uses, under the names of the delivered schema."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_strip_whitespace=True)

    fileName: str = Field(min_length=1, max_length=255)
    speakerID: str = ""
    sentenceID: str = ""
    Reading: _Text = ""
    ReadingLabelText: _Text = ""
    Question: _Text = ""
    AnswerLabelText: _Text = ""
    SentenceSpeechLV: str = ""
    gender: str = ""
    languageClass: str = ""
    motherTongue: str = ""
    topikGrade: str = ""
    sample_info: dict[str, Any] = {}

    @property
    def stem(self) -> str:
        """File name without extension, NFC: the key that joins label and audio."""
        return _stem(self.fileName)

    @property
    def text(self) -> str:
        """What was said: the answer's label, else the reading's; never the script."""
        return self.AnswerLabelText or self.ReadingLabelText


def _stem(file_name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{2,4}$", "", to_nfc(file_name.strip())).strip()


@lru_cache(maxsize=1024)  # a corpus spells its few keys the same way in every label
def plain_key(key: Any) -> str:
    """A key without what differs between deliveries: case, spaces, underscores, hyphens.

    >>> plain_key("fileName"), plain_key(" File_Name")
    ('filename', 'filename')
    """
    return re.sub(r"[\W_]", "", str(key)).lower()


_FIELD_OF = {plain_key(name): name for name in (*Label.model_fields,)}
_SECTION_OF = {plain_key(name): name for name in _SECTIONS}
KNOWN_KEYS = frozenset(map(plain_key, KEYS))
TEXT_KEYS = ("ReadingLabelText", "AnswerLabelText")  # a delivery without both holds no labels


def is_absent(value: Any) -> bool:
    """Whether a value stands for "nothing": null, NaN, an empty or blank text, an empty list.

    >>> [is_absent(value) for value in (None, float("nan"), "nan", " ", [], "0", 0)]
    [True, True, True, True, True, False, False]
    """
    if isinstance(value, float):
        return value != value
    if isinstance(value, str):
        return value.strip().lower() in _ABSENT
    return value is None or value == [] or value == {}


def parse_label(record: Any) -> Label:
    """Validate one label, nested as in JSON or flat as a row of a table.

    Raises:
        CorpusError: not an object, no file name, or a field of the wrong type; names the field
            and what was found.
    """
    if not isinstance(record, Mapping):
        raise CorpusError(f"label: expected an object with fields, found {str(record)[:60]!r}")

    try:
        return Label.model_validate(dict(_leaves(record)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise CorpusError(f"{field}: absent, so no recording can be found") from None
        raise CorpusError(f"{field}: {first['msg']} (found {str(first['input'])[:60]!r})") from None


def record_stem(record: Any, file_name: str = "") -> str:
    """Stem of the recording that an unusable record names, ``""`` if it shows none."""
    if not file_name and isinstance(record, Mapping):
        names = [value for key, value in record.items() if plain_key(key) == "filename"]
        file_name = names[-1] if names and isinstance(names[-1], str) else ""
    return "" if is_absent(file_name) else _stem(file_name)


def _leaves(record: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
    """Fields of a record with a value, sections opened first: the outer SpeakerID counts."""
    # sections, whose fields are the same under any spelling
    sections = {
        _SECTION_OF[plain_key(key)]: value
        for key, value in record.items()
        if plain_key(key) in _SECTION_OF and not is_absent(value)
    }
    for name, section in sections.items():
        if not isinstance(section, Mapping):
            raise CorpusError(
                f"{name}: expected an object with fields, found {str(section)[:60]!r}"
            )
        yield from _fields(section)

    yield from _fields(record)


def _fields(record: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in record.items():
        name = _FIELD_OF.get(plain_key(key))
        if name is None or is_absent(value):
            continue
        # A spreadsheet turns a column with an empty cell into floats: grade 3 becomes 3.0.
        yield name, int(value) if isinstance(value, float) and value.is_integer() else value


def manifest_fields(label: Label) -> dict[str, Any]:
    """Manifest values that follow from the label alone: all but audio, text, duration and split."""
    # What the label leaves open, a file name of AI Hub's form says.
    name = FILE_NAME.match(label.stem)
    sentence = label.sentenceID or (label.stem.split("_")[0] if name else "")
    prompt = re.sub(r"^[A-Z]{2}(?=\d)", "", sentence)  # without its L1

    return {
        "utterance_id": label.stem,
        "raw_text": label.text,
        "script": label.Reading,
        "question": label.Question,
        "l1": name[1] if name else _first_language(label),
        "level": label.SentenceSpeechLV,
        "speaker_id": label.speakerID or (name[7] if name else ""),
        "prompt_id": prompt or label.stem,
        "category": int(name[2]) if name else 0,
        "task": "answer" if label.AnswerLabelText else "read",
        "gender": label.gender,
        "topik": re.sub(r"\.0$", "", label.topikGrade),
        "pronounced": _planted(label, "pronounced"),
        "intended": _planted(label, "intended"),
        "deviations": _planted(label, "deviations"),
    }


def _planted(label: Label, key: str) -> str:
    """What annotated speech says of itself: text as it is, all else as JSON.

    ``""`` where nobody says anything; an empty list says that nothing deviates.
    """
    value = label.sample_info.get(key)
    if is_absent(value) and not isinstance(value, list):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def _first_language(label: Label) -> str:
    """Code of the first language where the file name is not AI Hub's, ``""`` if nothing says it."""
    for language in (label.motherTongue, label.languageClass):
        if language in LANGUAGES:
            return LANGUAGES[language]
        if language.upper() in LANGUAGES.values():
            return language.upper()
    code = re.match(r"[A-Z]{2}(?=[\dA-Z]*\d)", label.stem.upper())
    return code[0] if code else ""
