"""The jobs of a server: what pages and programs ask for, watch and end."""

import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from backends.errors import InputError
from backends.home import home_folder
from backends.jobs.context import plain
from backends.jobs.job import Job, Point, State
from backends.jobs.live import LiveJob
from backends.jobs.recorded import tags_of
from backends.jobs.records import Records
from backends.jobs.running import Running
from backends.jobs.task import task_of
from backends.jobs.worker import Order

#: Most jobs that wait, run or pause.
MOST_JOBS = 8
#: Jobs that have ended and whose metrics are kept here in full; of others they are read from the record.
MOST_ENDED = 20


class Jobs:
    """The jobs of a server, and those of earlier ones that are on record.

    No method but `wait`, `artifact` and `close` blocks for longer than a moment, and all may be called from any thread.
    Dask is started by the first job, MLflow when the first job comes or earlier ones are asked for.

    Parameters
    ----------
    home
        The folder of records and checkpoints, by default that of :func:`backends.home.home_folder`.
    most
        Most jobs that wait, run or pause at once.
    """

    def __init__(self, home: Path | None = None, most: int = MOST_JOBS) -> None:
        home = (home or home_folder()).absolute()
        self._checkpoints = home / "checkpoints"
        self._most = most
        self._submitted = 0
        self._records = Records(home)
        self._running = Running(home / "dask", self._records)

    @property
    def loading(self) -> bool:
        """Whether the jobs of earlier servers are still being read."""
        return self._records.loading

    @property
    def problem(self) -> str:
        """Why jobs cannot be recorded or read, one sentence, or nothing."""
        return self._records.problem

    def list(self) -> tuple[Job, ...]:
        """Return all jobs, the newest first; those of earlier servers join them a moment after the first call."""
        self._records.read()
        with self._running.changed:
            live = [live.job for live in self._running.jobs.values()]
        jobs = {job.id: job for job in [*self._records.jobs(), *live]}
        return tuple(sorted(jobs.values(), key=lambda job: job.created, reverse=True))

    def get(self, id: str) -> Job:
        """Return a job as it stands now.

        Raises
        ------
        InputError
            If none has this id, or it is not known yet, because earlier jobs are still being read.
        """
        with self._running.changed:
            if id in self._running.jobs:
                return self._running.jobs[id].job
        self._records.read()
        reading = self._records.loading
        job = self._records.job(id)
        if job is None:
            raise InputError(f"there is no job {id!r:.40}" + (" yet; earlier jobs are still being read" if reading else ""))
        return job

    def metrics(self, id: str, since: int = 0) -> Sequence[Point]:
        """Return the metrics of a job in the order in which they came, without the first `since` of them.

        Those of a job of an earlier server are there a moment after the first call.

        Raises
        ------
        InputError
            As :meth:`get`.
        """
        with self._running.changed:
            if id in self._running.jobs:
                return self._running.jobs[id].points[since:]
        self.get(id)
        return self._records.points(id)[since:]

    def artifact(self, id: str, name: str) -> bytes:
        """Return a file that a job left, or its ``settings.yaml`` or ``summary.json``; blocks while it is read.

        Raises
        ------
        InputError
            If there is no such job or file, or it cannot be read.
        """
        self.get(id)
        return self._records.artifact(id, name)

    def shown(self, id: str, name: str) -> bytes | None:
        """Return the newest of what a job of this server shows under a name, or nothing; it stays when it has ended."""
        with self._running.changed:
            live = self._running.jobs.get(id)
            return None if live is None else live.shown.get(name)

    def wait(self, id: str, timeout: float | None = None) -> Job:
        """Block until a job of this server has ended, or for so many seconds; return it as it stands then.

        Raises
        ------
        InputError
            As :meth:`get`.
        """
        with self._running.changed:
            self._running.changed.wait_for(
                lambda: id not in self._running.jobs or self._running.jobs[id].job.state.final, timeout
            )
        return self.get(id)

    def submit(self, kind: str, settings: str, folder: Path, continues: str = "") -> Job:
        """Start a job, or let it wait for its turn; return it at once.

        Parameters
        ----------
        kind
            A key of :data:`backends.jobs.task.KINDS`.
        settings
            YAML.
        folder
            The data folder.
        continues
            The id of a job from whose checkpoint this one goes on.

        Raises
        ------
        InputError
            If there is no such kind or job, or too many jobs wait and run already.
        """
        task = task_of(kind)
        earlier = str(self._checkpoints / self.get(continues).id) if continues else ""
        with self._running.changed:
            if self._running.closed:
                raise InputError("the server is being stopped and takes no more jobs")
            if sum(not live.job.state.final for live in self._running.jobs.values()) >= self._most:
                raise InputError(
                    f"{self._most} jobs wait or run already, as many as this server takes; cancel one or wait for its end"
                )
            job = Job(secrets.token_hex(6), kind, settings, note="waits for its turn", created=time.time())
            checkpoint = str(self._checkpoints / job.id)
            order = Order(job.id, self._running.topic, task, settings, str(folder.absolute()), checkpoint, earlier)
            self._forget()
            self._running.add(LiveJob(job, order, self._submitted))
            self._submitted += 1
        return job

    def cancel(self, id: str) -> Job:
        """End a job: at once if it waits, else when the task next reports. One that has ended stays as it is.

        Raises
        ------
        InputError
            If there is no such job, or it runs on another server.
        """
        with self._running.changed:
            live = self._own(id)
            if live is not None and not live.worker:
                self._running.finish(live, State.CANCELLED)
            elif live is not None:
                self._running.tell(live, "cancel")
        return self.get(id)

    def pause(self, id: str) -> Job:
        """Let a job that runs pause when the task next reports; the next job takes its place.

        Raises
        ------
        InputError
            If there is no such job, or it does not run.
        """
        with self._running.changed:
            live = self._own(id)
            if live is None or not live.worker or live.job.wish == "cancel":
                raise InputError(f"only a job that runs can be paused; this one is {self._word(id)}")
            self._running.tell(live, "pause")
            return live.job

    def resume(self, id: str) -> Job:
        """Let a job go on that was paused, beside others that may have started since.

        Raises
        ------
        InputError
            If there is no such job, or it was not paused.
        """
        with self._running.changed:
            live = self._own(id)
            if live is None or live.job.wish != "pause":
                raise InputError(f"only a job that was paused can go on; this one is {self._word(id)}")
            self._running.tell(live, "run")
            return live.job

    def tag(self, id: str, text: str) -> Job:
        """Mark a job with words, separated by commas, in the place of those that it was marked with before.

        Raises
        ------
        InputError
            If there is no such job, or the words are too many or too long.
        """
        tags = tags_of(text)
        with self._running.changed:
            job = replace(self.get(id), tags=tags)
            if id in self._running.jobs:
                self._running.jobs[id].job = job
            self._records.tag(job)
        return job

    def delete(self, id: str) -> None:
        """Delete a job that has ended: its record, the files that it left, and its checkpoint.

        Raises
        ------
        InputError
            If there is no such job, it has not ended, or another one that has not ended goes on from its checkpoint.
        """
        with self._running.changed:
            if not self.get(id).state.final:
                raise InputError(f"only a job that has ended can be deleted; this one is {self._word(id)}")
            checkpoint = self._checkpoints / plain(id)
            for other in self._running.jobs.values():
                if other.order.earlier == str(checkpoint) and not other.job.state.final:
                    raise InputError(f"job {other.job.id} goes on from this one and has not ended; wait for its end")
            self._running.jobs.pop(id, None)
            self._records.delete(id)
        shutil.rmtree(checkpoint, ignore_errors=True)

    def close(self) -> None:
        """End all jobs and what was started for them; takes some seconds if jobs run. The record stays."""
        self._running.close()
        self._records.close()

    def _own(self, id: str) -> LiveJob | None:
        """Return a job of this server that has not ended, or nothing if it has."""
        if self.get(id).state.final:
            return None
        if id not in self._running.jobs:
            raise InputError(f"job {id} belongs to another server, which still runs")
        return self._running.jobs[id]

    def _word(self, id: str) -> str:
        job = self.get(id)
        return "being cancelled" if job.wish == "cancel" and not job.state.final else job.state.value

    def _forget(self) -> None:
        """Leave the jobs that ended first to the record."""
        ended = sorted((live.job for live in self._running.jobs.values() if live.job.state.final), key=lambda job: job.ended)
        for job in ended[:-MOST_ENDED]:
            self._records.add(job)
            del self._running.jobs[job.id]
