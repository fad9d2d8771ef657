"""The jobs of this server: one collection for all visitors."""

from functools import cache

from backends.jobs.service import Jobs


@cache
def all_jobs() -> Jobs:
    """Return the jobs of this server, made at the first call."""
    return Jobs()


def close_jobs() -> None:
    """End what runs, when the server stops; nothing if there never was a job."""
    if all_jobs.cache_info().currsize:
        all_jobs().close()
