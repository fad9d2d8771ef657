"""The Dask cluster that jobs run on: one that the server starts for itself, or any whose scheduler is named."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backends.errors import InputError
from backends.jobs.worker import Message, Order, Outcome, tell, work

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

#: Seconds to wait for a scheduler that is named.
CONNECT_WITHIN = 10

#: Dask's settings for a cluster of our own.
_SETTINGS = {
    # The web servers of scheduler and worker have nothing to show.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # A task whose process ended has failed; the server decides what is tried again.
    "distributed.scheduler.allowed-failures": 0,
    # Looking at the stack of a task a hundred times a second slows it down.
    "distributed.worker.profile.enabled": False,
    # Messages that the scheduler remembers after it has passed them on.
    "distributed.admin.low-level-log-length": 100,
}
#: What a worker of our own writes to the log: nothing, for a task that fails says so itself.
_SILENT = {"version": 1, "incremental": True, "loggers": {"distributed": {"level": "CRITICAL"}}}


class Cluster:
    """A connection to Dask.

    Parameters
    ----------
    topic
        Where messages from workers arrive.
    folder
        Where workers of our own may keep temporary files.
    on_message
        Called with each message of a job, in order, on Dask's thread.
    on_lost
        Called with the address of a worker that is gone, on the same thread.
    """

    def __init__(self, topic: str, folder: Path, on_message: Callable[[Message], None], on_lost: Callable[[str], None]) -> None:
        self._topic, self._folder = topic, folder
        self._on_message, self._on_lost = on_message, on_lost
        self._opening = threading.Lock()
        self._cluster: LocalCluster | None = None
        self._client: Client | None = None

    def open(self) -> None:
        """Connect to the scheduler at ``ASSIMILAB_SCHEDULER``, or start a cluster; nothing if that has been done.

        A cluster of our own is one process with one thread for jobs. It listens on the loopback interface only, and
        wants a certificate that is made anew each time: whoever may speak to a scheduler can run what he likes.

        Raises
        ------
        InputError
            If no scheduler answers there.
        """
        with self._opening:
            if self._client is not None and self._client.status == "running":
                return
            self.close()
            address = os.environ.get("ASSIMILAB_SCHEDULER", "").strip()
            client = _connect(address) if address else self._start()
            client.subscribe_topic(self._topic, lambda event: self._on_message(event[1]))
            client.subscribe_topic("all", lambda event: self._hear(event[1]))
            self._client = client

    def submit(self, order: Order, attempt: int, priority: int, on_end: Callable[["Future"], None]) -> "Future":
        """Hand a job to the scheduler.

        Parameters
        ----------
        order
            The job.
        attempt
            How often it has been handed over before.
        priority
            Of two jobs that wait, the one with the larger number starts first.
        on_end
            Called on a thread of its own when it has ended, however that was.
        """
        assert self._client is not None
        future = self._client.submit(work, order, key=f"job-{order.id}-{attempt}", pure=False, priority=priority)
        future.add_done_callback(on_end)
        return future

    def tell(self, worker: str, job: str, number: int, wish: str) -> None:
        """Pass on to a worker what is wanted of a job; it may be gone."""
        if self._client is not None:
            self._client.run(tell, job, number, wish, workers=[worker], on_error="ignore")

    def restart(self, worker: str) -> None:
        """End the process of a worker that does not answer; the nanny of Dask starts another in its place."""
        if self._client is not None:
            self._client.restart_workers([worker], timeout=CONNECT_WITHIN, raise_for_error=False)

    def close(self) -> None:
        """Disconnect, and end a cluster of our own."""
        if self._client is not None:
            # Else the scheduler complains that it cannot tell us that we have left.
            for topic in (self._topic, "all"):
                self._client.unsubscribe_topic(topic)
            self._client.close()
            self._client = None
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _start(self) -> "Client":
        import dask
        from dask.system import CPU_COUNT
        from distributed import Client, LocalCluster

        # Dask would give its workers one thread of arithmetic each, as if there were one for every core. Ours is alone, and
        # leaves a core to the server.
        threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, CPU_COUNT - 1))
        environ = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "DASK_LOGGING": str(_SILENT)}
        # A worker that dies is told by the job that ran on it.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with dask.config.set(_SETTINGS | {"distributed.nanny.pre-spawn-environ": environ}):
            self._cluster = LocalCluster(
                n_workers=1,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                security=True,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                local_directory=str(self._folder),
                preload=["backends.jobs.worker"],
                silence_logs=False,
            )
        return Client(self._cluster, set_as_default=False)

    def _hear(self, event: Any) -> None:
        if event.get("action") == "remove-worker":
            self._on_lost(event["worker"])


def _connect(address: str) -> "Client":
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_WITHIN, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as problem:
        raise InputError(f"ASSIMILAB_SCHEDULER is {address!r}, where no Dask scheduler answers") from problem


def outcome_of(future: "Future") -> Outcome | None:
    """Return what came of a job that has ended, or nothing if its process ended before it.

    Raises
    ------
    Exception
        Whatever Dask says, if the job could not be run or its outcome not be fetched.
    """
    from distributed import KilledWorker

    try:
        return future.result(timeout=60)
    except KilledWorker:
        return None
