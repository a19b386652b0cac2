"""The table of benchmarks has rows for every measurement that is kept."""

from speakor_common import paths
from speakor_common.show import benchmark_table
from speakor_common.storage import read_json


def test_every_measurement_has_a_function_that_makes_its_rows():
    kept = {path.stem for path in paths.benchmarks().glob("*.json")} - {"machine"}
    assert kept and kept <= set(benchmark_table.TABLES)


def test_decoders_and_inner_loops_have_a_row_each():
    content = read_json(paths.benchmarks() / "decoding.json")
    rows = benchmark_table.decoding(content)
    assert len(rows) == len(content["decoders"]) + len(content["inner_loops"])
    assert rows[0][1].startswith("WER 0.") and "ms of one core a clip (n = " in rows[-1][1]
