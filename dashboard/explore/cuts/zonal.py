"""The zonal mean: latitude and level, or a curve where there is one level."""

from typing import NamedTuple

from backends.fields.cut_pictures import cut_csv, cut_raster, is_pressure
from backends.fields.cuts import Cut, mean_cut
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field, statistics
from backends.fields.groups import by_latitude
from dashboard.explore.cuts.scales import LATITUDE, scale_of, value_scale
from dashboard.explore.cuts.view import CutView, log_pressure, others
from dashboard.explore.state import ExploreState
from dashboard.plots.cuts import LiveCut, LiveLines
from dashboard.theme import PICKED, limits, style_of, units_label

WORDS = "Mean over all longitudes, weighted by area, of the values that are not missing."


class Zonal(NamedTuple):
    """What a zonal mean is made of."""

    dataset: FieldDataset
    variable: str
    level: str
    at: tuple[tuple[str, int], ...]
    log: bool


class ZonalView(CutView[Zonal, Cut]):
    """Pixels on all levels, or a line."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "zonal-mean.csv")
        self.plane, self.line = LiveCut(), LiveLines()
        self.log = log_pressure()
        self.log.param.watch(self.show, "value")
        self.controls.objects = [self.log, self.csv]
        self.body.objects = [self.plane.pane, self.line.pane]

    def asked(self, field: Field) -> Zonal:
        """Return the zonal mean on all levels, at the time and member that the map shows."""
        level = field.variable.axis("level")
        if level is not None and len(level) < 2:
            level = None
        self.log.visible = level is not None and is_pressure(level)
        name = "" if level is None else level.name
        return Zonal(self.state.opened, field.variable.name, name, others(field, level), self.log.value)

    @staticmethod
    def compute(asked: Zonal) -> Cut:
        """Return the means."""
        variable = asked.dataset.variable(asked.variable)
        level = variable.axis("level") if asked.level else None
        return mean_cut(asked.dataset, asked.variable, by_latitude(variable.mesh), level, dict(asked.at))

    def draw(self, asked: Zonal, found: Cut) -> None:
        """Draw the plane or the line."""
        style, units = style_of(found.variable), units_label(found.variable.units)
        self.plane.pane.visible, self.line.pane.visible = found.along is not None, found.along is None
        if found.along is None:
            lines = [(found.across, found.values[0])]
            self.line.show(lines, PICKED[1:2], ["zonal mean"], LATITUDE, value_scale(found.variable.title, units))
        else:
            up = scale_of(found.along, asked.log)
            self.plane.show(cut_raster(found, up.log), LATITUDE, up, style, limits(style, statistics(found.values)), units)

    def table(self, asked: Zonal, found: Cut) -> str:
        """Return a row for each latitude."""
        return cut_csv(found, "latitude [degrees north]")
