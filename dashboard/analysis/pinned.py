"""The analysis that others are compared with: kept when a person says so, and made anew where an address has its settings."""

from collections.abc import Callable
from typing import Any

import param

from backends.experiments.outcome import Outcome
from backends.experiments.prepare import Prepared
from backends.experiments.settings import AnalysisSettings
from backends.fields.catalogue import Catalogue
from dashboard.analysis.opening import Opened
from dashboard.analysis.shared import shared_analysis, shared_case, with_details
from dashboard.worker import DEVICE, FILES, LatestWins


class Pinned(param.Parameterized):
    """The pinned analysis, and its settings, which are there before it where they come from an address.

    Its case is opened on the file thread and solved on the device thread, as that of the page is; where both are the same, what
    the page has is taken.
    """

    settings = param.Parameter(default=None, doc="Of the analysis that is pinned, or is being made to be.")
    outcome = param.Parameter(default=None, doc="The pinned analysis with its diagnostics; None where it is not there.")

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        #: Told why an analysis that an address pins is not there; set by the page.
        self.report: Callable[[str], Any] = lambda _fault: None
        self._opening = LatestWins[AnalysisSettings, Opened](
            FILES, lambda settings: shared_case(settings.case, catalogue, strict=True), self._on_opened, self._on_failed
        )
        self._solving = LatestWins[tuple[Prepared, AnalysisSettings], Outcome](
            DEVICE, lambda request: with_details(shared_analysis(*request)), self._on_solved, self._on_failed
        )

    def keep(self, outcome: Outcome | None) -> None:
        """Pin an analysis in place of another; none with None."""
        self.param.update(settings=None if outcome is None else outcome.settings, outcome=outcome)

    def recall(self, settings: AnalysisSettings | None) -> None:
        """Pin the analysis of these settings as soon as it has been made, unless it is the one that is pinned."""
        if settings == self.settings:
            return
        self.param.update(settings=settings, outcome=None)
        if settings is not None:
            self._opening.request(settings)

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._opening.wait()
        self._solving.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._opening.close()
        self._solving.close()
        with param.parameterized.discard_events(self):
            self.settings = self.outcome = None

    def _on_opened(self, settings: AnalysisSettings, opened: Opened) -> None:
        if settings is self.settings:
            self._solving.request((opened.prepared, settings))

    def _on_solved(self, request: tuple[Prepared, AnalysisSettings], outcome: Outcome) -> None:
        if request[1] is self.settings:
            self.outcome = outcome

    def _on_failed(self, problem: str) -> None:
        if self.outcome is None:
            self.settings = None
            self.report(f"pinned: {problem}")
