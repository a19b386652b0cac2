"""CONTRIBUTING.md's recipes, run as they stand there."""

import json
import re
from pathlib import Path

import pytest

from speakor_common.corpus import readers
from speakor_common.corpus.prepare import prepare
from speakor_common.corpus.splits import SplitPolicy
from speakor_common.evaluation import levels
from speakor_common.evaluation.metrics import score
from speakor_common.recognition import recognisers
from speakor_common.recognition.transcriber import Transcriber
from speakor_common.training import experiments
from tests.builders import seed_layout, tone

GUIDE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
BLOCKS = re.findall(
    r"```python\n# recipe: (\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S
)


REGISTRIES = (readers.READERS, experiments.EXPERIMENTS, levels.LEVELS, recognisers.RECOGNISERS)


@pytest.fixture
def follow():
    """Runs a recipe; what it adds to a registry is gone after the test."""
    before = [dict(registry) for registry in REGISTRIES]
    yield lambda recipe: exec(compile(dict(BLOCKS)[recipe], f"recipe {recipe}", "exec"), {})
    for registry, entries in zip(REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(entries)


def test_there_is_a_recipe_for_each_thing_that_is_added():
    assert [name for name, _ in BLOCKS] == ["corpus", "base", "experiment", "metric", "recogniser"]


def test_a_corpus_is_prepared_by_its_name(follow, tmp_path):
    follow("corpus")
    seed_layout(tmp_path / "corpus", 6, items=6)
    policy = SplitPolicy(valid_speakers=0.3, test_speakers=0.3)
    prepared = prepare(
        tmp_path / "corpus", tmp_path / "out", policy, workers=1, progress=False, reader="mine"
    )
    assert len(prepared.manifest) > 0


def test_a_preset_has_a_base_of_its_own(follow):
    follow("base")
    used, _, _ = experiments.resolve_experiment("exp05-xlsr", "sample")
    assert used.base == "facebook/wav2vec2-xls-r-300m"


def test_an_experiment_is_known_everywhere(follow):
    follow("experiment")
    used, _, _ = experiments.resolve_experiment("exp05-slow", "sample")
    assert used.training.learning_rate == 1e-4 and used.training.epochs == 8
    assert used.compared_with == ("exp05",)


def test_a_metric_is_scored(follow):
    follow("metric")
    result = score(["바다에 가요"], ["파다에 가요"])
    assert result.to_dict()["oer"] == pytest.approx(1 / 5)


def test_a_recogniser_transcribes(follow, tmp_path):
    follow("recogniser")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "polite"}), encoding="utf-8")
    transcriber = Transcriber.from_pretrained(tmp_path)
    assert transcriber.recogniser.recognise([tone(1.0)])[0].text == "안녕하세요"
