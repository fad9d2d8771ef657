"""Hovmöller diagrams: longitude or latitude across, time downwards (Hovmöller, 1949, Tellus 1, 62–66)."""

from typing import Any, NamedTuple

import panel_material_ui as pmui

from backends.fields.cut_pictures import cut_csv, cut_raster
from backends.fields.cuts import Cut, mean_cut
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field, statistics
from backends.fields.groups import by_latitude, by_longitude
from backends.fields.views import covered
from backends.pictures.cut_script import CutAsked
from dashboard.explore.address_keys import ExploreSettings, Report
from dashboard.explore.cuts.export import cut_snapshot
from dashboard.explore.cuts.scales import LATITUDE, LONGITUDE, scale_of
from dashboard.explore.cuts.view import CutView, others
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.cuts import LiveCut
from dashboard.theme import limits, style_of, units_label

WORDS = "Mean over a band, weighted by area, at all times: what moves along the band leaves a slanted trace."
ACROSS = {"Longitude": "longitude", "Latitude": "latitude"}


class Hovmoller(NamedTuple):
    """What a diagram is made of; the band lies in latitude if longitude is across, and the other way round."""

    dataset: FieldDataset
    variable: str
    at: tuple[tuple[str, int], ...]
    across: str
    band: tuple[float, float]


class HovmollerView(CutView[Hovmoller, Cut]):
    """Pixels, and which band they are means over."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "hovmoller.csv")
        self.plane = LiveCut()
        #: By what lies across: the bands of now, those offered at first, and how far they can reach.
        self._bands: dict[str, tuple[float, float]] = {}
        self._offered: dict[str, tuple[float, float]] = {}
        self._extent: dict[str, tuple[float, float]] = {}
        self._mesh: object = None
        self._offering = False
        self.across = pmui.RadioButtonGroup(
            label="Across", options=ACROSS, value="longitude", size="small",
            description="What lies across; the mean is taken over a band of the other",
        )  # fmt: skip
        self.band = pmui.RangeSlider(
            label="Band", start=-90, end=90, value=(-10, 10), step=1, width=320,
            description="The band that means are taken over, degrees",
        )  # fmt: skip
        self.across.param.watch(self._on_across, "value")
        self.band.param.watch(self._on_band, "value_throttled")
        self.controls.objects = [self.across, self.band, self.csv]
        self.body.objects = [self.plane.pane]

    @property
    def chosen(self) -> dict[str, Any]:
        """What lies across, and the band, where it is not the one that is offered first."""
        across = self.across.value
        band = self._bands.get(across)
        return {"across": across, "band": band if self._mesh is self.mesh and band != self._offered.get(across) else None}

    def choose(self, wanted: ExploreSettings, report: Report) -> None:
        """Take over what an address says, the band as far as the grid covers it."""
        self.across.value, self._mesh = wanted.across, None
        self.show()  # which offers the bands of this grid again
        if wanted.band is not None and self._extent:
            start, end = self._extent[wanted.across]
            if start <= wanted.band[0] < wanted.band[1] <= end:
                self._bands[wanted.across] = wanted.band
                self._set_band()
                self.show()
            else:
                report(f"band: must lie between {start:g} and {end:g}; came {wanted.band[0]:g} to {wanted.band[1]:g}")

    def asked(self, field: Field) -> Hovmoller | str:
        """Return the diagram at the level and member that the map shows."""
        time = field.variable.axis("time")
        if time is None or len(time) < 2:
            return "this variable has a single time, so there is nothing to draw through time"
        if field.variable.mesh is not self._mesh:
            self._mesh = field.variable.mesh
            self._offer(field)
        across = self.across.value
        return Hovmoller(self.state.opened, field.variable.name, others(field, time), across, self._bands[across])

    def _offer(self, field: Field) -> None:
        """Offer bands within what the grid covers: at first the tropics or the middle third, and all longitudes."""
        e = covered(field.variable.mesh)
        third = (e.north - e.south) / 3
        tropics = (-10.0, 10.0) if e.south <= -10 and e.north >= 10 else (round(e.south + third, 1), round(e.north - third, 1))
        self._offered = {"longitude": tropics, "latitude": (e.west, e.east)}
        self._bands = dict(self._offered)
        self._extent = {"longitude": (e.south, e.north), "latitude": (e.west, e.east)}
        self._set_band()

    def _set_band(self) -> None:
        across = self.across.value
        (start, end), value = self._extent[across], self._bands[across]
        step = 1.0 if end - start > 60 else 0.25 if end - start > 5 else 0.05
        label = "Latitudes φ [°N]" if across == "longitude" else "Longitudes λ [°E]"
        self._offering = True
        self.band.param.update(start=start, end=end, step=step, value=value, label=label)
        self._offering = False

    def _on_across(self, *_events: object) -> None:
        if self._bands:
            self._set_band()
            self.show()

    def _on_band(self, *_events: object) -> None:
        if not self._offering and self._bands:
            low, high = self.band.value_throttled
            self._bands[self.across.value] = (low, high)
            self.show()

    @staticmethod
    def compute(asked: Hovmoller) -> Cut:
        """Return the means."""
        variable = asked.dataset.variable(asked.variable)
        groups = by_longitude if asked.across == "longitude" else by_latitude
        made = groups(variable.mesh, *asked.band)
        return mean_cut(asked.dataset, asked.variable, made, variable.axis("time"), dict(asked.at))

    def draw(self, asked: Hovmoller, found: Cut) -> None:
        """Draw the plane."""
        assert found.along is not None
        style, units = style_of(found.variable), units_label(found.variable.units)
        x = LONGITUDE if asked.across == "longitude" else LATITUDE
        self.plane.show(cut_raster(found), x, scale_of(found.along), style, limits(style, statistics(found.values)), units)

    def snapshot(self, asked: Hovmoller, found: Cut) -> Snapshot:
        """Return the diagram with its script."""
        east = asked.across == "longitude"
        band = "{:g} to {:g}".format(*asked.band) + ("°N" if east else "°E")
        wanted = CutAsked(
            asked.across, self.source(asked.variable, asked.at), "", f"{found.variable.title}, mean over {band}",
            "longitude [°E]" if east else "latitude [°N]", band=asked.band,
        )  # fmt: skip
        return cut_snapshot(wanted, found)

    def table(self, asked: Hovmoller, found: Cut) -> str:
        """Return a row for each longitude or latitude."""
        return cut_csv(found, f"{asked.across} [degrees {'east' if asked.across == 'longitude' else 'north'}]")
