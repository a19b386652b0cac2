"""Does every number of the project's prose follow from something committed?

``results/claims.toml`` says where each number comes from. A *claim* is a sentence as it stands in a
document, with ``{}`` for each number, and a source for each (:mod:`.claim_sources`). A number in
prose that no claim covers is a difference, unless it is *exempt*, being no result, or *unverified*,
which is said each time. A value is compared as it is printed, with as many decimals, and written
anew in the same way.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.errors import ResultsError
from speakor_common.pipeline.claim_sources import value_of
from speakor_common.pipeline.prose import NUMBER, WORD, Part, like, read_parts, write_parts

INVENTORY = "results/claims.toml"
_HOLE = re.compile(r"\{(\d*)\}")
_PRINTED = rf"({NUMBER}|{WORD})"
_MINUS = str.maketrans("−", "-")


@dataclass(frozen=True)
class Claim:
    """A sentence with numbers, in one or several documents.

    Attributes:
        texts: by document; a hole is ``{}`` or, in another order, ``{0}``.
        values: a source for each hole; none where nothing committed says them.
        reason: why there are none.
    """

    texts: Mapping[str, str]
    values: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Exemption:
    """Numbers that are no results: those within what the pattern finds.

    Attributes:
        reason: what they are.
        documents: where; empty for everywhere.
    """

    pattern: re.Pattern[str]
    reason: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inventory:
    """What is known of the numbers in documents."""

    documents: tuple[str, ...]
    claims: tuple[Claim, ...]
    exemptions: tuple[Exemption, ...]


@dataclass
class Findings:
    """What was found in documents, a line each; ``checked`` counts numbers that follow."""

    differences: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    checked: int = 0


def read_inventory(root: Path) -> Inventory:
    """``results/claims.toml``.

    Raises:
        ResultsError: missing, or something in it is not as it should be.
    """
    path = root / INVENTORY
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        names = [_matching(root, pattern) for pattern in content["documents"]]
        entries = content.get("claim", []) + content.get("unverified", [])
        exempt = content.get("exempt", [])
        inventory = Inventory(
            tuple(name for matching in names for name in matching),
            tuple(map(_claim, entries)),
            tuple(map(_exemption, exempt)),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise ResultsError(f"{INVENTORY}: {error!r}; its first lines say its form") from error

    # A sentence about a document that is not read would never be missed.
    named = {name for claim in inventory.claims for name in claim.texts}
    if strangers := sorted(named - set(inventory.documents)):
        raise ResultsError(f"{INVENTORY}: {strangers} are none of its documents")
    return inventory


def _matching(root: Path, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    return sorted(path.relative_to(root).as_posix() for path in root.glob(pattern))


def _claim(entry: dict[str, Any]) -> Claim:
    claim = Claim(entry["texts"], tuple(entry.get("values", ())), entry.get("reason", ""))
    if bool(claim.values) == bool(claim.reason):
        raise ResultsError(f"{INVENTORY}: {claim.texts} needs either values or a reason")
    for text in claim.texts.values():
        holes = _holes(text)
        if not holes or (claim.values and set(holes) != set(range(len(claim.values)))):
            raise ResultsError(
                f"{INVENTORY}: {text!r} has {len(holes)} holes for {len(claim.values)} values"
            )
    return claim


def _exemption(entry: dict[str, Any]) -> Exemption:
    pattern = re.compile(entry["pattern"], re.MULTILINE)
    return Exemption(pattern, entry["reason"], tuple(entry.get("documents", ())))


def _holes(text: str) -> list[int]:
    """Which value stands in each hole."""
    named = _HOLE.findall(text)
    return [int(name) if name else position for position, name in enumerate(named)]


def check_documents(write: bool = False) -> Findings:
    """Compare every number of the documents with its source.

    Args:
        write: put what the sources say in place of what differs.

    Raises:
        ResultsError: no inventory, or a document is missing.
    """
    root = paths.root()
    inventory = read_inventory(root)
    findings = Findings()
    for name in inventory.documents:
        parts = read_parts(root / name, name)
        checks = [_Check(part, name, inventory, findings, write) for part in parts]
        texts = [check.run() for check in checks]

        # A sentence that stands nowhere in a document is no longer said, or is said otherwise.
        met = {claim for check in checks for claim in check.met}
        for number, claim in enumerate(inventory.claims):
            if name in claim.texts and number not in met:
                findings.differences.append(f"{name}: nowhere says {claim.texts[name]!r}")
        if texts != [part.text for part in parts]:
            write_parts(root / name, texts)
    return findings


class _Check:
    """The numbers of one stretch of Markdown.

    Attributes:
        met: positions in the inventory of the claims that stand in it.
    """

    def __init__(
        self, part: Part, name: str, inventory: Inventory, findings: Findings, write: bool
    ) -> None:
        self.part = part
        self.name = name
        self.inventory = inventory
        self.findings = findings
        self.write = write
        self.met: set[int] = set()
        self._covered: set[int] = set()  # places at which a known number ends
        self._replaced: list[tuple[tuple[int, int], str]] = []

    def run(self) -> str:
        """Note what is found; returns the text, with what is to be written."""
        for number, claim in enumerate(self.inventory.claims):
            if self.name in claim.texts:
                self._compare(number, claim)
        exempt = list(self._exempt())
        for token in self.part.numbers():
            known = token.end() in self._covered
            if not known and not any(a <= token.start() and token.end() <= b for a, b in exempt):
                self._difference(token.start(), f"{token[0]} has no entry in {INVENTORY}")

        text = self.part.text
        for (start, end), value in sorted(self._replaced, reverse=True):
            text = text[:start] + value + text[end:]
        return text

    def _compare(self, number: int, claim: Claim) -> None:
        """Every place at which a claim's sentence stands, with its values."""
        template = claim.texts[self.name]
        for found in _sentence(template).finditer(self.part.sentences()):
            self.met.add(number)
            for group, hole in enumerate(_holes(template), start=1):
                self._covered.add(found.end(group))
                if claim.values:
                    self._compare_value(found.span(group), claim.values[hole])
                else:
                    where = self.part.where(found.start(group))
                    self.findings.unverified.append(f"{where}: {found[group]} ({claim.reason})")

    def _compare_value(self, span: tuple[int, int], source: str) -> None:
        printed = self.part.text[slice(*span)]
        try:
            expected = like(printed)(value_of(source))
        except ResultsError as error:
            self._difference(span[0], f"{printed}: {error}")
            return

        self.findings.checked += 1
        if printed.translate(_MINUS) == expected:
            return
        if self.write:
            self._replaced.append((span, expected))
        else:
            self._difference(span[0], f"{printed} should be {expected}, by {source}")

    def _exempt(self) -> Iterator[tuple[int, int]]:
        """Where numbers need no source."""
        text = self.part.sentences()
        for exemption in self.inventory.exemptions:
            if not exemption.documents or self.name in exemption.documents:
                yield from (found.span() for found in exemption.pattern.finditer(text))

    def _difference(self, position: int, text: str) -> None:
        self.findings.differences.append(f"{self.part.where(position)}: {text}")


def _sentence(template: str) -> re.Pattern[str]:
    """What finds a sentence: line breaks stand where spaces do, a group for each hole."""
    pieces = re.split(r"\{\d*\}", template)
    escaped = [r"\s+".join(map(re.escape, re.split(r"\s+", piece))) for piece in pieces]
    return re.compile(_PRINTED.join(escaped))
