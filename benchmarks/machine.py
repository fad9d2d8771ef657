"""What figures were measured on, and the files in which they are kept."""

import json
import platform
from pathlib import Path
from typing import Any

import psutil
import torch

from backends.device import compute_device, device_name

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, object]:
    """Return what the figures are measured on."""
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


def result_file(name: str) -> Path:
    """Return where the figures of a benchmark are kept: of each kind of device in a file of its own."""
    kind = "" if compute_device().type == "cpu" else f"-{compute_device().type}"
    return RESULTS / f"{name}{kind}.json"


def measured_here(name: str) -> dict[str, Any]:
    """Return the figures of a benchmark that were measured on such a machine before; nothing where there are none."""
    file = result_file(name)
    whole = json.loads(file.read_text()) if file.exists() else {}
    return dict(whole[name]) if whole.get("machine") == machine() else {}
