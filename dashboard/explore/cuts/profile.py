"""Vertical profiles at the picked places."""

from typing import NamedTuple

import numpy as np
import panel_material_ui as pmui

from backends.fields.cut_pictures import cut_csv, is_pressure, positions
from backends.fields.cuts import Cut, profiles
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field
from backends.fields.picture import rasterise
from backends.fields.raster import Raster
from backends.pictures.field_maps import written_place
from backends.pictures.profile import profile, profile_script
from backends.pictures.script import stem
from dashboard.explore.cuts.locator import Locator, beside
from dashboard.explore.cuts.scales import scale_of, value_scale
from dashboard.explore.cuts.view import CutView, log_pressure, others
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot
from dashboard.plots.cuts import LiveLines
from dashboard.theme import PICKED, units_label

WORDS = "The grid cells at the picked places, on all levels. A click on a map picks a place; the oldest go when there are many."


class Profiles(NamedTuple):
    """What profiles are made of; `field` is drawn beside them."""

    dataset: FieldDataset
    field: Field
    at: tuple[tuple[str, int], ...]
    places: tuple[tuple[float, float], ...]
    log: bool


class ProfileView(CutView[Profiles, tuple[np.ndarray, Raster]]):
    """Lines over the levels, and the small map."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "profiles.csv")
        self.lines, self.locator = LiveLines(marked=True), Locator(state.pick)
        self.log = log_pressure(state)
        self.clear = pmui.Button(
            label="Clear places", variant="text", size="small", on_click=lambda _: state.clear_picked(),
            description="Take away all places, here and on the map",
        )  # fmt: skip
        self.controls.objects = [self.log, self.clear, self.csv]
        self.body.objects = [
            beside(self.lines.pane, self.locator.pane)
        ]  # fmt: skip

    def asked(self, field: Field) -> Profiles | str:
        """Return the profiles at the time and member that the map shows."""
        level = field.variable.axis("level")
        if level is None or len(level) < 2:
            return "this variable has a single level, so there is no profile to draw"
        self.log.visible = is_pressure(level)
        self.clear.disabled = not self.state.picked
        return Profiles(self.state.opened, field, others(field, level), tuple(self.state.picked), self.state.log_pressure)

    @staticmethod
    def compute(asked: Profiles) -> tuple[np.ndarray, Raster]:
        """Return the values (levels, places), and the pixels of the small map."""
        variable = asked.field.variable
        level = variable.axis("level")
        assert level is not None
        if not asked.places:
            return np.empty((len(level), 0)), rasterise(asked.field)
        return profiles(asked.dataset, variable.name, list(asked.places), level, dict(asked.at)), rasterise(asked.field)

    def draw(self, asked: Profiles, found: tuple[np.ndarray, Raster]) -> None:
        """Draw the lines, and where they are."""
        values, raster = found
        variable = asked.field.variable
        level = variable.axis("level")
        assert level is not None
        colors, y = PICKED[: len(asked.places)], positions(level)
        names = [written_place(*place) for place in asked.places]
        x = value_scale(variable.title, units_label(variable.units))
        self.lines.show([(line, y) for line in values.T], colors, names, x, scale_of(level, asked.log))
        self.lines.pane.visible = bool(asked.places)
        self.csv.visible = bool(asked.places)
        self.locator.show(asked.dataset, asked.field, raster, (self.state.low, self.state.high))
        self.locator.points(asked.places, colors)

    def snapshot(self, asked: Profiles, found: tuple[np.ndarray, Raster]) -> Snapshot:
        """Return the profiles with their script."""
        field, limits = asked.field, (self.state.low, self.state.high)
        source = self.source(field.variable.name, tuple(field.selection.items()))
        name = stem("explore", source.dataset, source.variable, "profiles")
        script = profile_script(source, asked.places, limits, asked.log, name)
        return Snapshot(name, lambda: profile(field, found[0], asked.places, limits, asked.log), {"py": script})

    def table(self, asked: Profiles, found: tuple[np.ndarray, Raster]) -> str:
        """Return a row for each place."""
        cut = Cut(asked.field.variable, asked.field.variable.axis("level"), np.arange(1.0, 1 + len(asked.places)), found[0])
        return cut_csv(cut, "place", tuple(np.array(asked.places).T))
