"""Run the benchmarks, print what was measured, and keep each in a file under benchmarks/results/.

``python -m benchmarks solver`` measures only the solver again.
"""

import datetime
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import (
    browsing,
    cycling,
    explore,
    followers,
    formats,
    growth,
    learning,
    learning_advection,
    learning_particle,
    learning_particle_seen,
    load,
    observations,
    pages,
    rollout,
    scaling,
    solver,
)
from benchmarks.machine import RESULTS, machine, result_file


def main() -> int:
    benchmarks = {
        "solver": solver.measure, "growth": growth.measure, "cycling": cycling.measure, "rollout": rollout.measure,
        "pages": pages.measure, "observations": observations.measure, "explore": explore.measure,
        "browsing": browsing.measure, "browsing-small": browsing.measure_small,
        "formats": formats.measure,
        "load": load.measure, "load-small": load.measure_small,
        "followers": followers.measure, "followers-small": followers.measure_small,
        "scaling": scaling.measure, "scaling-small": scaling.measure_small,
        "learning": learning.measure, "learning-course": learning.measure_course,
        "learning-particle": learning_particle.measure, "learning-particle-seen": learning_particle_seen.measure,
        "learning-advection": learning_advection.measure,
    }  # fmt: skip
    # Learning takes half an hour and lectures minutes; they are asked for by name, as is what is there to be tried out.
    asked = ("learning", "load", "followers", "scaling")
    wanted = sys.argv[1:] or [name for name in benchmarks if not name.startswith(asked) and not name.endswith("-small")]
    unknown = [name for name in wanted if name not in benchmarks]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    for name in wanted:
        print(f"--- {name}", flush=True)
        measured: Any = benchmarks[name]()
        for figures in measured if isinstance(measured, Iterator) else (measured,):
            _keep(name, figures)
    return 0


def _keep(name: str, figures: dict[str, object]) -> None:
    """Write what was measured, and print it; of a benchmark that goes on, in place of what it had measured before."""
    whole = {"machine": machine(), "date": datetime.datetime.now(datetime.UTC).date().isoformat(), name: figures}
    target = result_file(name)
    target.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    print(
        json.dumps(figures, indent=2, ensure_ascii=False), f"written to {target.relative_to(Path.cwd())}", sep="\n", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
