"""Lengths of recordings from their headers, zips opened once and read in the order of members."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from speakor_common import audio
from speakor_common.audio.wav_header import HEAD_BYTES, wav_seconds
from speakor_common.errors import AudioError

UNREADABLE = -1.0
# What opening a zip or a member raises where it is missing, damaged or of an unknown form.
_BROKEN = (OSError, KeyError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile)


def header_seconds(references: Iterable[str]) -> dict[str, float]:
    """Seconds by audio reference, -1 where no header can be read.

    Of a WAV in a zip the first bytes are read; of other members all, of plain files the header.
    """
    file_of = {reference: audio.split_reference(reference)[0] for reference in references}
    seconds = {}
    for place, members in by_place(file_of).items():
        if audio.is_file(place):
            seconds |= _of_members(place, members)
        else:
            seconds |= {reference: _of_file(reference) for reference in members}
    return seconds


def by_place(file_of: Mapping[str, str]) -> dict[str, list[str]]:
    """References by the zip they point into, or the folder their file lies in.

    Args:
        file_of: the file of each reference.
    """
    places: dict[str, list[str]] = {}
    for reference, file in file_of.items():
        place = file if file != reference else str(Path(file).parent)
        places.setdefault(place, []).append(reference)
    return places


def in_file_order(place: str, references: list[str]) -> list[str]:
    """References into a zip by where their members begin; into a folder by name."""
    begin: dict[str, int] = {}
    if audio.is_file(place):
        try:
            with zipfile.ZipFile(place) as archive:
                begin = {member.filename: member.header_offset for member in archive.infolist()}
        except _BROKEN:
            begin = {}  # whoever reads the members says so
    return sorted(references, key=lambda ref: (begin.get(_member(place, ref), 0), ref))


def _of_members(place: str, references: list[str]) -> dict[str, float]:
    ordered = in_file_order(place, references)
    try:
        with zipfile.ZipFile(place) as archive:
            return {ref: _of_member(archive, _member(place, ref), ref) for ref in ordered}
    except _BROKEN:
        return dict.fromkeys(ordered, UNREADABLE)


def _of_member(archive: zipfile.ZipFile, name: str, reference: str) -> float:
    """From the first bytes of a WAV, else as of any file."""
    if PurePosixPath(name).suffix.lower() == ".wav":
        try:
            with archive.open(name) as member:
                head = member.read(HEAD_BYTES)
            seconds = wav_seconds(head, archive.getinfo(name).file_size)
        except _BROKEN:
            return UNREADABLE
        if seconds is not None:
            return seconds
    return _of_file(reference)


def _of_file(reference: str) -> float:
    try:
        return audio.duration(reference)
    except AudioError:
        return UNREADABLE


def _member(place: str, reference: str) -> str:
    return reference[len(place) + len(audio.ZIP_SEPARATOR) :]
