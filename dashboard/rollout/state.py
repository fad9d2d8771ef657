"""The forecasts of the Rollout page: what is on its way, and the newest picture."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import param

from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.view import RolloutView, view_of
from dashboard.rollout.chosen import ChosenSettings
from dashboard.worker import FILES, LatestWins

#: Where forecasts are run: they take seconds, in which the device's own thread serves the sliders of others.
FORECASTS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecasts")
#: Seconds that one page may forecast; more is for files.
MOST_SECONDS = 120.0
#: Settings to run, or a picture and the number of another start to be shown.
Request = tuple[RolloutSettings, None] | tuple[RolloutView, int]


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
        self._folder = folder
        self.progress = (0, 0)
        self._stop = threading.Event()
        self._work: LatestWins[Request, RolloutView] = LatestWins(FORECASTS, self._compute, self._on_view, self._on_failed)
        super().__init__(text)

    # Forecasts ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run the forecasts that the settings describe."""
        if not self.fault:  # which is said beside its control
            self._ask((self.settings(), None))

    def show_start(self, start: int) -> None:
        """Show the states of another start."""
        if self.view is not None and self.view.start != start:
            self._ask((self.view, start))

    def stop(self) -> None:
        """Give up what is on its way."""
        self._stop.set()

    def wait(self) -> None:
        """Block until the forecasts are there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self.stop()
        self._work.close()
        self.view = None

    def _on_settings(self, settings: RolloutSettings) -> None:
        self.stale = self.view is not None and self.view.prepared.settings != settings

    def _ask(self, request: Request) -> None:
        self._stop.clear()
        self.progress = (0, 0)
        self.param.update(running=True, problem="")
        self._work.request(request)

    def _compute(self, request: Request) -> RolloutView:
        report = self._reporter()
        what, start = request
        if isinstance(what, RolloutView):
            assert start is not None
            return view_of(what.prepared, what.result, start, report)
        if what.start.name == "archive":  # the libraries that read files must not be entered twice
            prepared = FILES.submit(prepare, what, self._folder).result()
        else:
            prepared = prepare(what, self._folder)
        view = view_of(prepared, prepared.run(report))
        assert view.curves  # computed here, where nobody waits for it
        return view

    def _reporter(self) -> Callable[[int, int], None]:
        end = time.monotonic() + MOST_SECONDS

        def report(lead: int, of: int) -> None:
            self.progress = (lead, of)
            if self._stop.is_set():
                raise InputError(f"stopped after {lead} of {of} leads; nothing of it is kept")
            if time.monotonic() > end and lead < of:
                raise InputError(
                    f"{lead} of {of} leads took {MOST_SECONDS:g} s, which is as long as this page may forecast. Take fewer "
                    "starts, members or steps, or run the file without a browser"
                )

        return report

    def _on_view(self, _request: Request, view: RolloutView) -> None:
        old, fields = self.view, len(view.layout.names)
        field = self.field if self.field < fields and view.layout.kind == "plane" else 0
        same = old is not None and old.layout == view.layout
        component = self.component if same else view.middle(field)
        self.param.update(view=view, running=False, field=field, component=component)
        self._on_change()

    def _on_failed(self, problem: str) -> None:
        self.param.update(running=False, problem=problem)
