"""Extra native-like material for the tiny base: espeak-ng reading generated sentences.

espeak-ng (from the PyPI package ``espeakng-loader``) makes hours of Korean in seconds. It
sounds robotic and is not shipped; it only teaches an untrained model which sound belongs to
which jamo, before native sample clips teach it what people sound like.
"""

from __future__ import annotations

import ctypes
import random
from functools import lru_cache

import numpy as np

from speakor_common.audio import decode, encode_wav
from speakor_common.errors import SpeakorError
from speakor_common.shipped.synthesis.plan import SEED
from speakor_common.shipped.synthesis.texts.prompts import further_texts
from speakor_common.text import to_jamo
from speakor_common.text.pronunciation import pronunciations

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: synthesise in the calling thread, samples to the callback
_UTF8 = 1
_PITCH, _RATE = 3, 1  # espeak_PARAMETER
_VARIANTS = ("", *"+f1 +f2 +f3 +f4 +m1 +m3 +m5 +m7 +croak +klatt2 +klatt4".split())


def espeak_clips(count: int, seed: int = SEED) -> list[dict]:
    """Training rows as those of :func:`.extra.extra_clips`."""
    rng = random.Random(f"{seed}/espeak/voices")
    rows = []
    for number, text in enumerate(further_texts(count, SEED, "espeak")):
        # drawn in this order: variant, words a minute, pitch
        voice = (rng.choice(_VARIANTS), rng.randint(140, 210), rng.randint(25, 75))
        samples = speak(pronunciations(text).best, *voice)
        row = {
            "utterance_id": f"espeak{number:05d}",
            "text": text,
            "pronounced": to_jamo(pronunciations(text).best),
            "audio": encode_wav(samples),
            "length": len(samples),
        }
        rows.append(row)
    return rows


def speak(text: str, variant: str, words_per_minute: int, pitch: int) -> np.ndarray:
    """One sentence read by a voice variant: float32, 16 kHz mono.

    Raises:
        SpeakorError: espeak-ng is missing, or refuses the voice.
    """
    library, rate, collected = _engine()
    collected.clear()
    if library.espeak_SetVoiceByName(f"ko{variant}".encode()) != 0:
        raise SpeakorError(f"espeak-ng has no voice ko{variant}")
    library.espeak_SetParameter(_RATE, words_per_minute, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    encoded = text.encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
    return decode((np.frombuffer(b"".join(collected), np.int16), rate))


@lru_cache(maxsize=1)
def _engine():
    """The library, its sample rate and the list its callback fills; kept alive together."""
    try:
        import espeakng_loader
    except ModuleNotFoundError as error:
        raise SpeakorError(
            "espeak-ng is missing; install it with: pip install '.[synthesis]'"
        ) from error
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(
        _SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0
    )
    collected: list[bytes] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def collect(samples, count, _events):
        if count > 0:
            collected.append(ctypes.string_at(samples, 2 * count))
        return 0

    library.espeak_SetSynthCallback(collect)
    library.callback_reference = collect  # or Python frees the callback while C still calls it
    return library, rate, collected
