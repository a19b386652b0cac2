"""Written numbers → Korean words, and which of them could be read otherwise."""

from speakor_common.text.numbers.readings import Choice, Readings, readings

__all__ = ["Choice", "Readings", "readings"]
