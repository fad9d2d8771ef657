"""The command line: ``python -m backends inspect FILE`` and ``python -m backends run FILE.yaml``."""

import argparse
import json
import sys
import warnings
from pathlib import Path

from backends.errors import InputError
from backends.memory import lack_is_told


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(prog="python -m backends", description="Assimilab without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser("inspect", help="print what is in a file of fields or observations as one JSON object")
    inspect.add_argument("file", type=Path, help="the file")
    run = commands.add_parser("run", help="run an experiment file and print its summary as one JSON object")
    run.add_argument("file", type=Path, help="the YAML file, see docs/experiments.md and docs/cycling.md")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting: observations.count=50")
    run.add_argument(
        "--out", type=Path, help="folder to write experiment.yaml and summary.json to, and of a race its run and feedback files"
    )
    run.add_argument("--data", type=Path, help="data folder that paths are relative to (default: ASSIMILAB_DATA, or data)")
    options = parser.parse_args(arguments)

    warnings.simplefilter("ignore")  # libraries' remarks on odd attributes; standard error is for our one sentence
    try:
        with lack_is_told():
            if options.command == "inspect":
                result = _inspect(options.file)
            else:
                from backends.experiments.run import default_folder, run_file

                result = run_file(options.file, options.data or default_folder(), options.set, options.out)
        print(json.dumps(result, ensure_ascii=False, allow_nan=False))
    except InputError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _inspect(file: Path) -> dict[str, object]:
    """Describe a file: one that holds observations by them, any other by its fields."""
    from backends.observations.readers import recognise

    if recognise(file) is not None:
        from backends.observations.inspect import inspect_observations

        return inspect_observations(file)
    from backends.fields.inspect import inspect_file

    return inspect_file(file)


if __name__ == "__main__":
    sys.exit(main())
