"""Which process a job belongs to, and whether it still lives."""

import socket


def this_process() -> str:
    """Return what tells this process from all others, of all machines."""
    import psutil

    process = psutil.Process()
    return f"{socket.gethostname()} {process.pid} {process.create_time():.1f}"


def lives(owner: str) -> bool | None:
    """Return whether a process lives, from what :func:`this_process` returned there; None if it is of another machine."""
    host, _, process = owner.partition(" ")
    if host != socket.gethostname():
        return None

    import psutil

    try:
        number, created = process.split()
        return abs(psutil.Process(int(number)).create_time() - float(created)) < 1
    except (ValueError, psutil.Error):
        return False
