"""The command line: ``python -m backends inspect FILE``."""

import argparse
import json
import sys
import warnings
from pathlib import Path

from backends.errors import InputError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(prog="python -m backends", description="Assimilab without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)
    inspect = commands.add_parser("inspect", help="print what is in a NetCDF, GRIB or Zarr file as one JSON object")
    inspect.add_argument("file", type=Path, help="the file")
    options = parser.parse_args(arguments)

    warnings.simplefilter("ignore")  # libraries' remarks on odd attributes; standard error is for our one sentence
    from backends.fields.inspect import inspect_file

    try:
        print(json.dumps(inspect_file(options.file), ensure_ascii=False, allow_nan=False))
    except InputError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
