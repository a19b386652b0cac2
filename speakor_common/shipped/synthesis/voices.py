"""Whose voices the sample has: the base voices of each part, and speakers mixed from them.

Kokoro-82M comes with 54 voices. Every base voice belongs to one part only, so that a model tested
on the sample has never heard the voices it is tested on, in whatever mixture. Voices follow the
first language where there are any (Japanese, Chinese, English); Vietnamese and Thai learners borrow
those of other languages. Four voices are in no part: they stay unheard, for checks from outside.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from speakor_common.corpus.splits import TEST, TRAIN, VALID

BASE = "base"  # the part that base and listener are trained on: native speech of split train
PARTS_OF_VOICES = (BASE, TRAIN, VALID, TEST)
RESERVED = ("am_puck", "zf_xiaoni", "bm_lewis", "if_sara")

# Voices by part and by the learners who have them. Names that are one person to the ear stand in
# the same part: ef_dora and pf_dora, em_alex and pm_alex, em_santa and pm_santa, whose styles
# correlate by 0.94 to 0.97, and jf_gongitsune and jf_nezumi (0.88); no other two by more than 0.85.
_VOICES: dict[str, dict[str, str]] = {
    BASE: {
        "KR": (
            "af_alloy af_aoede af_heart af_jessica af_nicole af_river am_adam am_echo am_onyx "
            "am_santa bf_alice bf_lily bm_daniel bm_george ff_siwis"
        ),
    },
    TRAIN: {
        "CN": "zf_xiaoxiao zm_yunjian zm_yunyang",
        "JP": "jf_gongitsune jf_nezumi",
        "EN": "af_bella af_sarah am_liam am_michael bf_isabella",
        "VN": "hf_alpha hm_omega",
        "TH": "em_santa pm_santa hf_alpha",
    },
    VALID: {
        "CN": "zf_xiaoyi zm_yunxia",
        "JP": "jf_alpha zm_yunxia",
        "EN": "af_sky am_fenrir",
        "VN": "im_nicola zf_xiaoyi",
        "TH": "im_nicola af_sky",
    },
    TEST: {
        "CN": "zf_xiaobei zm_yunxi",
        "JP": "jf_tebukuro jm_kumo",
        "EN": "af_kore af_nova am_eric bf_emma bm_fable",
        "VN": "hf_beta hm_psi",
        "TH": "ef_dora pf_dora em_alex pm_alex",
    },
}

_LEVELS = ("하", "중", "상")
# Of the first speaker: a part with fewer speakers than levels has other levels in other L1s.
_FIRST_LEVEL = {"VN": 0, "JP": 0, "CN": 1, "EN": 1, "TH": 2}
_RATES = {"하": (0.80, 0.96), "중": (0.88, 1.06), "상": (0.96, 1.16), None: (1.0, 1.24)}
# Share of words followed by a hesitation: lowest and highest of a speaker.
_PAUSES = {"하": (0.12, 0.34), "중": (0.05, 0.2), "상": (0.0, 0.1), None: (0.0, 0.06)}
_TOPIK = {
    "하": ("1", "2", "해당 없음"),
    "중": ("3", "4"),
    "상": ("5", "6"),
    None: ("해당 없음",),
}
_LEARNING_MONTHS = {"하": (3, 12), "중": (10, 30), "상": (24, 72)}  # natives: none
_OWN_VOICE = (0.55, 0.95)  # share of the voice that a speaker mostly is
_PITCHES = (0.93, 1.08)
_INTONATION = (0.55, 1.45)

Mix = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Microphone:
    """The device and the room of one speaker.

    Attributes:
        tilt_db: gain of the band above 2 kHz.
        low_hz, high_hz: band edges.
        snr_db: speech level over the constant noise of the room.
        noise_hz: below this the room's noise falls no further; low is a dull room.
        echo_s: time in which the room's echo falls by 60 dB.
        echo_db: level of the echo relative to the direct sound.
        peak: peak amplitude of the recording, full scale 1.0.
        clicks: whether the button is heard.
        edge_s: longest time between button and speech, and between speech and button.
    """

    tilt_db: float
    low_hz: int
    high_hz: int
    snr_db: float
    noise_hz: int
    echo_s: float
    echo_db: float
    peak: float
    clicks: bool
    edge_s: float


@dataclass(frozen=True)
class Speaker:
    """One synthetic speaker.

    Attributes:
        speaker_id: AI Hub form, L1 code and four digits.
        l1: first language, ``KR`` for native speakers.
        part: of :data:`PARTS_OF_VOICES`; all its voices are of this part.
        level: overall level 상, 중 or 하; ``None`` for native speakers.
        timbre, prosody: weights of base voices, for how the speaker sounds and moves; sum to 1.
        rate: speaking rate, 1.0 as the voice was trained.
        pitch: factor on fundamental and formants, 1.0 unchanged.
        intonation: factor on the fundamental's distance from its mean, 1.0 unchanged.
        pauses: share of words followed by a hesitation.
    """

    speaker_id: str
    l1: str
    part: str
    gender: str
    level: str | None
    topik: str
    birth_year: int
    learning_months: int
    timbre: Mix
    prosody: Mix
    rate: float
    pitch: float
    intonation: float
    pauses: float
    microphone: Microphone


def voices_of(part: str) -> tuple[str, ...]:
    """All base voices of a part, sorted."""
    return tuple(sorted({name for names in _VOICES[part].values() for name in names.split()}))


def make_speaker(speaker_id: str, l1: str, part: str, number: int, seed: int) -> Speaker:
    """A speaker as a pure function of the arguments.

    Args:
        number: position among the speakers of this part and L1; main voice and level are dealt in
            turn, each voice with each level.
    """
    rng = random.Random(f"{seed}/speaker/{speaker_id}")
    level = None if l1 == "KR" else _LEVELS[(number + _FIRST_LEVEL[l1]) % len(_LEVELS)]
    own = _own_voices(part, l1)
    shift = number // len(_LEVELS) if len(own) % len(_LEVELS) == 0 else 0
    main = own[(number + shift) % len(own)]

    # Person
    topik = rng.choice(_TOPIK[level])
    birth_year = rng.randint(1975, 2004)
    months = rng.randint(*_LEARNING_MONTHS[level]) if level else 0

    # Voice: mostly one, with others of the part mixed in; melody and rhythm may lean elsewhere.
    timbre = _mix(main, voices_of(part), rng)
    prosody = _mix(rng.choice(own), voices_of(part), rng)
    return Speaker(
        speaker_id=speaker_id,
        l1=l1,
        part=part,
        gender="M" if main[1] == "m" else "F",
        level=level,
        topik=topik,
        birth_year=birth_year,
        learning_months=months,
        timbre=timbre,
        prosody=prosody,
        rate=round(rng.uniform(*_RATES[level]), 3),
        pitch=round(rng.uniform(*_PITCHES), 3),
        intonation=round(rng.uniform(*_INTONATION), 3),
        pauses=round(rng.uniform(*_PAUSES[level]), 3),
        microphone=_microphone(rng),
    )


def _own_voices(part: str, l1: str) -> list[str]:
    """Voices that speakers of an L1 mostly have; natives of a learners' part have all of it."""
    own = _VOICES[part].get(l1)
    return own.split() if own else list(voices_of(part))


def _mix(main: str, pool: tuple[str, ...], rng: random.Random) -> Mix:
    """Mostly ``main``, with one or two others of the pool that sound of the same sex."""
    others = [name for name in pool if name != main and name[1] == main[1]]
    chosen = rng.sample(others, min(len(others), rng.choice((1, 1, 2))))
    share = rng.uniform(*_OWN_VOICE) if chosen else 1.0
    rest = round((1 - share) / max(1, len(chosen)), 4)
    return ((main, round(1 - rest * len(chosen), 4)), *((name, rest) for name in chosen))


def _microphone(rng: random.Random) -> Microphone:
    """Telephones and computers, in rooms from dry to lively."""
    return Microphone(
        tilt_db=round(rng.uniform(-8, 4), 1),
        low_hz=rng.choice((40, 80, 150, 300)),
        high_hz=rng.choice((3600, 5500, 6500, 7600, 7600)),
        snr_db=round(rng.uniform(16, 42), 1),
        noise_hz=rng.choice((200, 600, 1200, 3000)),
        echo_s=round(rng.uniform(0.12, 0.55), 2),
        echo_db=round(rng.uniform(-26, -8), 1),
        peak=round(rng.uniform(0.15, 0.9), 2),
        clicks=rng.random() < 0.5,
        edge_s=round(rng.uniform(0.1, 2.0), 2),
    )
