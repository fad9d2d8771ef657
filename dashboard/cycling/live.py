"""The live tab: errors against time, and the state of the chosen method."""

import panel as pn

from backends.experiments.cycling.view import RaceView
from dashboard.cycling.state import CyclingState
from dashboard.plots.race.timeline import RaceTimeline


class LiveView:
    """Pictures that follow the race."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self.timeline = RaceTimeline()
        self.pane = pn.Column(self.timeline.pane, sizing_mode="stretch_width", margin=0)

    def show(self, view: RaceView | None) -> None:
        """Draw a moment of the race, or nothing where there is none yet."""
        if view is None:
            self.timeline.clear()
            return
        curves = {
            label: {"analysis": s["rmse_analysis"], "background": s["rmse_background"], "spread": s["spread_analysis"]}
            for label, s in zip(view.labels, view.series, strict=True)
        }
        self.timeline.show(view.cycles, curves, [(mark.cycle, mark.text) for mark in view.marks], view.sigma)
