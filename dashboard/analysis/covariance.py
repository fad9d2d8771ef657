"""B as it is: the column at a place that is clicked, the standard deviations, the spectrum with its floor."""

from collections.abc import Callable
from html import escape
from typing import Any, Literal, get_args

import numpy as np
import panel as pn
import panel_material_ui as pmui

from backends.experiments.covariance_picture import CovariancePicture, beyond_rounding, covariance_picture
from backends.experiments.experiment import AnalysisExperiment
from backends.experiments.outcome import Outcome
from backends.experiments.pictures import array, empty_raster, frame_of, on_axes, to_raster
from backends.fields.field import statistics
from backends.geometry.grid import LatLonGrid
from backends.geometry.scattered import ScatteredPoints
from dashboard.analysis.fields import DIFFERENCE, SPREAD
from dashboard.analysis.opening import Opened
from dashboard.analysis.scores import Fact, facts, percent
from dashboard.controls import html, notice, tell
from dashboard.plots.curve import LiveCurve
from dashboard.plots.live import LiveMap
from dashboard.plots.statistics import LiveSpectrum
from dashboard.theme import BACKGROUND, limits, number, units_label
from dashboard.worker import DEVICE, LatestWins

Request = tuple[AnalysisExperiment, Outcome, tuple[float, ...] | None]
WIDTH, HEIGHT = 620, 380
SPECTRUM = '<div class="panel-title">Eigenvalues of B <span class="hint">without those within rounding of zero</span></div>'
#: What can be looked at of an estimate, as an address says it, in the order of the list.
Shown = Literal["sigma_b", "length", "eof-1", "eof-2", "eof-3", "eof-4", "eof-5", "eof-6"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
#: EOFs among it.
MODES = len(SHOWN) - 2


class CovarianceView:
    """The page's view of B; computes only while it is looked at."""

    def __init__(self) -> None:
        self._work: LatestWins[Request, CovariancePicture] = LatestWins(
            DEVICE,
            lambda request: covariance_picture(*request),
            self._deliver,
            lambda text: tell(self._problem, "problem", text),
        )
        #: The place whose column is shown, and the case that it is in.
        self._place: tuple[float, ...] | None = None
        self._opened: Opened | None = None
        #: What an address wants to see of the estimate, by its number, and who is told if it is not there.
        self._awaited: tuple[int, Callable[[str], Any]] | None = None
        self._last: tuple[Opened, Outcome] | None = None
        self._frame, self._shown = "", None
        self._facts, self._problem = html(), notice("problem")
        self._title = html(
            '<div class="panel-title">Column of B <span class="hint">click a place to see its column</span></div>'
        )
        self._column = pn.Column(sizing_mode="stretch_width", margin=0)
        self._spectrum = LiveSpectrum()
        self._no_spectrum = html(
            '<div class="hint">The eigenvalues of this B are not at hand: only on the line, on the plane and between stations '
            "is it small or structured enough to decompose it at once.</div>"
        )
        self.modes = pmui.Select(
            label="Shown", options={"σ_b of each point": 0}, value=0, width=240,
            description="σ_b or length L of each point, or a leading EOF, by area, with its share of the variance",
        )  # fmt: skip
        self.modes.param.watch(lambda _event: self._show_estimate(), "value")
        self._estimate = LiveMap(WIDTH, HEIGHT)
        self._estimated = pn.Column(
            html('<div class="panel-title">Estimated from the times of the file (NMC)</div>'), self.modes, self._estimate.pane,
            sizing_mode="stretch_width", margin=0, visible=False,
        )  # fmt: skip
        spectrum = pn.Column(
            html(SPECTRUM), self._spectrum.pane, self._no_spectrum,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        style = {"flex": "1 1 420px", "min-width": "0", "max-width": "680px"}
        boxes = [pn.Column(self._title, self._column, margin=0), self._estimated, spectrum]
        for box in boxes:
            box.styles = style
        self.pane = pn.Column(
            self._problem,
            self._facts,
            pn.FlexBox(*boxes, gap="6px 10px", sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
        )
        self._map: LiveMap | None = None
        self._curve: LiveCurve | None = None
        self._picture: CovariancePicture | None = None
        #: What is shown, and the outcome that it is of.
        self.newest: tuple[Outcome, CovariancePicture] | None = None

    def show(self, opened: Opened, outcome: Outcome) -> None:
        """Ask for the picture of an outcome's B."""
        if opened is not self._opened:
            self._place, self._opened = None, opened
        self._last = opened, outcome
        self._work.request((opened.prepared.experiment, outcome, self._place))

    def chosen(self, opened: Opened, outcome: Outcome) -> dict[str, Any]:
        """Return what is looked at of an outcome's B, by the keys of an address."""
        found: dict[str, Any] = {}
        if self._place is not None and opened is self._opened:
            found["column"] = tuple(float(f"{x:.6g}") for x in self._place)
        if _is_estimated(outcome):
            found["shown"] = SHOWN[int(self.modes.value or 0) if self._awaited is None else self._awaited[0]]
        return found

    def choose(
        self, opened: Opened, outcome: Outcome, column: tuple[float, ...] | None, shown: Shown, report: Callable[[str], Any]
    ) -> None:
        """Look at what an address says of an outcome's B when it is shown next; what cannot be is told to `report`."""
        dimensions = outcome.case.domain.coordinates().shape[1]
        if column is not None and len(column) != dimensions:
            report(f"column: a place has {dimensions} {'number' if dimensions == 1 else 'numbers'} here; came {list(column)}")
            column = None
        self._place, self._opened, self._awaited = column, opened, None
        if _is_estimated(outcome):
            self._awaited = SHOWN.index(shown), report
        elif shown != SHOWN[0]:
            report(f"shown: this B is not estimated from the times of a file; came {shown}")

    def close(self) -> None:
        """Let go of everything."""
        self._work.close()
        self._last = self._picture = self.newest = self._opened = self._awaited = None

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._work.wait()

    def _on_tap(self, *place: float) -> None:
        self._place = place
        if self._last is not None:
            self.show(*self._last)

    def _deliver(self, request: Request, picture: CovariancePicture) -> None:
        if self._last is None:
            return
        outcome, self._picture = request[1], picture
        self.newest = outcome, picture
        frame = frame_of(outcome.case.domain)
        if frame != self._frame:
            self._build(frame)
        tell(self._problem, "problem", "")
        self._show_column(outcome, picture)
        spectrum = picture.spectrum
        self._spectrum.pane.visible, self._no_spectrum.visible = spectrum is not None, spectrum is None
        if spectrum is not None:
            self._spectrum.show(beyond_rounding(spectrum), spectrum.floor or None, _squared(units_label(outcome.case.units)))
        self._facts.object = facts(_facts(outcome, picture), "covariance")
        self._estimated.visible = picture.estimate is not None
        if picture.estimate is not None:
            shares = {
                f"EOF {k + 1} ({percent(float(share))})": k + 2 for k, share in enumerate(picture.estimate.explained[:MODES])
            }
            self._offer({"σ_b of each point": 0, "Correlation length of each point": 1, **shares})
            self._show_estimate()

    def _offer(self, options: dict[str, int]) -> None:
        """Offer what can be looked at of an estimate, and choose what has been asked for."""
        mode = self.modes.value
        if self._awaited is not None:
            mode, report = self._awaited
            self._awaited = None
            if mode not in options.values():
                report(f"shown: this B has {SHOWN[max(options.values())]} as the last; came {SHOWN[mode]}")
        self.modes.param.update(options=options, value=mode if mode in options.values() else 0)

    def _build(self, frame: str) -> None:
        self._frame = frame
        if frame == "line":
            self._curve = LiveCurve(self._on_tap)
            self._column.objects = [self._curve.pane]
            return
        kind: Any = "plane" if frame == "plane" else "geographic"
        self._map = LiveMap(WIDTH, HEIGHT, on_tap=self._on_tap, frame=kind, transparent_missing=frame == "stations")
        self._column.objects = [self._map.pane]

    def _show_column(self, outcome: Outcome, picture: CovariancePicture) -> None:
        domain, units = outcome.case.domain, _squared(units_label(outcome.case.units))
        peak = statistics(picture.column)
        at = on_axes(np.array([picture.place]), domain)
        if self._frame == "line":
            assert self._curve is not None
            x = domain.coordinates()[:, 0].cpu().numpy()
            room = 0.08 * max(peak.max - min(peak.min, 0.0), 1e-12)
            span = min(peak.min, 0.0) - room, peak.max + room
            self._curve.show(x, picture.column, span, "column of B", units, BACKGROUND, float(picture.place[0]))
            return
        assert self._map is not None
        scene = (self._last[0] if self._last else None, "column")
        span = limits(DIFFERENCE, peak)
        if isinstance(domain, ScatteredPoints):
            raster = empty_raster(domain)
            self._map.show(scene, raster, DIFFERENCE, span, "column of B", units)
            x, y = on_axes(domain.coordinates().cpu().numpy(), domain)
            self._map.mark(x, y, picture.column)
        else:
            self._map.show(scene, to_raster(picture.column, domain), DIFFERENCE, span, "column of B", units)
        self._map.point_at(float(at[0][0]), float(at[1][0]))

    def _show_estimate(self) -> None:
        if self._picture is None or self._picture.estimate is None or self._last is None:
            return
        estimate, (opened, outcome) = self._picture.estimate, self._last
        domain, units = outcome.case.domain, units_label(outcome.case.units)
        assert isinstance(domain, LatLonGrid)
        mode = int(self.modes.value or 0)
        if mode == 0:
            values, style, name = array(estimate.sigma), SPREAD, "σ_b"
        elif mode == 1:
            values, style, name, units = array(estimate.length).flatten(), SPREAD, "L", "km"
        else:
            values, style, name, units = array(estimate.eofs[mode - 2]), DIFFERENCE, f"EOF {mode - 1}", ""
        raster = to_raster(values, domain)
        self._estimate.show((opened, mode), raster, style, limits(style, statistics(raster.values)), name, units)


def _is_estimated(outcome: Outcome) -> bool:
    return bool(outcome.settings.background_error.source == "nmc")


def _facts(outcome: Outcome, picture: CovariancePicture) -> list[Fact]:
    units = escape(units_label(outcome.case.units))
    low, high = float(picture.sigma.min()), float(picture.sigma.max())
    same = number(low) == number(high)
    entries: list[Fact] = [
        (
            "√diag B",
            f"{number(low)} {units}" if same else f"{number(low)} to {number(high)} {units}",
            "Standard deviations of B at the grid points",
        ),
    ]
    spectrum = picture.spectrum
    if spectrum is not None:
        entries += [
            ("λ<sub>max</sub>", number(float(spectrum.eigenvalues[0])), "Largest eigenvalue of B"),
            ("floor α λ<sub>max</sub>", number(spectrum.floor), "White variance: eigenvalues are at least this"),
            ("condition number", number(spectrum.condition), "Largest over smallest eigenvalue, with the floor"),
            (
                "negative eigenvalues",
                f"{spectrum.negative} of {len(spectrum.eigenvalues)}",
                "A matrix with any is no covariance",
            ),
        ]
    if picture.estimate is not None:
        entries.append(
            ("typical L", f"{number(picture.estimate.typical)} km", "Median over the grid points of the estimated length")
        )
        entries.append(("differences", str(picture.estimate.samples), "Lagged differences that the estimate is made of"))
    return entries


def _squared(units: str) -> str:
    return f"({units})²" if " " in units else f"{units}²" if units else ""
