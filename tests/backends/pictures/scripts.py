"""Running exported scripts as a person would, with nothing but the package and the data folder."""

import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(script: str, folder: Path, *names: str) -> None:
    """Run a script in a process of its own, which is to write the files named into a folder that also is the data folder."""
    path = folder / "script.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ASSIMILAB_DATA": str(folder), "ASSIMILAB_HOME": str(folder / "home")}
    command = [sys.executable, str(path), *(str(folder / name) for name in names)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # a name that was run would have printed


def run_here(script: str, folder: Path, *names: str) -> None:
    """Do the same without another process, which takes seconds to start."""
    path = folder / "script.py"
    path.write_text(script)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        patch.setenv("ASSIMILAB_DATA", str(folder))
        patch.setattr(sys, "argv", [str(path), *(str(folder / name) for name in names)])
        runpy.run_path(str(path), run_name="__main__")
    assert said.getvalue() == ""


#: Scripts are run here by make test, and by make reference in a process of their own, in which that of a line is run always.
ALONE = pytest.param(run, id="alone", marks=pytest.mark.reference)
WAYS = pytest.mark.parametrize("way", [pytest.param(run_here, id="here"), ALONE])
