"""Who speaks when: this project's separation against resemblyzer's own recipe.

    python benchmarks/speakers.py [--part test] [--recordings 4] [--real DIR]

Clips are joined into recordings of two and three speakers, with pauses, and with a tenth of the
speech spoken by two at once. They are of the next sample's learners whose voices are all of one
part: settings were chosen on validation and training voices, the test voices had no part in it.
With ``--real``, clips of people are joined too: a folder with ``transcripts.tsv`` (columns
``file, speaker``); nothing was chosen on them, and only rates are written. One clip is one
microphone, so a change of speakers is one of rooms as well, which is easier than one table.

The recipe is that of resemblyzer's ``demo02_diarization.py``: 16 windows of 1.6 s a second, each
compared with a vector of every speaker, made of the first 5.5 s he speaks alone. So it is told the
voices, and how many. What the demo lacks is added: windows go to the most similar speaker, and
speech is where this project's detector hears it, so that both differ in voices alone.

Writes
results/benchmarks/speakers.json.
"""

import argparse
import csv
import itertools
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.evaluation.diarisation import COLLAR_S, DiarisationErrors, diarisation_errors
from speakor_common.evaluation.joined_speakers import TURNS, Clip, Recording, clip_of, join
from speakor_common.models.speaker_encoder import WINDOW, mean_vector, window_vectors
from speakor_common.recognition.speakers import Turn, separate_speakers, speech_stretches
from speakor_common.shipped.synthesis.voices import voices_of
from speakor_common.storage import write_json

SEED = 0
SETTINGS = ((2, 0.0), (2, 0.1), (3, 0.0), (3, 0.1))  # speakers, share spoken by two
MOST_CLIPS = 24  # of a speaker

STEP = RATE // 50

DEMO_STEP = 6  # frames: 16 windows a second
ENROLLED_S = 5.5


Clips = dict[str, list[Clip]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("valid", "test"), default="test")
    parser.add_argument("--recordings", type=int, default=4, help="of each setting")
    parser.add_argument("--real", type=Path, help="folder of people's clips")
    options = parser.parse_args()

    # Another part is for choosing settings and leaves no file.
    rows = measure(f"sample, {options.part}", sample_clips(options.part), options.recordings)
    if options.real:
        rows += measure("people", real_clips(options.real), options.recordings)
    if options.part == "test":
        print(paths.relative(write_json(paths.benchmarks() / "speakers.json", rows)))


def measure(voices: str, clips: Clips, count: int) -> list[dict]:
    """A row for each setting and way."""
    rng = np.random.default_rng(SEED)
    rows = []
    for speakers, overlap in SETTINGS:
        groups = list(itertools.combinations(sorted(clips), speakers))
        drawn = rng.choice(len(groups), min(count, len(groups)), replace=False)
        recordings = [join(clips, groups[i], overlap, rng) for i in drawn]
        for way, separate in WAYS.items():
            found = [separate(recording, speakers) for recording in recordings]
            row = {"voices": voices, "speakers": speakers, "overlap": overlap, "way": way}
            rows.append(row | errors(recordings, found, speakers))
            print(json.dumps(rows[-1]), flush=True)
    return rows


def errors(recordings: list[Recording], found: list[list[Turn]], speakers: int) -> dict:
    """Rates over all recordings, the worst one's, and how often the number of speakers is right."""
    pairs = list(zip(recordings, found, strict=True))
    each = [diarisation_errors(recording.turns, turns) for recording, turns in pairs]
    total = sum(each, DiarisationErrors())
    collared = sum(
        (diarisation_errors(recording.turns, turns, COLLAR_S) for recording, turns in pairs),
        DiarisationErrors(),
    )
    numbers = [len({turn.speaker for turn in turns}) for turns in found]
    return {
        "n": len(recordings),
        "speech_s": round(total.speech_s),
        "der": round(total.rate, 4),
        "missed": round(total.missed_s / total.speech_s, 4),
        "false_alarm": round(total.false_alarm_s / total.speech_s, 4),
        "confused": round(total.confused_s / total.speech_s, 4),
        "der_collar": round(collared.rate, 4),
        "worst": round(max(one.rate for one in each), 4),
        "right_number": numbers.count(speakers),
    }


def number_known(recording: Recording, speakers: int) -> list[Turn]:
    return list(separate_speakers(recording.samples, speakers).turns)


def number_estimated(recording: Recording, speakers: int) -> list[Turn]:
    return list(separate_speakers(recording.samples).turns)


def demo(recording: Recording, speakers: int) -> list[Turn]:
    """Resemblyzer's recipe, told a few seconds of every voice."""
    rms = np.sqrt(np.mean(np.square(recording.samples)))
    samples = recording.samples * max(1.0, 10 ** (-30 / 20) / rms)  # the package only raises
    enrolled = [enrolment(samples, recording.turns, speaker) for speaker in range(1, speakers + 1)]
    voices = np.stack([mean_vector(each) for each in window_vectors(enrolled, 77)])
    windows = window_vectors([samples.astype(np.float32)], DEMO_STEP)[0]
    nearest = (windows @ voices.T).argmax(axis=1)

    # The window whose middle is nearest decides, every 20 ms of speech.
    turns = []
    for start, end in speech_stretches(recording.samples):
        moments = np.arange(start, end, STEP)
        places = np.round((moments / STEP * 2 - WINDOW / 2) / DEMO_STEP)
        speaking = nearest[np.clip(places, 0, len(nearest) - 1).astype(int)]
        turns += [
            Turn(int(speaker) + 1, moment / RATE, min(moment + STEP, end) / RATE)
            for speaker, moment in zip(speaking, moments, strict=True)
        ]
    return turns


WAYS: dict[str, Callable[[Recording, int], list[Turn]]] = {
    "number known": number_known,
    "number estimated": number_estimated,
    "resemblyzer's demo, voices known": demo,
}


def enrolment(samples: np.ndarray, turns: list[Turn], speaker: int) -> np.ndarray:
    """The first seconds a speaker speaks alone."""
    alone = np.zeros(len(samples), int)
    for turn in turns:
        part = slice(int(turn.start_s * RATE), int(turn.end_s * RATE))
        alone[part] += 1 if turn.speaker == speaker else 2
    return samples[alone == 1][: int(ENROLLED_S * RATE)]


def sample_clips(part: str) -> Clips:
    """Clips of the next sample's learners whose voices are all of a part."""
    own = set(voices_of(part))
    clips: Clips = defaultdict(list)
    for archive in sorted((paths.root() / "data" / "sample-next").rglob("라벨링데이터/*.zip")):
        sounds = next((archive.parent.parent / "원천데이터").glob(f"?S_{archive.name}"))
        with zipfile.ZipFile(archive) as labels:
            for name in sorted(labels.namelist()):
                label = json.loads(labels.read(name))
                own_clips = clips[label["SpeakerID"]]
                if own >= set(label["sample_info"]["voices"]) and len(own_clips) < MOST_CLIPS:
                    own_clips += clip_of(f"{sounds}!/{name.removesuffix('.json')}.ogg")
    return {speaker: each for speaker, each in clips.items() if each}


def real_clips(folder: Path) -> Clips:
    """Clips of a folder by their speakers, of whom those with few clips are left out."""
    clips: Clips = defaultdict(list)
    with (folder / "transcripts.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            clips[row["speaker"]] += clip_of(str(folder / row["file"]))
    return {speaker: each for speaker, each in clips.items() if len(each) >= TURNS}


if __name__ == "__main__":
    main()
