"""A deviation: one sound that was not as intended.

The same class serves what synthesis plants, what annotators note, and what feedback reports;
:mod:`.detection` compares the one with the other. Its fields are those of ``feedback.jsonl``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from speakor_common.text.jamo import VOWEL_LETTERS

Part = Literal["onset", "vowel", "coda"]
Kind = Literal["substitution", "omission", "insertion"]
KINDS: tuple[Kind, ...] = ("substitution", "omission", "insertion")
Place = tuple[int, str]  # syllable and part


@dataclass(
    frozen=True,
    config=ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True),
)
class Deviation:
    """One difference between intended and spoken pronunciation.

    A vowel added after a coda is an insertion at that coda (:attr:`adds_vowel`). Letters are
    compatibility jamo. The silent ㅇ before a vowel is no sound, so a consonant spoken there is
    inserted, as is one that closes an open syllable.
    """

    syllable: Annotated[
        int,
        Field(ge=0, description="position in `pronunciation`, from 0, spaces not counted"),
    ]
    part: Part
    kind: Kind
    intended: Annotated[
        str, Field(max_length=1, description="compatibility jamo, empty for an insertion")
    ]
    heard: Annotated[
        str, Field(max_length=1, description="compatibility jamo, empty for an omission")
    ]
    confidence: Annotated[
        float, Field(ge=0, le=1, description="probability that it was said; 1 where it is known")
    ] = 1.0
    start_s: Annotated[float, Field(ge=0, description="seconds; where the syllable begins")] = 0.0
    end_s: Annotated[float, Field(ge=0, description="seconds; where the next one begins")] = 0.0

    @property
    def place(self) -> Place:
        return self.syllable, self.part

    @property
    def adds_vowel(self) -> bool:
        """Whether a vowel was added after a coda: 밥 said as 바부.

        A consonant that closes an open syllable (가 said as 간) is an insertion at its coda too.
        """
        is_inserted = self.part == "coda" and self.kind == "insertion"
        return is_inserted and self.heard != "" and self.heard in VOWEL_LETTERS

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def to_label(self) -> dict[str, int | str]:
        """As a corpus label holds it: without confidence and times."""
        return {
            "syllable": self.syllable,
            "part": self.part,
            "kind": self.kind,
            "intended": self.intended,
            "spoken": self.heard,
        }

    @classmethod
    def from_label(cls, label: dict[str, Any]) -> Deviation:
        """The deviation of a corpus label, see :meth:`to_label`.

        Raises:
            ValidationError: pydantic's, a ValueError; a field is missing or not of its kind.
        """
        fields = {name: value for name, value in label.items() if name != "spoken"}
        return cls(heard=label.get("spoken"), **fields)


def kind_of(intended: str, heard: str) -> Kind:
    """What happened, from compatibility jamo, ``""`` where there is no sound.

    >>> kind_of("ㅓ", "ㅗ"), kind_of("ㅂ", ""), kind_of("", "ㅜ")
    ('substitution', 'omission', 'insertion')
    """
    if intended and heard:
        return "substitution"
    return "omission" if intended else "insertion"
