"""Where this process connects to, and ways to wait for jobs."""

import time

from backends.jobs.job import State

#: Where this process connected to, once somebody wants to know.
CONNECTED: list[str] = []


def watch(event: str, arguments: tuple) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        CONNECTED.append(arguments[1][0])
    elif event == "socket.getaddrinfo":
        CONNECTED.append(arguments[0])


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.01)


def recorded(service, job):
    """Wait until all is recorded that has been asked for."""
    service.artifact(job.id, "settings.yaml")


def started(service, kind, home, settings="{}"):
    job = service.submit(kind, settings, home)
    until(lambda: service.get(job.id).state is State.RUNNING and service.get(job.id).done > 0)
    return job
