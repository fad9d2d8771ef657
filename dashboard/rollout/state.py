"""The forecasts of the Rollout page: what is on its way, and the newest picture."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import param

from backends.errors import InputError
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.given import Given, of_race
from backends.experiments.rollout.kept import NAME, opened
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.view import RolloutView, view_of
from backends.experiments.run import to_yaml
from backends.rollout.rollout import Report
from dashboard.jobs import all_jobs
from dashboard.races import RACES, LiveRace
from dashboard.rollout.chosen import ChosenSettings
from dashboard.rollout.shared import shared_rollout
from dashboard.worker import DEVICE, FILES, LatestWins

#: Where forecasts are run: they take seconds, in which the device's own thread serves the sliders of others.
FORECASTS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecasts")
#: Seconds that one page may forecast; more is for files.
MOST_SECONDS = 120.0
GONE = (
    "that race is not on this server any more: start one on the Cycling page, or apply the file of the forecasts, which runs "
    "the race again"
)
#: Settings to run; a picture and the number of another start to be shown; or the id of a job whose result is to be opened.
Request = tuple[RolloutSettings, None] | tuple[RolloutView, int] | tuple[str, None]


class RolloutState(ChosenSettings):
    """State of the page, without any widget.

    Parameters
    ----------
    folder
        Of the data.
    text
        An experiment file to begin with.
    """

    view = param.Parameter(None, doc="The picture of the forecasts that have been run.")
    running = param.Boolean(False, doc="Whether forecasts are on their way.")
    stale = param.Boolean(False, doc="Whether the settings have changed since the forecasts were run.")
    field = param.Integer(0, bounds=(0, None), doc="The field that is shown, of states with several.")
    component = param.Integer(0, bounds=(0, None), doc="The component whose series is shown.")
    per_step = param.Boolean(True, doc="Whether sums over time are shown lead by lead, rather than since the start.")

    def __init__(self, folder: Path, text: str = "") -> None:
        self.folder = folder
        self.progress = (0, 0)
        self._stop = threading.Event()  # of the newest request
        self._given: tuple[Given, ...] = ()
        self._work: LatestWins[Request, RolloutView | None] = LatestWins(
            FORECASTS, self._compute_unless_given_up, self._on_view, self._on_failed
        )
        self._fetching: LatestWins[tuple[LiveRace, int], tuple[Given, ...]] = LatestWins(
            DEVICE, lambda request: newest_of(*request), self._on_given, self._on_failed
        )
        super().__init__(text)

    # Analyses -----------------------------------------------------------------------------------------------------

    def start_from_race(self, key: str, method: int) -> None:
        """Start from the newest analysis of a method of a race that is live on this server, and forecast."""
        live = RACES.get(key)
        if live is None:
            self.problem = GONE
        elif not live.started:
            self.problem = "that race has no analysis yet: run a cycle on the Cycling page first"
        else:
            self._fetching.request((live, method))

    def start_and_run(self, start: AnalysisStart) -> None:
        """Start from an analysis, and forecast."""
        self.start_from(start)
        self.run()

    def choose_method(self, method: int) -> None:
        """Start from another method's analysis of the same cycle, if it is at hand."""
        start = self.analysis
        if start is not None and start.race is not None and start.number != method:
            self.start_from(start.model_copy(update={"method": method}))

    def _on_given(self, request: tuple[LiveRace, int], given: tuple[Given, ...]) -> None:
        self._given = given
        self.start_from(next(found for found in given if found.start.method == request[1]).start)
        self.run()

    def _at_hand(self, settings: RolloutSettings) -> Given | None:
        """Return the analyses of settings, where they have been made or fetched before."""
        before = None if self.view is None else self.view.prepared.given
        for given in (*self._given, *([] if before is None else [before])):
            if given.start == settings.start and len(given) >= settings.starts:
                return given
        return None

    # Forecasts ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the forecasts that the settings describe."""
        if not self.fault:  # which is said beside its control
            self._ask((self.settings(), None))

    def show_start(self, start: int) -> None:
        """Show the states of another start."""
        if self.view is not None and self.view.start != start:
            self._ask((self.view, start))

    def open_job(self, job: str) -> None:
        """Show what a job has run, and take over its settings."""
        self._ask((job, None))

    def run_as_job(self) -> str:
        """Start the settings as a job, however many starts and members there are; return its id.

        Raises
        ------
        InputError
            If they cannot be run, or too many jobs wait already.
        """
        settings = self.checked()
        titled = settings.title or f"{self.subject}: {', '.join(settings.labels)}"
        text = to_yaml(settings.model_copy(update={"title": titled[:120]}))
        return all_jobs().submit("rollout", text, self.folder).id

    def stop(self) -> None:
        """Give up what is on its way."""
        self._stop.set()

    def wait(self) -> None:
        """Block until the forecasts are there; for programs without a browser."""
        self._fetching.wait()
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.stop()
        self._fetching.close()
        self._work.close()
        self.view, self._given = None, ()

    def _on_settings(self, settings: RolloutSettings) -> None:
        if self.view is None:
            self.stale = False
            return
        run = self.view.prepared.settings  # other starts are run when they are asked for
        self.stale = settings.model_copy(update={"generalise": run.generalise}) != run

    def _ask(self, request: Request) -> None:
        self._stop = threading.Event()
        self.progress = (0, 0)
        self.param.update(running=True, problem="")
        self._work.request(request)

    def _compute_unless_given_up(self, request: Request) -> RolloutView | None:
        """Return what is asked for; None where it was stopped and something else has been asked for since."""
        stop = self._stop
        try:
            return self._compute(request, self._reporter(stop))
        except InputError:
            if stop.is_set() and stop is not self._stop:
                return None
            raise

    def _compute(self, request: Request, report: Report) -> RolloutView:
        what, start = request
        if isinstance(what, RolloutView):
            assert start is not None
            return view_of(what.prepared, what.result, start, report)
        if isinstance(what, str):
            content = FILES.submit(all_jobs().artifact, what, NAME).result()
            view = FILES.submit(opened, content, self.folder, report).result()
            assert view.curves
            return view
        return shared_rollout(what, self.folder, lambda: self._run(what, report))

    def _run(self, what: RolloutSettings, report: Report) -> RolloutView:
        if what.start.world == "archive":  # the libraries that read files must not be entered twice
            prepared = FILES.submit(prepare, what, self.folder, self._at_hand(what), report).result()
        else:
            prepared = prepare(what, self.folder, self._at_hand(what), report)
        view = view_of(prepared, prepared.run(report))
        assert view.curves  # computed here, where nobody waits for it
        return view

    def _reporter(self, stop: threading.Event) -> Report:
        end = time.monotonic() + MOST_SECONDS

        def report(lead: int, of: int) -> None:
            self.progress = (lead, of)
            if stop.is_set():
                raise InputError(f"stopped after {lead} of {of} leads; nothing of it is kept")
            if time.monotonic() > end and lead < of:
                raise InputError(
                    f"{lead} of {of} leads took {MOST_SECONDS:g} s, which is as long as this page may forecast. Take fewer "
                    "starts, members or steps, or run the file without a browser"
                )

        return report

    def _on_view(self, request: Request, view: RolloutView | None) -> None:
        if view is None:
            return
        if isinstance(request[0], str):
            self.take(to_yaml(view.prepared.settings))
        old, fields = self.view, len(view.layout.names)
        field = self.field if self.field < fields and view.layout.kind == "plane" else 0
        same = old is not None and old.layout == view.layout
        component = self.component if same else view.middle(field)
        self.param.update(view=view, running=False, field=field, component=component)
        self._on_change()

    def _on_failed(self, problem: str) -> None:
        self.param.update(running=False, problem=problem)


def newest_of(live: LiveRace, asked: int) -> tuple[Given, ...]:
    """Return the newest analyses of all methods of a race that have any; on the device's thread only.

    Raises
    ------
    InputError
        If the method asked for has none.
    """
    race, methods = live.race, range(len(live.race.cycling.contestants))
    return tuple(of_race(race, number) for number in methods if number == asked or not race.cycling.contestants[number].ended)
