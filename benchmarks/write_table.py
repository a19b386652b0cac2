"""The table of results/README.md, from results/benchmarks/*.json.

python benchmarks/write_table.py        (make bench runs it last)
"""

import os
import platform
from datetime import date

from speakor_common import paths
from speakor_common.models import precision
from speakor_common.show.benchmark_table import MACHINE_FILE, write_benchmark_table
from speakor_common.storage import write_json


def main() -> None:
    # Where it was measured, kept beside the measurements.
    machine = {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "precision": precision.name(),
        "date": date.today().isoformat(),
    }
    write_json(paths.benchmarks() / MACHINE_FILE, machine)

    # In place of the table that is there.
    readme = paths.root() / "results" / "README.md"
    print(paths.relative(write_benchmark_table(readme)))


if __name__ == "__main__":
    main()
