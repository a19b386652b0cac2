"""What each decoder of a jamo model gains, what it costs, and what its inner loops cost.

    python benchmarks/decoding.py [MODEL]

Decoders: the strongest jamo of each frame, the most probable text of whole syllables, beam search
with a jamo model, and N-best rescoring with all models and speeds. They are compared on the
validation splits of the prepared sample (speakor prepare), so the test split stays unseen; weights
are chosen on the learners' clips (split "valid"), so rescoring's rate there flatters it.

Inner loops: forward scores against PyTorch's CTC loss on the N-best lists of the learners' clips at
three speeds, and the Viterbi search for legal syllables and for alignment.

All times are CPU time of one core, posteriors already computed.

Prints two tables and writes results/benchmarks/decoding.json.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from speakor_common import paths
from speakor_common.audio import RATE
from speakor_common.batching.collate import load_audio
from speakor_common.corpus import prepare
from speakor_common.decoding import rescoring, text_features
from speakor_common.decoding.beam import BeamSearch, BeamSettings
from speakor_common.decoding.ctc_lattice import align_labels, collapse, forward_scores
from speakor_common.decoding.syllables import LegalSyllables
from speakor_common.evaluation.metrics import score
from speakor_common.models.checkpoints import find_checkpoint
from speakor_common.recognition import decoder_tuning
from speakor_common.recognition.ctc_recogniser import CTCRecogniser
from speakor_common.storage import write_json
from speakor_common.training import runs
from speakor_common.training.profiles import get_profile

LM_ORDER = 6
LOOP_CLIPS = 60  # whose N-best lists are scored
REPEATS = 5  # the quickest counts


def main(model: str = "base-tiny") -> None:
    data = prepare.load_prepared(paths.prepared("sample"))
    rates: list[dict] = []
    with tempfile.TemporaryDirectory() as name:
        # A model directory of its own, because fitting a decoder writes into it.
        folder = copy_without_language_model(find_checkpoint(model), Path(name) / "model")
        recogniser = CTCRecogniser(folder, "cpu")
        training = runs.training_data(get_profile("sample"))
        decoder_tuning.fit_decoder(folder, training, LM_ORDER, seed=1)

        decoders = all_decoders(folder, recogniser)
        for split in ("native_valid", "valid"):
            waves = [load_audio(row) for row in data[split]]
            posteriors = recogniser.posteriors_by_speed(waves, rescoring.SPEEDS)
            for decoder, decode in decoders.items():
                row = {"model": model, "split": split, "n": len(waves), "decoder": decoder}
                texts, milliseconds = decode_all(decode, recogniser, posteriors, waves)
                result = score(list(data[split]["text"]), texts)
                row |= {"wer": round(result.wer, 4), "cer": round(result.cer, 4)}
                rates.append(row | {"CPU ms a clip": round(milliseconds, 2)})
        loops = inner_loops(folder, recogniser, posteriors)

    print(pd.DataFrame(rates).to_string(index=False))
    print(pd.DataFrame(loops).to_string(index=False))
    content = {"decoders": rates, "inner_loops": loops}
    print(paths.relative(write_json(paths.benchmarks() / "decoding.json", content)))


def copy_without_language_model(model: Path, folder: Path) -> Path:
    """The files a CTC model is loaded from."""
    folder.mkdir()
    for file in model.iterdir():
        if file.suffix in (".json", ".safetensors") and file.name != text_features.DECODER_FILE:
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def beam_search(folder: Path, recogniser: CTCRecogniser) -> BeamSearch:
    return BeamSearch(
        folder / text_features.JAMO_MODEL_FILE,
        recogniser.symbols,
        recogniser.blank,
        recogniser.delimiter,
        BeamSettings(),
    )


def all_decoders(folder: Path, recogniser: CTCRecogniser) -> dict[str, Callable]:
    """From a clip's posteriors at all speeds to the symbols of its frames."""
    syllables = LegalSyllables(recogniser.symbols, recogniser.blank)
    search = beam_search(folder, recogniser)
    rescorer = rescoring.load_rescorer(
        folder, recogniser.symbols, recogniser.blank, recogniser.delimiter
    )
    return {
        "strongest jamo": lambda by_speed: by_speed[0].argmax(axis=1),
        "legal syllables": lambda by_speed: syllables.decode(by_speed[0]),
        "beam search, jamo model": lambda by_speed: search.nbest(by_speed[0])[0],
        "N-best rescoring": rescorer.best_alignment,
    }


def decode_all(
    decode: Callable, recogniser: CTCRecogniser, posteriors: list, waves: list[np.ndarray]
) -> tuple[list[str], float]:
    """Texts of all clips, and CPU milliseconds a clip."""
    texts = []
    started = time.process_time()
    for by_speed, wave in zip(posteriors, waves, strict=True):
        alignment = decode(by_speed)
        texts.append(recogniser.to_hypothesis(alignment, by_speed[0], len(wave) / RATE).text)
    return texts, 1000 * (time.process_time() - started) / len(waves)


def inner_loops(folder: Path, recogniser: CTCRecogniser, posteriors: list) -> list[dict]:
    """CPU milliseconds a clip of scoring N-best lists, of legal syllables, and of alignment."""
    torch.set_num_threads(1)
    blank = recogniser.blank
    search = beam_search(folder, recogniser)
    syllables = LegalSyllables(recogniser.symbols, blank)

    # One job is a clip at three speeds and the label sequences of its N-best list.
    clips = posteriors[:LOOP_CLIPS]
    nbest = []
    for by_speed in clips:
        alignments = search.nbest(by_speed[0], rescoring.NBEST_SIZE)
        nbest.append([collapse(alignment, blank) for alignment in alignments])

    def score_lists(scorer: Callable) -> None:
        for by_speed, sequences in zip(clips, nbest, strict=True):
            for logs in by_speed:
                scorer(logs, sequences, blank)

    def align_best() -> None:
        for by_speed, sequences in zip(clips, nbest, strict=True):
            align_labels(by_speed[0], sequences[0], blank)

    illegal = [by_speed[0] for by_speed in posteriors]
    illegal = [logs for logs in illegal if not syllables.is_legal(logs.argmax(axis=1))]
    texts = sum(map(len, nbest)) / len(nbest)
    what = f"forward scores of {texts:.0f} texts at {1 + len(rescoring.SPEEDS)} speeds"
    loops = [
        (what, len(clips), lambda: score_lists(forward_scores)),
        (f"{what}, ctc_loss float64", len(clips), lambda: score_lists(ctc_loss_scores)),
        (
            f"{what}, ctc_loss float32",
            len(clips),
            lambda: score_lists(partial(ctc_loss_scores, dtype=torch.float32)),
        ),
        (
            "legal syllables, where needed",
            len(illegal),
            lambda: list(map(syllables.decode, illegal)),
        ),
        ("alignment", len(clips), align_best),
    ]
    return [
        {"inner loop": loop, "n": count, "CPU ms a clip": round(cpu_milliseconds(run) / count, 2)}
        for loop, count, run in loops
    ]


def ctc_loss_scores(
    logs: np.ndarray, sequences: list[list[int]], blank: int, dtype: torch.dtype = torch.float64
) -> np.ndarray:
    """What :func:`forward_scores` gives, by PyTorch's loss: all sequences of a clip in one call."""
    count = len(sequences)
    repeated = torch.from_numpy(logs).to(dtype)[:, None].expand(-1, count, -1)
    loss = torch.nn.functional.ctc_loss(
        repeated,
        torch.tensor([label for sequence in sequences for label in sequence]),
        torch.full((count,), len(logs)),
        torch.tensor([len(sequence) for sequence in sequences]),
        blank=blank,
        reduction="none",
    )
    return -loss.numpy()


def cpu_milliseconds(run: Callable[[], None]) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return 1000 * min(times)


if __name__ == "__main__":
    main(*sys.argv[1:])
