"""The live tab: loss, scores beside their references, pictures of unseen cases, and how the machine does."""

from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.jobs.job import Job
from dashboard.controls import one_message
from dashboard.plots.training.curves import HEIGHT, SMALL, Curve, Curves
from dashboard.plots.training.pictures import box
from dashboard.training.gallery import GalleryView
from dashboard.training.metrics import Groups, RunMetrics, Smooth
from dashboard.training.names import metric_label

AGAINST = {"Iteration": "iteration", "Time": "seconds"}
AXES = {"iteration": "iteration", "seconds": "seconds of training"}
SMOOTHING = {"Not smoothed": 1, "Smoothed over 10": 10, "Smoothed over 50": 50, "Smoothed over 200": 200}
#: Figures whose numbers span decades, whatever the switch says, and those that never do.
ALWAYS_LOG = ("gaps",)
NEVER_LOG = (
    "learning_rate", "samples_per_second", "memory_mb", "device_memory_mb", "score elbo", "score explained",
    "score consistency", "score length",
)  # fmt: skip


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
        wanted = {} if metrics is None or not metrics.version else self._wanted(metrics, metrics.groups())
        for name, (title, curves, small) in wanted.items():
            if name not in self._figures:
                self._figures[name] = Curves(title, SMALL if small else HEIGHT)
            self._figures[name].title(title)
            log = name in ALWAYS_LOG or (self.log.value and name not in NEVER_LOG and _positive(curves))
            what = (metrics.id if metrics else "", self.against.value, self.smoothing.value)
            self._figures[name].show(curves, "" if small else AXES[self.against.value], log, what)
        placed = tuple(wanted)
        if placed != self._placed:
            self._placed = placed
            # Boxes of their own for each set of figures: one that was empty before would leave its first column free.
            above = box([self._figures[name].pane for name in placed if not wanted[name][2]], 250, 4)
            below = box([self._figures[name].pane for name in placed if wanted[name][2]], 200, 5)
            self.pane.objects = [self._bar, above, self.gallery.pane, below] if placed else [self._bar, self.gallery.pane]

    def _wanted(self, metrics: RunMetrics, groups: Groups) -> dict[str, tuple[str, list[Curve], bool]]:
        """Return title and curves of each figure, and whether it is a small one."""
        figures: dict[str, tuple[str, list[Curve], bool]] = {}
        if groups.terms:
            figures["loss"] = ("Loss", [self._curve(metrics, name, smooth=True) for name in groups.terms], False)
        if groups.gaps:
            figures["gaps"] = (
                "Normalised cost gap",
                [self._curve(metrics, name, prefix="cost_gap_") for name in groups.gaps],
                False,
            )
        for stem, scores in groups.compared.items():
            # The background's cost lies far above all others, which it would flatten.
            kept = [(name, [r for r in tails if stem != "cost" or not r.endswith("_background")]) for name, tails in scores]
            tails = dict.fromkeys(metric_label(reference.rpartition("_")[2]) for _, names in kept for reference in names)
            beside = f" (dashed: {', '.join(tails)})" if tails and len(kept) > 1 else ""
            label = metric_label(stem)
            title = f"{'Validation cost' if stem == 'cost' else _titled(label)}{beside}"
            # One curve is called the network's, and its references what they are; of several each is called by its stem.
            suffix, prefix = ("_network", "") if len(kept) > 1 else ("", f"{stem}_")
            curves = [self._curve(metrics, name, references=names, prefix=prefix, suffix=suffix) for name, names in kept]
            figures[f"score {stem}"] = (title, curves, False)
        for name in (*groups.system, *groups.others):
            label = metric_label(name)
            figures[name] = (_titled(label), [self._curve(metrics, name)], True)
        return figures

    def _curve(
        self, metrics: RunMetrics, name: str, *, smooth: bool = False, references: Any = (), prefix: str = "", suffix: str = ""
    ) -> Curve:
        x, y = metrics.curve(name, self.against.value)
        smoothed = None
        if smooth and self.smoothing.value > 1:
            if name not in self._smooth:
                self._smooth[name] = Smooth(self.smoothing.value)
            smoothed = self._smooth[name].follow(metrics.values[name].values)[: len(x)]
        constants = {metric_label(reference.removeprefix(prefix)): metrics.last(reference) for reference in references}
        label = metric_label(name.removeprefix(prefix).removesuffix(suffix))
        return Curve(label, x, y, smoothed, {known: value for known, value in constants.items() if value is not None})


def _titled(label: str) -> str:
    """Return a label that begins with a capital, unless it begins with a symbol."""
    return label[:1].upper() + label[1:] if label.isascii() else label


def _positive(curves: Sequence[Curve]) -> bool:
    """Return whether curves have a logarithm."""
    return not any(bool((curve.y <= 0).any()) for curve in curves)
