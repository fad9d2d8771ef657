"""Running exported scripts as a person would: in another process, with nothing but the package and the data folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run(script: str, folder: Path, *names: str) -> None:
    """Run a script, which is to write the files named into a folder that also is the data folder."""
    path = folder / "script.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ASSIMILAB_DATA": str(folder), "ASSIMILAB_HOME": str(folder / "home")}
    command = [sys.executable, str(path), *(str(folder / name) for name in names)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # a name that was run would have printed
