"""The compute layer of Assimilab: tensors in, tensors out.

Nothing here knows of Panel, HoloViews or Bokeh. Importing this package, and everything numerical under it, needs
torch and numpy alone; file readers, which need xarray and its friends, live under :mod:`backends.fields` and are
imported where they are used.
"""

import os

# Python's own SQLite must be loaded before a decoder of GRIB brings an older one of its own, which the record of jobs
# cannot use.
import sqlite3  # noqa: F401

__version__ = "0.1.0"

# Read by OpenMP when torch is first imported. A thread that waits for its share of work by spinning takes the core from
# the server's event loop: solves of 4 ms then took 15 ms for minutes on end.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Read by Dask when it is first imported, which files that are opened do. Without it, Dask sets levels and handlers of the
# loggers of Tornado and Bokeh, and a cluster of its own silences them: errors of the server were lost after the first job.
os.environ.setdefault("DASK_LOGGING", str({"version": 1, "incremental": True, "loggers": {"distributed": {"level": "ERROR"}}}))
