"""A finished model: weights that were trained under some name, and the decoder fitted to them.

Weights are trained once, and lent to every experiment with the same training. What ``run.json``
then says of them is what their own run wrote; whose run that was stands beside it.
"""

from __future__ import annotations

import pkgutil
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speakor_common.corpus.held_out import left_out
from speakor_common.storage import only_writer, read_json, whole_directory, write_json
from speakor_common.training.fingerprints import RUN_FILE, decoding_fingerprint, finished_run
from speakor_common.training.preset import CTCTraining, Experiment, LoraTraining, Training
from speakor_common.training.runlog import RunLog, training_seconds

if TYPE_CHECKING:
    from datasets import DatasetDict

# The function that counts language models for a trained model and weighs them, by kind of training;
# imported when it is needed.
DECODERS: dict[type[Training], str] = {
    CTCTraining: "speakor_common.recognition.decoder_tuning:fit_decoder",
    LoraTraining: "speakor_common.recognition.whisper_tuning:fit_decoder",
}
# Files and facts of one experiment's decoder and card, which its weights do without.
_NOT_WEIGHTS = ("*.arpa", "decoder.json", "README.md")
_OF_DECODING = (
    "decoding",
    "decoder_validation",
    "lm_texts",
    "decoding_fingerprint",
    "greedy_validation_wer",
)


def with_decoder(
    experiment: Experiment, data: DatasetDict, trained: Path, output: Path, log: RunLog, seed: int
) -> dict[str, Any]:
    """The trained weights in ``output``, with the decoder the experiment asks for, if any.

    Args:
        trained: finished model with these weights; ``output`` itself, or another, which lends them.

    Returns:
        the content of ``run.json``. ``seconds`` are those of training, unless the weights were
        lent, and of fitting; ``training_seconds`` those of training, whoever's it was; then
        ``trained_as`` is its name.
    """
    # Is it there already, perhaps by another process?
    source = read_json(trained / RUN_FILE)
    wanted = decoding_fingerprint(experiment, data, seed)
    there = finished_run(output) or {}
    if (
        there.get("fingerprint") == source["fingerprint"]
        and there.get("decoding_fingerprint") == wanted
    ):
        return there

    started = time.perf_counter()
    facts = _facts_of_weights(source) | {
        key: log.facts[key] for key in ("experiment", "changed_by_profile")
    }
    if trained != output:
        facts["trained_as"] = source.get("trained_as", trained.name)

    with only_writer(output), whole_directory(output) as folder:
        ignored = shutil.ignore_patterns(*_NOT_WEIGHTS)
        shutil.copytree(trained, folder, ignore=ignored, dirs_exist_ok=True)
        if experiment.decoding:
            facts |= _fit_decoder(experiment, data, folder, facts.get("best_validation_wer"), seed)
            facts["decoding_fingerprint"] = wanted
        own = 0.0 if "trained_as" in facts else facts["training_seconds"]
        facts["seconds"] = round(own + time.perf_counter() - started, 1)
        write_json(folder / RUN_FILE, facts)
    return read_json(output / RUN_FILE)


def _facts_of_weights(source: dict[str, Any]) -> dict[str, Any]:
    """What a ``run.json`` says of its weights, without a decoder that may have been fitted."""
    facts = {key: value for key, value in source.items() if key not in _OF_DECODING}
    if "decoding" in source:
        facts.pop("best_validation_wer", None)
    if "greedy_validation_wer" in source:
        facts["best_validation_wer"] = source["greedy_validation_wer"]
    return facts | {"training_seconds": training_seconds(source)}


def _fit_decoder(
    experiment: Experiment, data: DatasetDict, folder: Path, plain_wer: float | None, seed: int
) -> dict[str, Any]:
    """Add language models and their weights to a model folder; what ``run.json`` says of them.

    The rate with them may be of other clips than ``plain_wer``; ``decoder_validation`` holds the
    rate without them on the same.
    """
    fit = pkgutil.resolve_name(DECODERS[type(experiment.training)])
    fitted = fit(folder, data, experiment.decoding.order, seed)
    facts = {
        "decoding": fitted.settings,
        "best_validation_wer": fitted.wer,
        "decoder_validation": {
            "clips": fitted.clips,
            "wer": fitted.wer,
            "wer_without": fitted.wer_without,
        },
        "lm_texts": left_out(data),
    }
    # A training that is validated by its loss alone has no other rate.
    return facts if plain_wer is None else facts | {"greedy_validation_wer": plain_wer}
