"""The table of benchmarks in results/README.md, from ``results/benchmarks/*.json``.

``benchmarks/write_table.py`` writes it after measuring, and ``speakor verify`` makes it again and
compares.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from speakor_common import paths
from speakor_common.errors import ResultsError
from speakor_common.storage import read_json, write_text

START = "<!-- benchmarks -->"
END = "<!-- end of benchmarks -->"
MACHINE_FILE = "machine.json"  # beside the measurements: where and when they were made

Row = tuple[str, str, str]  # what, measured, target


def data_path(rows: list[dict]) -> list[Row]:
    table: list[Row] = []
    for count in sorted({row["clips"] for row in rows}):
        by_way = {row["way"]: row for row in rows if row["clips"] == count}
        seed = by_way["seed"]
        ours = by_way["ours"]
        references = by_way["ours, references"]

        name = f"corpus of {count:,} clips"
        setup = (
            f"{seed['setup_s'] / ours['setup_s']:.0f} times faster "
            f"({ours['setup_s']:.0f} s, {ours['peak_mib']:.0f} MiB)"
        )
        disk = (
            f"{ours['disk_mib'] / seed['disk_mib']:.2f} of the seed's; "
            f"references {references['disk_mib'] / seed['disk_mib']:.2f}"
        )
        epoch = (
            f"{ours['clips_per_s'] / seed['clips_per_s']:.1f} times faster; "
            f"references {references['clips_per_s'] / seed['clips_per_s']:.1f} times"
        )
        padding = f"{ours['padding']:.1%} (seed {seed['padding']:.0%})"
        table += [
            (f"{name}: set-up", setup, "5 times"),
            (f"{name}: disk", disk, "0.3"),
            (f"{name}: an epoch of batches", epoch, "5 times"),
            (f"{name}: padding", padding, "10 %"),
        ]
    return table


def train_step(content: dict) -> list[Row]:
    stock, ours = content["rows"]
    losses = f"validation loss afterwards {stock['validation_loss']} and {ours['validation_loss']}"
    measured = f"{content['ratio']} times the stock example ({ours['precision']}; {losses})"
    return [("CTC training step", measured, "2.5 times, with bf16; loss within 1 %")]


def inference(content: dict) -> list[Row]:
    pipelines = [row for row in content["rows"] if row["way"].startswith("pipeline")]
    faster = min(pipelines, key=lambda row: row["s"])

    # Speed.
    table = []
    for row in content["rows"]:
        measured = (
            f"{row['times the faster pipeline']} times {faster['way']}, "
            f"real-time factor {row['real_time_factor']}, "
            f"{row['memory_mib']} MiB, WER {row['wer']:.3f}"
        )
        target = "4 times" if "ONNX int8" in row["way"] else ""
        table.append((f"test clips, {row['way']}", measured, target))

    # Silence and length.
    for row in content["silence_and_length"]:
        table.append((f"validation clips, {row['clips']}", f"WER {row['wer']:.3f}", ""))

    hour = content["hour"]
    streamed = (
        f"{hour['s']:.0f} s, {hour['memory_above_before_mib']} MiB more; "
        f"{hour['words_streamed']} words of {hour['words_said']} said, "
        f"{hour['words_one_by_one']} one by one; "
        f"CER {hour['cer_streamed']:.3f}, one by one {hour['cer_one_by_one']:.3f}"
    )
    target = "flat memory, no word lost or doubled"
    return [*table, ("an hour of speech, streamed", streamed, target)]


def metrics(rows: list[dict]) -> list[Row]:
    # Behind a comma stands how an interval was found; earlier measurements say it otherwise.
    targets = {"metrics.json": "10 s", "interval": "5 s", "page opens": "2 s"}
    return [
        (
            f"{row['rows']:,} rows: {row['what']}",
            f"{row['seconds']:.2g} s",
            targets.get(row["what"].partition(",")[0], ""),
        )
        for row in rows
    ]


def whisper_step(content: dict) -> list[Row]:
    return [
        (
            f"Whisper step, {row['way']}",
            f"{row['times faster']} times, {row['peak MiB']} MiB",
            "5 times",
        )
        for row in content["rows"][1:]
    ]


def whisper_context(rows: list[dict]) -> list[Row]:
    table = []
    for row in rows:
        difference = ""
        if "low" in row:
            difference = (
                f", {row['minus 30 s']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}], "
                f"{row['times faster']} times faster"
            )
        measured = f"WER {row['wer']:.4f}{difference} (n = {row['n']}, validation)"
        target = "within 0.005 of 30 s" if "subsampled" in row["context"] else ""
        table.append((f"{row['model']}, encoder {row['context']}", measured, target))
    return table


def decoding(content: dict) -> list[Row]:
    table = []
    for row in content["decoders"]:
        what = f"{row['model']}, {row['split']}, {row['decoder']}"
        measured = (
            f"WER {row['wer']:.3f}, CER {row['cer']:.3f}, "
            f"{row['CPU ms a clip']} ms of one core a clip (n = {row['n']})"
        )
        table.append((what, measured, ""))
    for row in content["inner_loops"]:
        measured = f"{row['CPU ms a clip']} ms of one core a clip (n = {row['n']})"
        table.append((row["inner loop"], measured, ""))
    return table


def pronunciation(rows: list[dict]) -> list[Row]:
    # The best of each kind.
    table = []
    for kind in ("sound alone", "sound and confusions,", "sound and confusions of"):
        of_kind = [row for row in rows if row["setting"].startswith(kind)]
        best = max(of_kind, key=lambda row: row["f1"])
        measured = f"F1 {best['f1']} (n = {best['n']}, validation)"
        table.append((f"planted deviations, {best['setting']}", measured, "F1 0.6"))
    return table


TABLES: dict[str, Callable[[Any], list[Row]]] = {
    "data_path": data_path,
    "train_step": train_step,
    "inference": inference,
    "metrics": metrics,
    "decoding": decoding,
    "whisper_step": whisper_step,
    "whisper_context": whisper_context,
    "pronunciation": pronunciation,
}


def benchmark_table() -> str:
    """The lines between :data:`START` and :data:`END`: where it was measured, and a row each.

    Raises:
        ResultsError: a measurement is missing.
    """
    machine = _measured(MACHINE_FILE)
    lines = [
        f"{machine['cores']} cores ({machine['processor']}, {machine['system']}), computing in "
        f"{machine['precision']}; {machine['date']}; speeds swing by up to 2 times between "
        "runs, ratios are of one run.",
        "",
        "| What | Measured | Target | Command |",
        "|---|---|---|---|",
    ]
    for name, rows_of in TABLES.items():
        for what, value, target in rows_of(_measured(f"{name}.json")):
            lines.append(f"| {what} | {value} | {target} | `python benchmarks/{name}.py` |")
    return "\n".join(lines)


def _measured(name: str) -> Any:
    path = paths.benchmarks() / name
    if not path.is_file():
        raise ResultsError(f"{paths.relative(path)} is missing; make it with: make bench")
    return read_json(path)


def read_benchmark_table(readme: Path) -> str:
    """The lines that stand in a README.

    Raises:
        ResultsError: it has no such table.
    """
    return _around(readme)[1].strip("\n")


def write_benchmark_table(readme: Path) -> Path:
    """Put the table of today's measurements in place of the one that is there.

    Raises:
        ResultsError: see :func:`benchmark_table` and :func:`read_benchmark_table`.
    """
    before, _, after = _around(readme)
    return write_text(readme, f"{before}{START}\n{benchmark_table()}\n{END}{after}")


def _around(readme: Path) -> tuple[str, str, str]:
    """What stands before, in and after the table."""
    text = readme.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    table, end, after = rest.partition(END)
    if not (start and end):
        raise ResultsError(f"{readme} has no table between {START!r} and {END!r}")
    return before, table, after
