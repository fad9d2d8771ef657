"""Statistics of the field that is shown: what may be wrong with it, its histogram, and its power spectrum."""

from html import escape
from typing import Any, NamedTuple

import panel as pn
import panel_material_ui as pmui

from backends.fields.distribution import Power, slope_line
from backends.fields.field import Field
from backends.fields.meshes import Mesh, RegularMesh
from backends.fields.quality import OUTLYING, Quality, Scan
from backends.fields.summary import Spectrum, Summary, summary
from backends.pictures.field_maps import written_place
from backends.pictures.script import stem
from backends.pictures.statistics import numbers, statistics_of, statistics_script
from backends.pictures.style import squared_label
from dashboard.controls import html, one_message, tell
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.cuts.scales import value_scale
from dashboard.explore.cuts.view import CutView
from dashboard.explore.state import ExploreState
from dashboard.explore.words import known
from dashboard.export import Snapshot
from dashboard.plots.cuts import LiveLines, Scale
from dashboard.plots.distribution import HEIGHT, LiveShares
from dashboard.plots.race.frame import grid
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, number, units_label
from dashboard.worker import FILES, LatestWins

ROUND = {"Spherical harmonics": "sphere", "Zonal wavenumber": "zonal"}
WITH_EDGES = {"Cosine transform": "map"}
#: Slopes that are drawn to compare: of quasi-geostrophic turbulence (Charney, 1971), and of Kolmogorov's inertial range.
SLOPES = ((-3.0, "k<sup>−3</sup>", NEUTRAL), (-5 / 3, "k<sup>−5/3</sup>", BACKGROUND))
KEY = '<span class="key"><span class="line" style="color:{color}"></span>{name}</span>'
#: Captions of fields that are listed, at most.
LISTED = 4


class Wanted(NamedTuple):
    """What is to be computed."""

    field: Field
    spectrum: Spectrum


class StatisticsView(CutView[Wanted, Summary]):
    """The quality strip, two figures, and the statistics of the whole variable on request."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, "", "statistics.csv")
        self.shares, self.lines = LiveShares(), LiveLines(HEIGHT)
        self.log = pmui.Checkbox(label="log counts", value=False, size="small", description="Shares on a logarithmic axis")
        self.spectrum = pmui.Select(
            label="Spectrum", options=ROUND, value="sphere", size="small", width=210,
            description="How the field is taken apart into waves",
        )  # fmt: skip
        self.scan = pmui.Button(
            label="Whole variable", variant="outlined", size="small", on_click=self._on_scan,
            description="Read all times, levels and members of this variable, and say what is in them",
        )  # fmt: skip
        self.progress = pmui.LinearProgress(value=0, variant="determinate", sizing_mode="stretch_width", visible=False)
        self._quality, self._whole, self._no_histogram, self._no_power, self._key = (html() for _ in range(5))
        self._scanning: LatestWins[Scan, bool] = LatestWins(FILES, Scan.for_a_while, self._on_scanned, self._on_scan_failed)
        self._scan: Scan | None = None
        self.log.param.watch(self._redraw, "value")
        self.spectrum.param.watch(self.show, "value")
        self._words.visible = False
        self.controls.objects = [self.scan, self.log, self.spectrum, self.csv]
        self.body.objects = [
            self._quality, self.progress, self._whole,
            grid(
                pn.Column(self.shares.pane, self._no_histogram, sizing_mode="stretch_width", margin=0),
                pn.Column(self.lines.pane, self._key, self._no_power, sizing_mode="stretch_width", margin=0), least=420,
            ),
        ]  # fmt: skip

    @property
    def chosen(self) -> dict[str, Any]:
        """The waves, where they are not those that are offered first, and how shares are drawn."""
        first = next(iter(self.spectrum.options.values()))
        usual = self.spectrum.value == first or self.spectrum.options != _waves(self.mesh)
        return {"spectrum": None if usual else self.spectrum.value, "log_counts": self.log.value}

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Take over what an address says, as far as the grid allows it."""
        self.log.value = wanted.log_counts
        offered = list(self.spectrum.options.values())
        fits = wanted.spectrum is None or wanted.spectrum in offered
        self.spectrum.value = wanted.spectrum if fits and wanted.spectrum is not None else offered[0]
        if not fits:
            report(f"spectrum: of this grid there is {' or '.join(offered)}; came {wanted.spectrum}")

    def asked(self, field: Field) -> Wanted:
        """Return the field itself, and the spectrum that its grid allows."""
        offered = _waves(field.variable.mesh)
        if self.spectrum.options != offered:
            self.spectrum.options = {}
            self.spectrum.param.update(options=offered, value=next(iter(offered.values())))
        if self._scan is not None and (self._scan.dataset, self._scan.name) != (self.state.opened, field.variable.name):
            self._end_scan()
            self._whole.object = ""
        return Wanted(field, self.spectrum.value)

    @staticmethod
    def compute(asked: Wanted) -> Summary:
        """Return all of it."""
        return summary(asked.field, asked.spectrum)

    def draw(self, asked: Wanted, found: Summary) -> None:
        """Draw both figures, and say what was found."""
        variable = asked.field.variable
        units = units_label(variable.units)
        self._quality.object = _strip(found.quality, variable.units)
        self.shares.pane.visible = not isinstance(found.histogram, str)
        if isinstance(found.histogram, str):
            self._no_histogram.object = _hint(found.histogram)
        else:
            self._no_histogram.object = ""
            bins = found.histogram
            self.shares.show(bins.edges, bins.share, bins.count, value_scale(variable.title, units), self.log.value)
        self.lines.pane.visible = not isinstance(found.power, str)
        if isinstance(found.power, str):
            self._key.object, self._no_power.object = "", _hint(found.power)
        else:
            self._no_power.object = ""
            self._draw_power(found.power, units)

    def _draw_power(self, power: Power, units: str) -> None:
        x = Scale("number", power.meaning, "k", log=True)
        y = Scale("number", f"variance [{squared_label(units)}]" if units else "variance", "variance", log=True)
        lines = [(power.wavenumber, power.power), *(slope_line(power, exponent) for exponent, _, _ in SLOPES)]
        names = ["field", *(f"slope {exponent:.3g}" for exponent, _, _ in SLOPES)]
        colors = [ANALYSIS, *(color for _, _, color in SLOPES)]
        self.lines.show(lines, colors, names, x, y)
        written = [("field", ANALYSIS), *((name, color) for _, name, color in SLOPES)]
        key = "".join(KEY.format(color=color, name=name) + " " for name, color in written)
        self._key.object = f'<div class="facts">{key}</div>'

    def snapshot(self, asked: Wanted, found: Summary) -> Snapshot:
        """Return the statistics of the field with their script."""
        field, log = asked.field, bool(self.log.value)
        source = self.source(field.variable.name, tuple(field.selection.items()))
        name = stem("explore", source.dataset, source.variable, "statistics")
        script = statistics_script(source, asked.spectrum, log, name)
        return Snapshot(name, lambda: statistics_of(field, found, log), {"py": script})

    def table(self, asked: Wanted, found: Summary) -> str:
        """Return rows of all tables: quality strip, histogram, spectrum, and the whole variable if it has been read."""
        rows = [f"quality,{name},,,{value:.8g}" for name, value in numbers(found.quality).items()]
        if not isinstance(found.histogram, str):
            bins = found.histogram
            for low, high, count, share in zip(bins.edges[:-1], bins.edges[1:], bins.count, bins.share, strict=True):
                ends = f"{low:.8g},{high:.8g}"
                rows += [f"histogram,values,{ends},{count}", f"histogram,share of the area,{ends},{share:.6g}"]
        if not isinstance(found.power, str):
            of = zip(found.power.wavenumber, found.power.power, strict=True)
            rows += [f"spectrum,variance,{k:.8g},{k:.8g},{power:.8g}" for k, power in of]
        if self._scan is not None and self._scan.done == self._scan.of:
            scan = self._scan
            whole = {
                "fields": scan.done, "minimum": scan.min, "mean by area": scan.mean,
                "standard deviation by area": scan.deviation,
                "maximum": scan.max, "missing": scan.missing,
            }  # fmt: skip
            rows += [f"whole variable,{name},,,{value:.8g}" for name, value in whole.items()]
        return "\n".join(["table,item,from,to,value", *rows, ""])

    def _redraw(self, *_events: object) -> None:
        if self._asked is not None and self.found is not None:
            with one_message():
                self.draw(self._asked, self.found)

    # The whole variable -------------------------------------------------------------------------------------------

    def _on_scan(self, *_events: object) -> None:
        if self.progress.visible:
            self._end_scan()
            return
        picture, dataset = self.state.picture, self.state.opened
        if picture is not None and dataset is not None:
            self._scan = Scan(dataset, picture.field.variable.name)
            self.scan.label = "Stop"
            self.progress.param.update(value=0, visible=True)
            self._scanning.request(self._scan)

    def _end_scan(self) -> None:
        self._scan = None
        self.scan.label = "Whole variable"
        self.progress.visible = False

    def _on_scanned(self, scan: Scan, more: bool) -> None:
        if scan is not self._scan or not self.progress.visible:
            return  # stopped in the meantime
        with one_message():
            self.progress.value = 100 * scan.done // scan.of
            self._whole.object = _whole(scan, scan.dataset.variable(scan.name).units)
            if more:
                self._scanning.request(scan)
            else:
                self.scan.label = "Whole variable"
                self.progress.visible = False

    def _on_scan_failed(self, problem: str) -> None:
        self._end_scan()
        tell(self._problem, "problem", problem)

    def wait(self) -> None:
        """Block until it is up to date; for programs without a browser."""
        super().wait()
        self._scanning.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        super().close()
        self._scanning.close()
        self._scan = None


def _waves(mesh: Mesh) -> dict[str, str]:
    """Return the spectra that a grid allows, by what they are called; the first is the usual one."""
    return ROUND if isinstance(mesh, RegularMesh) and mesh.grid.periodic else WITH_EDGES


def _hint(sentence: str) -> str:
    return f'<div class="hint">No figure: {escape(sentence)}.</div>'


def _facts(facts: dict[str, str], role: str) -> str:
    cells = (f'<span><span class="name">{name}</span><b>{escape(text)}</b></span>' for name, text in facts.items())
    return f'<div class="facts" data-role="{role}">{"".join(cells)}</div>'


def _strip(found: Quality, units: str) -> str:
    unit = units_label(units)
    facts = {
        "unit": unit or "none given",
        "median of grid points": known(found.median, unit),
        "spread (1.48 MAD)": known(found.spread, unit),
        "range": f"{number(found.min)} to {number(found.max)} {unit}",
        "missing": f"{found.missing:,}",
        "infinite": f"{found.infinite:,}",
        "beyond 5 spreads": f"{found.outliers:,}",
    }
    said = "".join(f'<div class="stale">{escape(remark)}</div>' for remark in _remarks(found, unit))
    nothing = '<div class="hint">Nothing suspicious was found in this field.</div>' if not found.fills else ""
    return _facts(facts, "quality") + (said or nothing)


def _remarks(found: Quality, unit: str) -> list[str]:
    """Return what is remarkable beside fill values, which stand over all tabs."""
    remarks: list[str] = []
    if not found.count:
        remarks.append("All values are missing.")
    if found.constant:
        remarks.append(f"The field is constant: {number(found.min)} {unit} everywhere.")
    if found.infinite:
        remarks.append(f"{found.infinite:,} values are infinite.")
    if found.worst is not None:
        value, north, east = found.worst
        z = abs(value - found.median) / found.spread
        remarks.append(
            f"{found.outliers:,} values lie more than {OUTLYING:g} spreads from the median; furthest, at {z:.3g} spreads, "
            f"{number(value)} {unit} at {written_place(north, east)}. That is usual for rain, not for temperature."
        )
    return remarks


def _whole(scan: Scan, units: str) -> str:
    unit = units_label(units)
    facts = {
        "fields": f"{scan.done:,} of {scan.of:,}",
        "min": f"{number(scan.min)} {unit}",
        "mean by area": known(scan.mean, unit),
        "standard deviation by area": known(scan.deviation, unit),
        "max": f"{number(scan.max)} {unit}",
        "missing": f"{scan.missing:,} of {scan.missing + scan.count:,}",
    }
    kinds = {"without any value": scan.empty, "constant": scan.constant, "with what looks like fill values": scan.filled}
    said = "".join(
        f'<div class="stale">{len(captions):,} fields {kind}: {escape("; ".join(captions[:LISTED]))}'
        f"{' …' if len(captions) > LISTED else ''}</div>"
        for kind, captions in kinds.items()
        if captions
    )
    return '<div class="panel-title">Whole variable</div>' + _facts(facts, "whole") + said
