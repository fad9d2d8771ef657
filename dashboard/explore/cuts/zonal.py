"""The zonal mean: latitude and level, or a curve where there is one level."""

from typing import NamedTuple

from backends.fields.cut_pictures import cut_csv
from backends.fields.cuts import Cut, mean_cut
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field
from backends.fields.groups import by_latitude
from backends.pictures.cut_script import CutAsked
from dashboard.explore.cuts.export import cut_snapshot
from dashboard.explore.cuts.scales import LATITUDE
from dashboard.explore.cuts.upright import UprightView
from dashboard.explore.cuts.view import others
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot

WORDS = "Mean over all longitudes, weighted by area, of the values that are not missing."


class Zonal(NamedTuple):
    """What a zonal mean is made of."""

    dataset: FieldDataset
    variable: str
    level: str
    at: tuple[tuple[str, int], ...]
    log: bool


class ZonalView(UprightView[Zonal, Cut]):
    """Pixels on all levels, or a line."""

    def __init__(self, state: ExploreState) -> None:
        super().__init__(state, WORDS, "zonal-mean.csv")
        self.controls.objects = [self.log, self.csv]
        self.body.objects = [self.plane.pane, self.line.pane]

    def asked(self, field: Field) -> Zonal:
        """Return the zonal mean on all levels, at the time and member that the map shows."""
        level = self.levels(field)
        name = "" if level is None else level.name
        return Zonal(self.state.opened, field.variable.name, name, others(field, level), self.state.log_pressure)

    @staticmethod
    def compute(asked: Zonal) -> Cut:
        """Return the means."""
        variable = asked.dataset.variable(asked.variable)
        level = variable.axis("level") if asked.level else None
        return mean_cut(asked.dataset, asked.variable, by_latitude(variable.mesh), level, dict(asked.at))

    def draw(self, asked: Zonal, found: Cut) -> None:
        """Draw the plane or the line."""
        self.draw_cut(found, LATITUDE, "zonal mean", asked.log)

    def snapshot(self, asked: Zonal, found: Cut) -> Snapshot:
        """Return the mean with its script."""
        wanted = CutAsked(
            "zonal", self.source(asked.variable, asked.at), asked.level,
            f"Zonal mean of {found.variable.title}{self.caption}", "latitude [°N]", asked.log,
        )  # fmt: skip
        return cut_snapshot(wanted, found)

    def table(self, asked: Zonal, found: Cut) -> str:
        """Return a row for each latitude."""
        return cut_csv(found, "latitude [degrees north]")
