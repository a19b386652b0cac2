"""In which ways a model's output is read: with nothing beside it, with a rule, with models of text.

One CTC model is several systems, as many as there are ways to read its posteriors, and a rate
means little without a word on which it was. How each is done stands in :mod:`.syllables` and
:mod:`.rescoring`.
"""

from __future__ import annotations

from enum import StrEnum


class Reading(StrEnum):
    """A way from a model's output to text, the plainest first."""

    PLAIN = "plain"
    WHOLE_SYLLABLES = "whole syllables"
    LANGUAGE_MODELS = "language models"


# How tables name a reading, after the model's own title.
TITLES = {
    Reading.PLAIN: "read plainly",
    Reading.WHOLE_SYLLABLES: "whole syllables",
    Reading.LANGUAGE_MODELS: "with language models",
}

# What a reading uses beside the network.
USES = {
    Reading.PLAIN: "nothing else; the most probable symbol at every step, whatever they spell",
    Reading.WHOLE_SYLLABLES: "a rule of what can be spelled, no language model",
    Reading.LANGUAGE_MODELS: "language models of the training transcripts and of Korean at large",
}
