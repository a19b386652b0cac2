"""The errors this package raises on purpose.

Every message says which file or value, what was found, what was expected and
what to do; the command line prints the message alone, without a traceback.
"""


class SpeakorError(Exception):
    """Base of all expected failures: catch this to catch them all."""


class TextError(SpeakorError, ValueError):
    """A text cannot be turned into standard Korean without guessing."""


class AudioError(SpeakorError):
    """Audio cannot be read, or holds nothing to recognise."""


class CorpusError(SpeakorError):
    """A corpus root, its labels or its splits are not what was expected."""


class CheckpointError(SpeakorError):
    """A base checkpoint or trained model cannot be found or loaded."""


class TrainingError(SpeakorError):
    """Training met an impossible value or an unusable setting."""


class TrainingInterrupted(TrainingError):
    """A signal stopped training after saving a checkpoint; the same command continues it."""


class ResultsError(SpeakorError):
    """A prediction or results file is missing, incomplete or inconsistent."""
