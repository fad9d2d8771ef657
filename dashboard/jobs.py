"""The jobs of this server, one collection for all visitors, and the records of other programs that they look at."""

import os
from collections import Counter
from functools import cache

from backends.jobs.elsewhere import Elsewhere
from backends.jobs.service import Jobs

#: Records of other programs that are kept open; of more, the one opened first is let go.
MOST_OPEN = 8
_ELSEWHERE: dict[str, Elsewhere] = {}


@cache
def all_jobs() -> Jobs:
    """Return the jobs of this server, made at the first call."""
    return Jobs()


def elsewhere(address: str) -> Elsewhere:
    """Return the runs of an MLflow store, opened at the first call.

    Raises
    ------
    InputError
        If there is none at this address.
    """
    if address not in _ELSEWHERE:
        while len(_ELSEWHERE) >= MOST_OPEN:
            _ELSEWHERE.pop(next(iter(_ELSEWHERE))).close()
        _ELSEWHERE[address] = Elsewhere(address)
    return _ELSEWHERE[address]


def listed_records() -> tuple[str, ...]:
    """Return the addresses of MLflow stores that the server's owner named in ``ASSIMILAB_RECORDS``, separated by commas."""
    return tuple(address.strip() for address in os.environ.get("ASSIMILAB_RECORDS", "").split(",") if address.strip())


def jobs_by_state() -> dict[str, int]:
    """Return how many jobs there are in each state; none if nobody has asked for any yet."""
    found = all_jobs().list() if all_jobs.cache_info().currsize else ()
    return dict(Counter(job.state.value for job in found))


def close_jobs() -> None:
    """End what runs, when the server stops; nothing if there never was a job."""
    while _ELSEWHERE:
        _ELSEWHERE.popitem()[1].close()
    if all_jobs.cache_info().currsize:
        all_jobs().close()
