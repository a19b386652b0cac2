"""Random models small enough to train in seconds, made once."""

import pytest

from tests.builders import tiny_ctc, tiny_whisper


@pytest.fixture(scope="session")
def ctc_base(tmp_path_factory):
    return tiny_ctc(tmp_path_factory.mktemp("ctc"))


@pytest.fixture(scope="session")
def whisper_base(tmp_path_factory):
    return tiny_whisper(tmp_path_factory.mktemp("whisper"))
