"""Transcribing without a network, for tests of what is transcribed when."""

import pandas as pd
import pytest

from speakor_common.recognition import predict_many
from tests.builders import predictions


@pytest.fixture
def made(monkeypatch):
    """What was really transcribed: experiments with their conditions."""
    requests = []

    def made_up(missing, data, progress):
        for request in missing:
            requests.append((request.experiment, request.conditions))
            rows = [
                predictions(list(data["text"]), ["네"] * len(data), request.experiment, condition)
                for condition in request.conditions
            ]
            yield pd.concat(rows, ignore_index=True)

    monkeypatch.setattr(predict_many, "predict_many", made_up)
    return requests
