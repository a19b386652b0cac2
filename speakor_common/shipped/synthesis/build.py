"""Synthesise the planned clips and store them as AI Hub delivers its corpus.

Clips are rendered one file each into a cache folder (restartable: finished clips are
kept), then packed into label and audio zips per language and official split.
"""

from __future__ import annotations

import json
import logging
import os
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path

from speakor_common.audio import duration, encode_opus
from speakor_common.parallel import on_cores
from speakor_common.shipped.synthesis.kokoro import Synthesiser, prepare_synthesis
from speakor_common.shipped.synthesis.phone_recording import record_speech
from speakor_common.shipped.synthesis.phonology import to_hangul
from speakor_common.shipped.synthesis.plan import COUNTRIES, L1_CODES, PlannedClip, plan
from speakor_common.shipped.synthesis.shipped_plan import unlike_shipped
from speakor_common.storage import whole_file
from speakor_common.text import to_jamo

logger = logging.getLogger(__name__)

CORPUS_FOLDER = "131.인공지능 학습을 위한 외국인 한국어 발화 음성 데이터/01.데이터_new_20220719"
CATEGORIES = {1: "한국일반", 2: "한국생활I", 3: "한국생활II", 4: "한국문화I", 5: "한국문화II"}
# AI Hub numbers its language zips; the native part is this sample's own addition.
_ZIP_NAMES = {l1: f"{number}. {name}" for number, (l1, name) in enumerate(L1_CODES.items(), 1)}
_AUDIO_PREFIX = {"1.Training": "TS_", "2.Validation": "VS_"}
_ZIP_DATE = (2022, 7, 19, 0, 0, 0)  # fixed, so that the same clips make the same zip
_MEMORY = 2**31  # bytes of a process: the synthesiser's weights and one clip
_COMPRESSION = 0.94  # of Opus; about 21 kbit/s

_synthesiser: Synthesiser | None = None


def build(
    target: Path, cache: Path, processes: int | None = None, limit: int | None = None
) -> Path:
    """Render every planned clip and write the zips under ``target``.

    A plan that is not the shipped one is rendered too; a warning says so first.

    Args:
        target: corpus root to write, e.g. ``data/sample``.
        cache: folder for single clips; kept, so an interrupted build continues.
        processes: worker processes, one synthesiser each; default one per core.
        limit: render only the first clips of every speaker (for a try-out).
    """
    planned = plan()
    if difference := unlike_shipped(planned):
        logger.warning("%s", difference)
    clips = _first_clips(planned, limit)
    recover(clips, cache, target)
    render_all(clips, cache, processes)
    pack(clips, cache, target)
    return target


def recover(clips: list[PlannedClip], cache: Path, target: Path) -> None:
    """Put into ``cache`` what a former build packed under ``target`` and is still wanted so."""
    for (split, l1), members in _groups(clips).items():
        labels, sounds = _zip_files(target, split, l1)
        if not (labels.is_file() and sounds.is_file()):
            continue
        with zipfile.ZipFile(labels) as label_zip, zipfile.ZipFile(sounds) as sound_zip:
            for clip in members:
                inner = _inner_name(clip)
                if f"{inner}.json" not in label_zip.namelist():
                    continue
                label = json.loads(label_zip.read(f"{inner}.json"))
                if label["sample_info"].get("sound") == clip.sound_hash:
                    with whole_file(sound_file(clip, cache)) as temporary:
                        temporary.write_bytes(sound_zip.read(f"{inner}.ogg"))


def render_all(clips: list[PlannedClip], cache: Path, processes: int | None = None) -> None:
    """Render the clips that ``cache`` does not hold yet, one Opus file each.

    Raises:
        SpeakorError: clips are missing and the synthesis extra is not installed.
    """
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [(clip, cache) for clip in clips if not sound_file(clip, cache).exists()]
    if jobs:
        prepare_synthesis()  # once, before all processes want it
    most = processes or os.cpu_count() or 1
    bar = "synthesis" if jobs else ""
    for _ in on_cores(_render_to, jobs, most, _load_synthesiser, memory=_MEMORY, progress=bar):
        pass


def sound_file(clip: PlannedClip, cache: Path) -> Path:
    """Where the sound of a clip is kept; another sound of the same clip has another name."""
    return cache / f"{clip.stem}-{clip.sound_hash}.ogg"


def render(clip: PlannedClip, synthesiser: Synthesiser) -> bytes:
    """Opus bytes (OGG, 16 kHz mono) of one planned clip."""
    speaker = clip.speaker
    speech = synthesiser.speak(
        clip.phones,
        speaker.timbre,
        speaker.prosody,
        speaker.rate,
        speaker.pitch,
        speaker.intonation,
    )
    seed = zlib.crc32(clip.stem.encode())
    return encode_opus(record_speech(speech, speaker.microphone, clip.knocks, seed), _COMPRESSION)


def label_record(clip: PlannedClip, seconds: float) -> dict:
    """Label JSON of one clip: every key of AI Hub's schema, and ``sample_info``."""
    speaker = clip.speaker
    reads = clip.prompt.task == "R"
    language = L1_CODES[speaker.l1]
    months = str(speaker.learning_months)
    phone = "android" if zlib.crc32(speaker.speaker_id.encode()) % 2 else "ios"
    return {
        "fileName": f"{clip.stem}.ogg",
        "file_info": {
            "speakerID": speaker.speaker_id,
            "sentenceID": f"{speaker.l1}{clip.prompt.prompt_id}",
            "recordUnit": phone,
            "recordQuality": "16bit 16kHz MONO",
            "recordDate": clip.date,
            "recordTime": f"{seconds:.2f}",
        },
        "transcription": {
            "Reading": clip.script,
            "ReadingLabelText": clip.label if reads else "",
            "Question": clip.prompt.question,
            "AnswerLabelText": "" if reads else clip.label,
            "SentenceSpeechLV": clip.level,
        },
        "SpeakerID": speaker.speaker_id,
        "basic_info": {
            "gender": speaker.gender,
            "birthYear": str(speaker.birth_year),
            "eduBackground": "학사",
        },
        "residence_info": {
            "country": COUNTRIES[speaker.l1],
            "residencePeriod": months,
            "residenceCity": "서울",
        },
        "skill_info": {
            "languageClass": language,
            "motherTongue": language,
            "selfAssessment": clip.level,
            "topikGrade": speaker.topik,
            "LearningPeriod": months,
            "learningSource": "합성",
        },
        "sample_info": {
            "synthetic": True,
            "sound": clip.sound_hash,
            "voices": sorted({name for name, _ in speaker.timbre + speaker.prosody}),
            "intended": to_jamo(to_hangul(list(clip.intended))),
            "pronounced": to_jamo(to_hangul(list(clip.spoken))),
            "deviations": [d.to_label() for d in clip.deviations],
        },
    }


def pack(clips: list[PlannedClip], cache: Path, target: Path) -> None:
    """Write one zip of labels and one of audio per official split and language.

    A group of which a clip is not rendered yet is left as it is.
    """
    for (split, l1), members in sorted(_groups(clips).items()):
        if not all(sound_file(clip, cache).exists() for clip in members):
            continue

        labels: dict[str, bytes] = {}
        sounds: dict[str, bytes] = {}
        for clip in sorted(members, key=lambda clip: clip.stem):
            inner = _inner_name(clip)
            sound = sound_file(clip, cache).read_bytes()
            label = json.dumps(label_record(clip, duration(sound)), ensure_ascii=False)
            labels[f"{inner}.json"] = label.encode()
            sounds[f"{inner}.ogg"] = sound

        label_zip, sound_zip = _zip_files(target, split, l1)
        _write_zip(label_zip, labels, zipfile.ZIP_DEFLATED)
        _write_zip(sound_zip, sounds, zipfile.ZIP_STORED)


def _groups(clips: list[PlannedClip]) -> dict[tuple[str, str], list[PlannedClip]]:
    """Clips by official split and first language."""
    groups: dict[tuple[str, str], list[PlannedClip]] = defaultdict(list)
    for clip in clips:
        groups[clip.official_split, clip.speaker.l1].append(clip)
    return groups


def _zip_files(target: Path, split: str, l1: str) -> tuple[Path, Path]:
    """Where the labels and the sounds of a group are packed."""
    folder = target / CORPUS_FOLDER / split
    name = f"{_ZIP_NAMES[l1]}.zip"
    return folder / "라벨링데이터" / name, folder / "원천데이터" / (_AUDIO_PREFIX[split] + name)


def _inner_name(clip: PlannedClip) -> str:
    category = clip.prompt.category
    return f"{category}. {CATEGORIES[category]}/{clip.stem}"


def _write_zip(path: Path, members: dict[str, bytes], compression: int) -> None:
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content, compression, 9)


def _first_clips(clips: list[PlannedClip], limit: int | None) -> list[PlannedClip]:
    taken: dict[str, int] = defaultdict(int)
    kept = []
    for clip in clips:
        if limit is None or taken[clip.speaker.speaker_id] < limit:
            taken[clip.speaker.speaker_id] += 1
            kept.append(clip)
    return kept


def _load_synthesiser() -> None:
    global _synthesiser  # one session per process; it cannot be pickled
    _synthesiser = Synthesiser()


def _render_to(clip: PlannedClip, cache: Path) -> None:
    with whole_file(sound_file(clip, cache)) as temporary:
        temporary.write_bytes(render(clip, _synthesiser))
