"""Run the benchmarks, print what was measured, and keep it under benchmarks/results/.

``python -m benchmarks solver`` measures only the solver again and leaves the other figures as they are.
"""

import datetime
import json
import platform
import sys
from pathlib import Path

import psutil
import torch

from backends.device import compute_device, device_name
from benchmarks import pages, solver

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "device": device_name(compute_device()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def main() -> int:
    target = RESULTS / "first-light.json"
    figures = json.loads(target.read_text()) if target.exists() else {}
    figures |= {"machine": machine(), "date": datetime.datetime.now(datetime.UTC).date().isoformat()}
    for name, measure in (("solver", solver.measure), ("pages", pages.measure)):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        print(f"--- {name}", flush=True)
        figures[name] = measure()
        print(json.dumps(figures[name], indent=2), flush=True)
    RESULTS.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    print(f"written to {target.relative_to(Path.cwd())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
