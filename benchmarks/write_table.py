"""The table of results/README.md, from results/benchmarks/*.json.

python benchmarks/write_table.py        (make bench runs it last)
"""

import os
import platform
from collections.abc import Callable
from datetime import date
from typing import Any

from speakor_common import paths
from speakor_common.models import precision
from speakor_common.storage import read_json, write_text

START = "<!-- benchmarks -->"
END = "<!-- end of benchmarks -->"

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
    targets = {"metrics.json": "10 s", "interval, 1,000 resamples": "5 s", "page opens": "2 s"}
    return [
        (
            f"{row['rows']:,} rows: {row['what']}",
            f"{row['seconds']:.2g} s",
            targets.get(row["what"], ""),
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


def main() -> None:
    # Where it was measured, then a line a measurement.
    lines = [
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), computing in "
        f"{precision.name()}; {date.today().isoformat()}; speeds swing by up to 2 times between "
        "runs, ratios are of one run.",
        "",
        "| What | Measured | Target | Command |",
        "|---|---|---|---|",
    ]
    for name, rows_of in TABLES.items():
        content = read_json(paths.benchmarks() / f"{name}.json")
        for what, measured, target in rows_of(content):
            lines.append(f"| {what} | {measured} | {target} | `python benchmarks/{name}.py` |")

    # In place of the table that is there.
    readme = paths.root() / "results" / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    table = "\n".join(lines)
    print(paths.relative(write_text(readme, f"{before}{START}\n{table}\n{END}{after}")))


if __name__ == "__main__":
    main()
