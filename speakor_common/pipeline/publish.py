"""A trained model's card, and handing the model to the Hub.

The card says what the run's own files say: preset, data, numbers with n and interval. Nothing
in it is typed by hand, and a model that was never evaluated says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData

from speakor_common import paths
from speakor_common.batching.conditions import CLEAN
from speakor_common.errors import CheckpointError
from speakor_common.storage import read_json, write_text
from speakor_common.training.runs import finished

_DATA = {
    "smoke": "a few clips of the synthetic sample corpus (data/sample); the numbers mean nothing",
    "sample": "the synthetic sample corpus (data/sample): no learner ever spoke it, and a rate on it says nothing about people",
    "aihub": "AI Hub 505, 인공지능 학습을 위한 외국인 한국어 발화 음성 데이터; the data itself may not be redistributed",
}
_USE = """\
## Use

```python
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor

model = Wav2Vec2ForCTC.from_pretrained("{name}")
processor = Wav2Vec2Processor.from_pretrained("{name}")
```

Input is 16 kHz mono speech, scaled to a peak of 0.95. A jamo vocabulary writes jamo: compose with `unicodedata.normalize("NFC", text)`.
With this project installed, `transcribe_audio(path, model="{name}")` does both, keeps to whole syllables, which the strongest jamo of each
frame do not always form, and uses its language models where there are any; the numbers above were reached that way."""
_KEPT_BACK = """\
The numbers were reached with a language model counted on AI Hub transcripts, which may not be passed on and is not part of this upload;\
 without it expect the rates of plain decoding, which are higher."""
_USE_WHISPER = """\
## Use

```python
from peft import PeftModel
from transformers import WhisperForConditionalGeneration

model = PeftModel.from_pretrained(WhisperForConditionalGeneration.from_pretrained("{base}"), "{name}")
```"""


def model_card(directory: Path, name: str) -> ModelCard:
    """Card of a finished model directory.

    Args:
        name: what the model is called where it is published, e.g. ``user/exp05``.

    Raises:
        CheckpointError: the directory holds no finished run.
    """
    facts = finished(directory)
    if facts is None:
        raise CheckpointError(
            f"{directory} holds no run.json; train the model to its end first, e.g.: speakor train exp05"
        )
    preset, profile = facts["experiment"], facts["profile"]
    rates = evaluated_rates(preset["name"], profile)
    data = ModelCardData(
        language="ko",
        license="other" if profile == "aihub" else "mit",
        library_name="peft" if preset["kind"] == "whisper" else "transformers",
        pipeline_tag="automatic-speech-recognition",
        base_model=preset["base"] if "/" in preset["base"] else None,
        tags=["korean", "non-native-speech", "pronunciation"],
        model_name=name,
        eval_results=_eval_results(rates, profile),
    )
    use = (_USE_WHISPER if preset["kind"] == "whisper" else _USE).format(
        name=name, base=preset["base"]
    )
    parts = [
        f"# {name}",
        preset["note"],
        _data_section(facts),
        _numbers(rates, profile),
        _settings(facts),
        use,
    ]
    if profile == "aihub" and "decoding" in facts:
        parts.insert(4, _KEPT_BACK)
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(parts) + "\n")


def evaluated_rates(experiment: str, profile: str) -> dict[str, Any] | None:
    """Rates on the clean test split, if the model was evaluated."""
    path = paths.results(profile) / "metrics.json"
    return read_json(path).get(experiment, {}).get(CLEAN) if path.is_file() else None


def write_card(directory: Path, name: str) -> Path:
    """Write the card as the directory's README.md."""
    return write_text(directory / "README.md", str(model_card(directory, name)))


def push(directory: Path, repo_id: str, private: bool = True) -> str:
    """Upload a model directory with its card; returns the address.

    Uses the login of ``hf auth login`` or ``HF_TOKEN``; the token is neither printed nor stored.
    A model trained on AI Hub data holds n-grams of its transcripts in its language models, which stay here.
    """
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    write_card(directory, repo_id)
    kept_back = ["runs/**"]  # TensorBoard's file names hold the machine's
    kept_back += ["*.arpa", "decoder.json"] if finished(directory)["profile"] == "aihub" else []
    try:
        api = HfApi()
        address = api.create_repo(repo_id, private=private, exist_ok=True)
        api.upload_folder(repo_id=repo_id, folder_path=directory, ignore_patterns=kept_back)
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        raise CheckpointError(
            f"{paths.relative(directory)} was not uploaded to {repo_id} ({str(error).splitlines()[0][:200]})"
        ) from error
    return str(address)


def _data_section(facts: dict[str, Any]) -> str:
    left_out = (
        ", ".join(f"{count} {reason}" for reason, count in facts["left_out"].items()) or "none"
    )
    return f"## Data\n\n{facts['clips']} training clips of {_DATA[facts['profile']]}. Left out: {left_out}."


def _numbers(rates: dict[str, Any] | None, profile: str) -> str:
    if rates is None:
        return "## Numbers\n\nNot evaluated on a test split."
    rows = []
    for rate in ("wer", "cer"):
        low, high = rates[f"{rate}_95"]
        rows.append(f"| {rate.upper()} | {rates[rate]:.3f} | {low:.3f}-{high:.3f} |")
    table = "\n".join(["| | | 95 % (bootstrap over speakers) |", "|---|---|---|", *rows])
    return f"## Numbers\n\nTest split disjoint from training in speakers, n = {rates['n']} (`make reproduce PROFILE={profile}`).\n\n{table}"


def _settings(facts: dict[str, Any]) -> str:
    lines = [
        f"- {key}: {value}"
        for key, value in facts["experiment"].items()
        if key not in ("name", "note")
    ]
    changed = ", ".join(facts["changed_by_profile"]) or "nothing"
    lines += [
        "",
        f"Changed by the profile: {changed}. Seed {facts['seed']}, code {facts['code_revision']}.",
    ]
    return "\n".join(["## Settings", "", *lines])


def _eval_results(rates: dict[str, Any] | None, profile: str) -> list[EvalResult] | None:
    if rates is None:
        return None
    return [
        EvalResult(
            task_type="automatic-speech-recognition",
            dataset_type=profile,
            dataset_name=f"{profile} test split",
            metric_type=rate,
            metric_value=round(rates[rate], 4),
        )
        for rate in ("wer", "cer")
    ]
