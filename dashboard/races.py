"""Races that run on the server: they belong to it and not to the browser tab that started them."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from backends.errors import InputError
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.cycling.view import RaceView, view
from dashboard.worker import DEVICE

#: Where races are made: their first states, and the climate of their model.
MAKING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="making")

LOG = logging.getLogger("assimilab")

#: Seconds that one race may compute before others have their turn, and between two turns of a race.
SLICE, PULSE = 0.04, 0.02
#: Seconds for which a picture of a running race stands for others who look at it.
PICTURE = 0.03
#: Races that nobody has looked at for so many seconds pause, and later are forgotten.
PAUSE_AFTER, FORGET_AFTER = 120.0, 3600.0
#: Most races that are kept, running or paused.
MOST_RACES = 200


@dataclass(frozen=True)
class _Seen:
    """A view of a race, the settings that it had then, and when that was."""

    view: RaceView
    settings: CyclingSettings
    when: float


class LiveRace:
    """A race that runs in slices on the device's thread, shared fairly with everything else that computes there.

    Attributes
    ----------
    key
        What addresses know it by.
    running
        Whether it goes on by itself.
    speed
        Cycles per second that are aimed at; infinite: as fast as it can.
    problem
        Why it stopped, or why the newest change of settings was refused.
    """

    def __init__(self, settings: CyclingSettings, wake: Callable[[], None]) -> None:
        self.key = secrets.token_urlsafe(9)
        self.settings = settings
        self._wake = wake
        self.running, self.speed, self.problem = False, 20.0, ""
        self.seen = time.monotonic()
        self._lock = threading.Lock()
        # Sampling the climate of a large model takes seconds, in which the device's thread serves others.
        self._making = MAKING.submit(Race, settings)
        self._making.add_done_callback(self._on_done)
        self._wanted: CyclingSettings | None = None
        self._single = 0
        self._due = 0.0
        self._slice: Future[None] | None = None
        #: What has been looked at lately, by what was asked for.
        self._views: dict[tuple[int, int, int], _Seen] = {}

    @property
    def started(self) -> bool:
        """Whether at least one cycle has been run."""
        return self.cycle > 0

    @property
    def ready(self) -> bool:
        """Whether it has been made and can be stepped."""
        return self._making.done() and not self._making.cancelled() and self._making.exception() is None

    @property
    def race(self) -> Race:
        """The race itself, once it is ready; to be touched on the device's thread only."""
        return self._making.result()

    @property
    def cycle(self) -> int:
        """Cycles that have been run."""
        return self.race.cycle if self.ready else 0

    @property
    def finished(self) -> bool:
        """Whether all cycles of the settings have been run, or no method is left."""
        if not self.ready:
            return False
        return self.cycle >= self.settings.cycles or all(contestant.ended for contestant in self.race.cycling.contestants)

    def start(self) -> None:
        """Go on, from now."""
        self._due, self.running = time.monotonic(), True
        self._wake()

    def pause(self) -> None:
        """Stop after the cycle that is being computed."""
        self.running = False

    def give_up(self) -> None:
        """Pause, and do not make what has not been begun: whoever still looks at it is told."""
        self.pause()
        if self._making.cancel():
            self.problem = "this race was given up before it had been made; Reset begins another one"

    def advance_one(self) -> None:
        """Run a single cycle and pause."""
        self.running = False
        with self._lock:
            self._single += 1
        self._wake()

    def change(self, settings: CyclingSettings) -> None:
        """Take over other settings before the next cycle."""
        with self._lock:
            self._wanted = settings
        self._wake()

    def keep(self) -> None:
        """Say that somebody is looking: races that nobody looks at pause and are forgotten."""
        self.seen = time.monotonic()

    def look(self, chosen: int, window: int, history: int) -> RaceView:
        """Return what there is to see; on the device's thread only.

        All who look at the same are given the same, while the race runs for as long as a picture stands.
        """
        race, asked, now = self.race, (chosen, window, history), time.monotonic()
        seen = self._views.get(asked)
        if seen is not None and seen.settings is race.settings and (seen.view.cycle == race.cycle or self._stands(seen, now)):
            return seen.view
        self._views = {key: old for key, old in self._views.items() if self._stands(old, now)}
        self._views[asked] = _Seen(view(race, *asked), race.settings, now)
        return self._views[asked].view

    def _stands(self, seen: _Seen, now: float) -> bool:
        return self.running and now - seen.when < PICTURE

    def wants_turn(self, now: float) -> bool:
        """Return whether there is something to compute now that is not being computed already."""
        if not self.ready or (self._slice is not None and not self._slice.done()):
            return False
        if self.running and now - self.seen > PAUSE_AFTER:
            self.running = False
        return self._single > 0 or self._wanted is not None or (self.running and now >= self._due)

    def turn(self, worker: Executor) -> None:
        """Ask for a slice."""
        self._slice = worker.submit(self._advance)
        self._slice.add_done_callback(self._on_done)

    def _on_done(self, work: Future[Any]) -> None:
        problem = None if work.cancelled() else work.exception()
        if isinstance(problem, InputError):
            self.running, self.problem = False, str(problem)
        elif problem is not None:
            LOG.error("A race failed", exc_info=problem)
            self.running, self.problem = False, f"this failed inside the program ({problem!r}); the server's log says where"

    def _advance(self) -> None:
        race = self.race
        with self._lock:
            wanted, self._wanted = self._wanted, None
            single, self._single = self._single, 0
        if wanted is not None:
            try:
                race.change(wanted)
                self.settings, self.problem = wanted, ""
            except InputError as problem:
                self.problem = str(problem)
        for _ in range(single):
            if not self.finished:
                race.step()
        end = time.monotonic() + SLICE
        while self.running and not self.finished and time.monotonic() >= self._due:
            race.step()
            # A race that cannot keep up does not try to make up for it later.
            self._due = max(self._due + 1 / self.speed, time.monotonic() - SLICE)
            if time.monotonic() > end:
                break
        if self.finished:
            self.running = False


class Races:
    """All races of the server, by key.

    Parameters
    ----------
    worker
        The device's executor.
    """

    def __init__(self, worker: Executor) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._races: dict[str, LiveRace] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def create(self, settings: CyclingSettings) -> LiveRace:
        """Return a new race, not started.

        Raises
        ------
        InputError
            If there are too many.
        """
        with self._lock:
            now = time.monotonic()
            self._races = {key: old for key, old in self._races.items() if now - old.seen < FORGET_AFTER}
            if len(self._races) >= MOST_RACES:
                raise InputError(f"{MOST_RACES} races are kept on this server already; try again when some have ended")
            race = LiveRace(settings, self.wake)
            self._races[race.key] = race
        return race

    def get(self, key: str) -> LiveRace | None:
        """Return the race of a key, if it is still there."""
        with self._lock:
            return self._races.get(key)

    def listed(self, most: int) -> list[LiveRace]:
        """Return the races that have run a cycle, those that somebody looked at last first."""
        with self._lock:
            races = sorted(self._races.values(), key=lambda race: race.seen, reverse=True)
        return [race for race in races if race.started][:most]

    def drop(self, race: LiveRace) -> None:
        """Forget a race."""
        race.give_up()
        with self._lock:
            self._races.pop(race.key, None)

    def wake(self) -> None:
        """Give turns from now on, until no race wants any."""
        with self._lock:
            self._wake.set()
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._beat, name="races", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Give no more turns, before the worker takes none."""
        with self._lock:
            self._closed = True
            self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        while not self._closed:
            self._wake.clear()
            with self._lock:
                races = list(self._races.values())
            now = time.monotonic()
            for race in races:
                if race.wants_turn(now):
                    race.turn(self._worker)
            if not any(race.running or race.wants_turn(now) for race in races):
                self._wake.wait(1.0)
            time.sleep(PULSE)


#: The one collection of this server.
RACES = Races(DEVICE)
