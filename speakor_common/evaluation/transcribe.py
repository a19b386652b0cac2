"""The front door to recognition: text of a recording, with any model of this project.

What is behind it is in :mod:`speakor_common.recognition.transcriber`.
"""

from speakor_common.recognition.transcriber import Transcriber, Transcript, transcribe_audio

__all__ = ["Transcriber", "Transcript", "transcribe_audio"]
