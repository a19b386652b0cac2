"""Synthesise the planned clips and store them as AI Hub delivers its corpus.

Clips are rendered one file each into a cache folder (restartable: finished clips are
kept), then packed into label and audio zips per language and official part.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections import defaultdict
from multiprocessing import get_context
from pathlib import Path

import soundfile
from tqdm import tqdm

from speakor_common.shipped.synthesis.kokoro import RATE, Synthesiser
from speakor_common.shipped.synthesis.phonology import to_hangul
from speakor_common.shipped.synthesis.plan import PlannedClip, plan
from speakor_common.shipped.synthesis.sentences import CATEGORIES
from speakor_common.shipped.synthesis.voices import COUNTRIES, L1_CODES, record
from speakor_common.text import to_jamo

CORPUS_FOLDER = "131.인공지능 학습을 위한 외국인 한국어 발화 음성 데이터/01.데이터_new_20220719"
# AI Hub numbers its language zips; the native part is this sample's own addition.
_ZIP_NAMES = {
    "VN": "1. 베트남어",
    "EN": "2. 영어",
    "JP": "3. 일본어",
    "CN": "4. 중국어",
    "KR": "5. 한국어",
}
_AUDIO_PREFIX = {"1.Training": "TS_", "2.Validation": "VS_"}
_ZIP_DATE = (2022, 7, 19, 0, 0, 0)  # fixed, so that the same clips make the same zip
_OPUS_COMPRESSION = 0.9  # soundfile's 0-1 scale; about 31 kbit/s at 16 kHz mono

_synthesiser: Synthesiser | None = None


def build(
    target: Path, cache: Path, processes: int | None = None, limit: int | None = None
) -> Path:
    """Render every planned clip and write the zips under ``target``.

    Args:
        target: corpus root to write, e.g. ``data/sample``.
        cache: folder for single clips; kept, so an interrupted build continues.
        processes: worker processes, one synthesiser each; default one per core.
        limit: render only the first clips of every speaker (for a try-out).
    """
    clips = _first_clips(plan(), limit)
    render_all(clips, cache, processes)
    pack(clips, cache, target)
    return target


def render_all(clips: list[PlannedClip], cache: Path, processes: int | None = None) -> None:
    """Render the clips that ``cache`` does not hold yet, one Opus file each; a file appears whole or not at all."""
    cache.mkdir(parents=True, exist_ok=True)
    todo = [clip for clip in clips if not (cache / f"{clip.stem}.ogg").exists()]
    if not todo:
        return
    with get_context("spawn").Pool(processes or os.cpu_count(), _start_worker) as pool:
        jobs = pool.imap_unordered(_render_to, [(clip, cache) for clip in todo], chunksize=4)
        for _ in tqdm(jobs, total=len(todo), desc="synthesis", unit="clip"):
            pass


def render(clip: PlannedClip, synthesiser: Synthesiser) -> bytes:
    """Opus bytes (OGG, 16 kHz mono) of one planned clip."""
    speaker = clip.speaker
    speech = synthesiser.speak(clip.phones, speaker.mix, speaker.rate, speaker.pitch)
    audio = record(speech, speaker, clip.knocks, seed=zlib.crc32(clip.stem.encode()))
    buffer = io.BytesIO()
    soundfile.write(
        buffer, audio, RATE, format="OGG", subtype="OPUS", compression_level=_OPUS_COMPRESSION
    )
    return buffer.getvalue()


def label_record(clip: PlannedClip, seconds: float) -> dict:
    """Label JSON of one clip: every key of AI Hub's schema, and ``sample_info``."""
    speaker, reads = clip.speaker, clip.prompt.task == "R"
    return {
        "fileName": f"{clip.stem}.ogg",
        "file_info": {
            "speakerID": speaker.speaker_id,
            "sentenceID": f"{speaker.l1}{clip.prompt.prompt_id}",
            "recordUnit": "android" if zlib.crc32(speaker.speaker_id.encode()) % 2 else "ios",
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
            "residencePeriod": str(speaker.learning_months),
            "residenceCity": "서울",
        },
        "skill_info": {
            "languageClass": L1_CODES[speaker.l1],
            "motherTongue": L1_CODES[speaker.l1],
            "selfAssessment": clip.level,
            "topikGrade": speaker.topik,
            "LearningPeriod": str(speaker.learning_months),
            "learningSource": "합성",
        },
        "sample_info": {
            "synthetic": True,
            "intended": to_jamo(to_hangul(list(clip.intended))),
            "pronounced": to_jamo(to_hangul(list(clip.spoken))),
            "deviations": [d.to_label() for d in clip.deviations],
        },
    }


def pack(clips: list[PlannedClip], cache: Path, target: Path) -> None:
    """Write label and audio zips per official part and language; each appears whole or not at all."""
    groups: dict[tuple[str, str], list[PlannedClip]] = defaultdict(list)
    for clip in clips:
        groups[clip.official_part, clip.speaker.l1].append(clip)
    for (part, l1), members in sorted(groups.items()):
        folder, name = target / CORPUS_FOLDER / part, f"{_ZIP_NAMES[l1]}.zip"
        labels, audio = {}, {}
        for clip in sorted(members, key=lambda c: c.stem):
            inner = f"{clip.prompt.category}. {CATEGORIES[clip.prompt.category]}"
            sound = (cache / f"{clip.stem}.ogg").read_bytes()
            audio[f"{inner}/{clip.stem}.ogg"] = sound
            seconds = soundfile.info(io.BytesIO(sound)).duration
            labels[f"{inner}/{clip.stem}.json"] = json.dumps(
                label_record(clip, seconds), ensure_ascii=False
            ).encode()
        _write_zip(folder / "라벨링데이터" / name, labels, zipfile.ZIP_DEFLATED)
        _write_zip(folder / "원천데이터" / (_AUDIO_PREFIX[part] + name), audio, zipfile.ZIP_STORED)


def _write_zip(path: Path, members: dict[str, bytes], compression: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), content, compression, 9)
    temporary.replace(path)


def _first_clips(clips: list[PlannedClip], limit: int | None) -> list[PlannedClip]:
    taken: dict[str, int] = defaultdict(int)
    kept = []
    for clip in clips:
        if limit is None or taken[clip.speaker.speaker_id] < limit:
            taken[clip.speaker.speaker_id] += 1
            kept.append(clip)
    return kept


def _start_worker() -> None:
    global _synthesiser  # one session per process; it cannot be pickled
    _synthesiser = Synthesiser()


def _render_to(job: tuple[PlannedClip, Path]) -> None:
    clip, cache = job
    path = cache / f"{clip.stem}.ogg"
    temporary = path.with_suffix(".part")
    temporary.write_bytes(render(clip, _synthesiser))
    temporary.replace(path)
