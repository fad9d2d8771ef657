"""A process that opens files as the server does, and says how long each took.

It imports nothing but what opens files: observations are decoded in a process that imports again what this one began with.
"""

import json
import sys
import time
from pathlib import Path

from backends.fields.picture import look_at
from backends.fields.readers import open_dataset, open_store
from backends.observations.decode import table_of


def main() -> None:
    """For each file or address that is asked for by a line, write a line with the seconds that opening it took."""
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        _open(request["what"], request["fields"])
        print(time.perf_counter() - start, flush=True)


def _open(what: str, fields: bool) -> None:
    """Do what comes before the map: the table of observations, or the pixels and colour limits of the first field."""
    if not fields:
        table_of(Path(what))
        return
    dataset = open_store(what) if "://" in what else open_dataset(Path(what))
    look_at(dataset, next(iter(dataset.variables)), {})


if __name__ == "__main__":
    main()
