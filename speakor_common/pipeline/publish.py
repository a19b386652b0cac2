"""A trained model's card, and handing the model to the Hub.

The card says what the run's own files say: experiment, data, numbers with n and interval. Nothing
in it is typed by hand, and a model that was never evaluated says so. A card somebody wrote by hand,
as those of the shipped models, is left as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.decoding.output_readings import TITLES
from speakor_common.errors import CheckpointError
from speakor_common.models import checkpoints
from speakor_common.pipeline.prediction_cache import record_file
from speakor_common.pipeline.results import METRICS_FILE, PREDICTIONS
from speakor_common.show.interval_texts import bounds_text
from speakor_common.storage import read_json, write_text
from speakor_common.training.experiments import EXPERIMENTS
from speakor_common.training.fingerprints import finished_run
from speakor_common.training.preset import LoraTraining
from speakor_common.training.profiles import PROFILES
from speakor_common.training.runlog import clips_used
from speakor_common.training.systems import systems_of

CARD_FILE = "README.md"
_GENERATED = "<!-- written from run.json; a card without this line is kept as it is -->"
_USE_CTC = """\
## Use

```python
from transformers import AutoModelForCTC, AutoProcessor

model = AutoModelForCTC.from_pretrained("{name}")
processor = AutoProcessor.from_pretrained("{name}")
```

Input is 16 kHz mono speech, scaled to a peak of 0.95. A jamo vocabulary writes jamo: compose with
`unicodedata.normalize("NFC", text)`. With this project installed,
`transcribe_audio(path, model="{name}")` does both, keeps to whole syllables, which the strongest
jamo of each frame do not always form, and uses the model's language models where there are any; the
last numbers above were reached that way."""
_USE_WHISPER = """\
## Use

```python
from peft import PeftModel
from transformers import WhisperForConditionalGeneration

base = WhisperForConditionalGeneration.from_pretrained("{base}")
model = PeftModel.from_pretrained(base, "{name}")
```

With this project installed, `transcribe_audio(path, model="{name}")` does that, and uses the
model's language models where there are any."""
_KEPT_BACK = """\
The numbers were reached with a language model counted on transcripts that may not be passed on. It
is not part of this upload; without it expect the rates of plain decoding, which are higher."""
_LANGUAGE_MODELS = ("*.arpa", "decoder.json")


def model_card(directory: Path, name: str) -> ModelCard:
    """Card of a finished model directory.

    Args:
        name: what the model is called where it is published, e.g. ``user/exp05``.

    Raises:
        CheckpointError: the directory holds no finished run, or one of an earlier version.
    """
    facts = _finished(directory)
    experiment = facts["experiment"]
    if "training" not in experiment:
        raise CheckpointError(
            f"{directory}/run.json is of an earlier version, which described experiments "
            "otherwise; train the model again, or write its README.md by hand"
        )
    profile = facts["profile"]
    rates = evaluated_rates(directory, experiment["name"], profile)
    adapter = experiment["training"]["method"] == LoraTraining.method

    # For the Hub's search.
    base = checkpoints.public_name(experiment["base"])
    data = ModelCardData(
        language="ko",
        license="mit" if _redistributable(profile) else "other",
        library_name="peft" if adapter else "transformers",
        pipeline_tag="automatic-speech-recognition",
        base_model=base if "/" in base else None,
        tags=["korean", "non-native-speech", "pronunciation"],
        model_name=name,
        eval_results=_eval_results(rates, profile),
    )

    # For people.
    sections = [
        _GENERATED,
        f"# {name}",
        experiment["note"],
        _data_section(facts),
        _numbers(rates, profile),
        _settings(facts),
        (_USE_WHISPER if adapter else _USE_CTC).format(name=name, base=base),
    ]
    if "decoding" in facts and not _redistributable(profile):
        sections.insert(5, _KEPT_BACK)
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(sections) + "\n")


def _finished(directory: Path) -> dict[str, Any]:
    facts = finished_run(directory)
    if facts is None:
        raise CheckpointError(
            f"{directory} holds no run.json; train the model to its end first, "
            "e.g.: speakor train exp05"
        )
    return facts


def evaluated_rates(directory: Path, experiment: str, profile: str) -> dict[str, dict[str, Any]]:
    """Rates on the clean test split by how the output was read, if this very model was evaluated.

    Its own way of reading comes last. A model of the same name with other weights, or other
    language models, has none here.
    """
    folder = paths.results(profile)
    metrics = folder / METRICS_FILE
    if not metrics.is_file():
        return {}

    # The records beside the predictions say which weights made them.
    weights = checkpoints.weights_hash(directory)
    counted = read_json(metrics)
    rates = {}
    for system in systems_of(experiment) if experiment in EXPERIMENTS else []:
        record = record_file(folder / PREDICTIONS, system.name)
        same = record.is_file() and read_json(record).get("model") == weights
        if same and CLEAN in counted.get(system.name, {}):
            rates[TITLES[system.reading]] = counted[system.name][CLEAN]
    return rates


def write_card(directory: Path, name: str) -> Path:
    """Write the card as the directory's README.md, unless somebody wrote one by hand.

    Raises:
        CheckpointError: see :func:`model_card`.
    """
    card = directory / CARD_FILE
    if card.is_file() and _GENERATED not in card.read_text(encoding="utf-8"):
        return card
    return write_text(card, str(model_card(directory, name)))


def push(directory: Path, repo_id: str, private: bool = True) -> str:
    """Upload a model directory with its card; returns the address.

    Uses the login of ``hf auth login`` or ``HF_TOKEN``; the token is neither printed nor stored.
    Language models hold n-grams of the transcripts they were counted on. They stay here unless the
    profile says that its transcripts may be passed on.

    Raises:
        CheckpointError: no finished run there, or the Hub does not take it.
    """
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    facts = _finished(directory)
    write_card(directory, repo_id)

    kept_back = ["runs/**"]  # TensorBoard's file names hold the machine's
    if not _redistributable(facts["profile"]):
        kept_back += _LANGUAGE_MODELS
    try:
        api = HfApi()
        address = api.create_repo(repo_id, private=private, exist_ok=True)
        api.upload_folder(repo_id=repo_id, folder_path=directory, ignore_patterns=kept_back)
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise CheckpointError(
            f"{paths.relative(directory)} was not uploaded to {repo_id} ({reason})"
        ) from error
    return str(address)


def _redistributable(profile: str) -> bool:
    """Whether a profile's transcripts may be passed on; of one nobody knows, no."""
    return profile in PROFILES and PROFILES[profile].redistributable


def _data_section(facts: dict[str, Any]) -> str:
    profile = PROFILES.get(facts["profile"])
    description = (profile and profile.description) or f"profile {facts['profile']}"
    reasons = [f"{count} {reason}" for reason, count in facts["left_out"].items()]
    left_out = ", ".join(reasons) or "none"
    text = f"Training clips: {clips_used(facts)}, of {description}. Left out: {left_out}."
    return f"## Data\n\n{text}"


def _numbers(rates: dict[str, dict[str, Any]], profile: str) -> str:
    if not rates:
        return "## Numbers\n\nNot evaluated on a test split."

    rows = ["| read | | | 95 % (over speakers) |", "|---|---|---|---|"]
    for title, measured in rates.items():
        for rate in ("wer", "cer"):
            interval = bounds_text(measured[f"{rate}_95"], measured.get("no_interval", ""))
            cells = f"{rate.upper()} | {measured[rate]:.3f} | {interval}"
            rows.append(f"| {title} | {cells} |")
    table = "\n".join(rows)
    n = next(iter(rates.values()))["n"]
    return (
        f"## Numbers\n\nTest split disjoint from training in speakers, n = {n} "
        f"(`make reproduce PROFILE={profile}`).\n\n{table}"
    )


def _settings(facts: dict[str, Any]) -> str:
    experiment = facts["experiment"]
    values = {"base": checkpoints.public_name(experiment["base"])} | experiment["training"]
    if experiment["decoding"]:
        values |= {f"language models, {key}": v for key, v in experiment["decoding"].items()}
    changed = ", ".join(facts["changed_by_profile"]) or "nothing"
    return "\n".join(
        [
            "## Settings",
            "",
            *(f"- {key}: {value}" for key, value in values.items()),
            "",
            f"Changed by the profile: {changed}. "
            f"Seed {facts['seed']}, code {facts['code_revision']}.",
        ]
    )


def _eval_results(rates: dict[str, dict[str, Any]], profile: str) -> list[EvalResult] | None:
    """What the Hub lists: the rates of the model's own way of reading."""
    if not rates:
        return None
    own = list(rates.values())[-1]
    return [
        EvalResult(
            task_type="automatic-speech-recognition",
            dataset_type=profile,
            dataset_name=f"{profile} test split",
            metric_type=rate,
            metric_value=round(own[rate], 4),
        )
        for rate in ("wer", "cer")
    ]
