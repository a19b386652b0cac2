"""The table of results/README.md, from results/benchmarks/*.json.

python benchmarks/write_table.py        (make bench runs it last)
"""

import os
import platform
from datetime import date
from pathlib import Path

from speakor_common import paths
from speakor_common.models import precision
from speakor_common.storage import read_json, write_text

START, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"


def data_path(rows: list[dict]) -> list[tuple[str, str, str]]:
    found = []
    for count in sorted({row["clips"] for row in rows}):
        seed, ours, references = (
            next(r for r in rows if r["clips"] == count and r["way"] == way)
            for way in ("seed", "ours", "ours, references")
        )
        name = f"corpus of {count:,} clips"
        found += [
            (
                f"{name}: set-up",
                f"{seed['setup_s'] / ours['setup_s']:.0f} times faster ({ours['setup_s']:.0f} s, {ours['peak_mib']:.0f} MiB)",
                "5 times",
            ),
            (
                f"{name}: disk",
                f"{ours['disk_mib'] / seed['disk_mib']:.2f} of the seed's; references {references['disk_mib'] / seed['disk_mib']:.2f}",
                "0.3",
            ),
            (
                f"{name}: an epoch of batches",
                f"{ours['clips_per_s'] / seed['clips_per_s']:.1f} times faster; "
                f"references {references['clips_per_s'] / seed['clips_per_s']:.1f} times",
                "5 times",
            ),
            (f"{name}: padding", f"{ours['padding']:.1%} (seed {seed['padding']:.0%})", "10 %"),
        ]
    return found


def train_step(content: dict) -> list[tuple[str, str, str]]:
    stock, ours = content["rows"]
    losses = f"validation loss afterwards {stock['validation_loss']} and {ours['validation_loss']}"
    return [
        (
            "CTC training step",
            f"{content['ratio']} times the stock example ({ours['precision']}; {losses})",
            "2.5 times, with bf16; loss within 1 %",
        )
    ]


def inference(content: dict) -> list[tuple[str, str, str]]:
    faster = min(
        (row for row in content["rows"] if row["way"].startswith("pipeline")),
        key=lambda row: row["s"],
    )
    hour = content["hour"]
    streamed = (
        f"{hour['s']:.0f} s, {hour['memory_above_before_mib']} MiB more; {hour['words_streamed']} words of {hour['words_said']} said, "
        f"{hour['words_one_by_one']} one by one; CER {hour['cer_streamed']:.3f}, one by one {hour['cer_one_by_one']:.3f}"
    )
    heard = [
        (f"validation clips, {row['clips']}", f"WER {row['wer']:.3f}", "")
        for row in content["silence_and_length"]
    ]
    ways = [
        (
            f"test clips, {row['way']}",
            f"{row['times the faster pipeline']} times {faster['way']}, real-time factor {row['real_time_factor']}, "
            f"{row['memory_mib']} MiB, WER {row['wer']:.3f}",
            "4 times" if "ONNX int8" in row["way"] else "",
        )
        for row in content["rows"]
    ]
    return [
        *ways,
        *heard,
        ("an hour of speech, streamed", streamed, "flat memory, no word lost or doubled"),
    ]


def metrics(rows: list[dict]) -> list[tuple[str, str, str]]:
    targets = {"metrics.json": "10 s", "interval, 1,000 resamples": "5 s", "page opens": "2 s"}
    return [
        (
            f"{row['rows']:,} rows: {row['what']}",
            f"{row['seconds']:.2g} s",
            targets.get(row["what"], ""),
        )
        for row in rows
    ]


def whisper_step(content: dict) -> list[tuple[str, str, str]]:
    return [
        (
            f"Whisper step, {row['way']}",
            f"{row['times faster']} times, {row['peak MiB']} MiB",
            "5 times",
        )
        for row in content["rows"][1:]
    ]


def whisper_context(rows: list[dict]) -> list[tuple[str, str, str]]:
    found = []
    for row in rows:
        apart = (
            f", {row['minus 30 s']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}], {row['times faster']} times faster"
            if "low" in row
            else ""
        )
        target = "within 0.005 of 30 s" if "subsampled" in row["context"] else ""
        found.append(
            (
                f"{row['model']}, encoder {row['context']}",
                f"WER {row['wer']:.4f}{apart} (n = {row['n']}, validation)",
                target,
            )
        )
    return found


def pronunciation(rows: list[dict]) -> list[tuple[str, str, str]]:
    best = {
        kind: max((row for row in rows if row["way"].startswith(kind)), key=lambda row: row["f1"])
        for kind in ("heard", "expected and", "expected of")
    }
    return [
        (
            f"planted deviations, {row['way']}",
            f"F1 {row['f1']} (n = {row['n']}, validation)",
            "F1 0.6",
        )
        for row in best.values()
    ]


TABLES = {
    "data_path": data_path,
    "train_step": train_step,
    "inference": inference,
    "metrics": metrics,
    "whisper_step": whisper_step,
    "whisper_context": whisper_context,
    "pronunciation": pronunciation,
}


def main() -> None:
    lines = ["| What | Measured | Target | Command |", "|---|---|---|---|"]
    for name, table in TABLES.items():
        file = paths.benchmarks() / f"{name}.json"
        lines += [
            f"| {what} | {found} | {target} | `python benchmarks/{name}.py` |"
            for what, found, target in table(read_json(file))
        ]
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), computing in {precision.name()}; {date.today().isoformat()}"
    readme = paths.root() / "results" / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(START)
    text = (
        f"{before}{START}\n{machine}; speeds swing by up to 2 times between runs, ratios are of one run.\n\n"
        + "\n".join(lines)
    )
    print(paths.relative(write_text(Path(readme), f"{text}\n{END}{rest.split(END)[1]}")))


if __name__ == "__main__":
    main()
