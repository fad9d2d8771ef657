"""How MLflow is reached: its switches, set before it is imported, and a new SQLite file in a moment."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Nobody is told that MLflow is used, and it prints nothing; read when MLflow is imported.
_SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
#: A tracking server that does not answer is told of soon, not after ten minutes.
_DEFAULTS = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    # Many programs still write folders of runs; MLflow wants to be told that they may be read.
    "MLFLOW_ALLOW_FILE_STORE": "true",
}


def client_of(address: str) -> "MlflowClient":
    """Return MLflow's client of a tracking server or a database; the first one imports MLflow, which takes seconds."""
    os.environ.update(_SWITCHES)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address)


def address_of(database: Path) -> str:
    """Return what MLflow calls an SQLite file."""
    return f"sqlite:///{database.as_posix()}"


def make_tables(database: Path) -> None:
    """Make MLflow's tables, all of them or none.

    MLflow runs through the whole history of its tables, in a thousand small transactions. On a disk that takes 10 ms to
    confirm a write that is 10 s; here the disk is waited for once.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def hurry(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    database.parent.mkdir(parents=True, exist_ok=True)
    unfinished = database.with_name(f"{database.name}.{secrets.token_hex(4)}")
    event.listen(Engine, "connect", hurry)
    try:
        client_of(address_of(unfinished)).search_experiments()
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        if not database.exists():  # another process may have been faster
            unfinished.replace(database)
    finally:
        event.remove(Engine, "connect", hurry)
        unfinished.unlink(missing_ok=True)


def reason(problem: BaseException) -> str:
    """Return why a record could not be read or written, in a line."""
    unreachable = "API request" in f"{problem}" and "failed with exception" in f"{problem}"
    return "the tracking server does not answer" if unreachable else first_line(problem)


def first_line(problem: BaseException) -> str:
    """Return what an exception says, shortened to a line."""
    lines = f"{problem}".strip().splitlines()
    return f"{lines[0] if lines else type(problem).__name__:.300}"
