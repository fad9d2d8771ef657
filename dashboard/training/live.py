"""The live tab: loss, scores beside their references, pictures of unseen cases, and how the machine does."""

from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.jobs.job import Job
from backends.learning.metric_figures import MetricLine, figures
from backends.pictures.training import Look
from dashboard.controls import one_message
from dashboard.plots.race.frame import grid
from dashboard.plots.training.curves import HEIGHT, SMALL, Curve, Curves
from dashboard.training.address_keys import TrainingView
from dashboard.training.gallery import GalleryView
from dashboard.training.metrics import RunMetrics, Smooth

AGAINST = {"Iteration": "iteration", "Time": "seconds"}
AXES = {"iteration": "iteration", "seconds": "seconds of training"}
SMOOTHING = {"Not smoothed": 1, "Smoothed over 10": 10, "Smoothed over 50": 50, "Smoothed over 200": 200}


class LiveView:
    """Figures that follow a run; which there are depends on what its task reports."""

    def __init__(self) -> None:
        self._metrics: RunMetrics | None = None
        self._figures: dict[str, Curves] = {}
        self._smooth: dict[str, Smooth] = {}
        self._drawn: tuple[object, ...] = ()
        self._placed: tuple[str, ...] = ()
        self.against = pmui.Select(
            label="Against", options=AGAINST, value="iteration", size="small", width=120,
            description="Horizontal axes: steps of the optimiser, or seconds of training",
        )  # fmt: skip
        self.smoothing = pmui.Select(
            label="Loss", options=SMOOTHING, value=10, size="small", width=180,
            description="Exponentially weighted mean over so many reports; the loss itself is the pale line behind it",
        )  # fmt: skip
        self.log = pmui.Switch(label="Logarithmic", value=True, description="Vertical axes of loss and scores")
        for control in (self.against, self.smoothing, self.log):
            control.param.watch(self._on_control, "value")
        self.gallery = GalleryView()
        self._bar = pn.FlexBox(self.against, self.smoothing, self.log, align_items="center", gap="8px", visible=False)
        self.pane = pn.Column(self._bar, self.gallery.pane, sizing_mode="stretch_width", margin=0)

    @property
    def look(self) -> Look:
        """How curves are drawn now."""
        return Look(self.against.value, self.smoothing.value, self.log.value)

    @property
    def chosen(self) -> dict[str, Any]:
        """The same, by the keys of the page's address."""
        return {"against": self.against.value, "smoothing": self.smoothing.value, "log": self.log.value}

    def choose(self, wanted: TrainingView) -> None:
        """Draw curves as an address says."""
        with one_message():
            self.against.value, self.smoothing.value, self.log.value = wanted.against, wanted.smoothing, wanted.log

    def show(self, job: Job | None, metrics: RunMetrics | None) -> None:
        """Draw what is new of a run, or nothing where there is none."""
        if metrics is not self._metrics:
            self._metrics, self._smooth = metrics, {}
        with one_message():
            self._bar.visible = job is not None
            self._draw()
        self.gallery.show(job, None if metrics is None else metrics.source)

    def close(self) -> None:
        """Let go of everything."""
        self.gallery.close()

    def _on_control(self, event: Event) -> None:
        if event.obj is self.smoothing:
            self._smooth = {}
        with one_message():
            self._draw()

    def _draw(self) -> None:
        metrics = self._metrics
        key = (metrics and (metrics.id, metrics.version), self.against.value, self.smoothing.value, self.log.value)
        if key == self._drawn:
            return
        self._drawn = key
        wanted = figures(metrics.groups()) if metrics is not None and metrics.version else ()
        for figure in wanted:
            assert metrics is not None
            name, small = figure.name, figure.small
            curves = [self._curve(metrics, line) for line in figure.lines]
            if name not in self._figures:
                self._figures[name] = Curves(figure.title, SMALL if small else HEIGHT)
            self._figures[name].title(figure.title)
            log = figure.log(self.log.value, _positive(curves))
            what = (metrics.id if metrics else "", self.against.value, self.smoothing.value)
            self._figures[name].show(curves, "" if small else AXES[self.against.value], log, what)
        placed = tuple(figure.name for figure in wanted)
        if placed != self._placed:
            self._placed = placed
            # Boxes of their own for each set of figures: one that was empty before would leave its first column free.
            large = [self._figures[figure.name].pane for figure in wanted if not figure.small]
            little = [self._figures[figure.name].pane for figure in wanted if figure.small]
            above, below = grid(*large, least=250, columns_at_most=4), grid(*little, least=200, columns_at_most=5)
            self.pane.objects = [self._bar, above, self.gallery.pane, below] if placed else [self._bar, self.gallery.pane]

    def _curve(self, metrics: RunMetrics, line: MetricLine) -> Curve:
        name = line.metric
        x, y = metrics.curve(name, self.against.value)
        smoothed = None
        if line.smooth and self.smoothing.value > 1:
            if name not in self._smooth:
                self._smooth[name] = Smooth(self.smoothing.value)
            smoothed = self._smooth[name].follow(metrics.values[name].values)[: len(x)]
        constants = {label: metrics.last(reference) for label, reference in line.references}
        return Curve(line.label, x, y, smoothed, {known: value for known, value in constants.items() if value is not None})


def _positive(curves: Sequence[Curve]) -> bool:
    """Return whether curves have a logarithm."""
    return not any(bool((curve.y <= 0).any()) for curve in curves)
