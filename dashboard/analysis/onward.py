"""From an analysis to forecasts: a button that opens the Rollout page with the settings, or why no model goes on from it."""

from html import escape

import panel as pn

from backends.experiments.pairs import to_pairs
from backends.experiments.rollout.analysis_start import why_not
from backends.experiments.settings import AnalysisSettings
from dashboard.address import LONGEST, link
from dashboard.controls import LinkButton, html
from dashboard.shell import keep_dark


class Onward:
    """The way to the Rollout page."""

    def __init__(self) -> None:
        self.button = LinkButton(
            label="Forecast from here", icon="timeline", variant="outlined", size="small", visible=False,
            description="Opens the Rollout page: a model goes on from this analysis, and its truth tells how well",
        )  # fmt: skip
        self._why = html("")
        self.pane = pn.Row(self.button, self._why, sizing_mode="stretch_width", margin=0, css_classes=["onward"])
        self._shown: AnalysisSettings | None = None

    def show(self, settings: AnalysisSettings) -> None:
        """Offer to go on from an analysis that has been made."""
        if settings is self._shown:
            return
        self._shown = settings
        reason = why_not(settings.case)
        start = {"start": {"name": "analysis", "analysis": settings.tree()}}
        address = "" if reason else link("rollout", to_pairs(start))
        if len(address) > LONGEST:
            reason = "the list of places is too long for an address; use fewer, or write a file with start: {name: analysis}"
        self.button.href = None if reason else keep_dark(address)  # alone: in an update, all parameters are read
        self.button.visible = not reason
        self._why.object = f'<div class="hint">No forecast from here: {escape(reason)}.</div>' if reason else ""
