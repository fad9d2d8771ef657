"""What members say together as it is kept: the Ensemble tab of the Explore page, and its script."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backends.fields.ensemble import Ensemble
from backends.fields.field import Field, statistics
from backends.fields.views import View
from backends.pictures.cf import about, coordinate, place_of
from backends.pictures.drawing import Drawing, Exhibit, Table, labelled
from backends.pictures.explore_script import ExploreScript, OnMap, Source
from backends.pictures.field_maps import cell_table, grid_of, map_of
from backends.pictures.style import FieldStyle, limits, style_named, style_of, units_label

if TYPE_CHECKING:
    import xarray as xr

SPREAD = FieldStyle(style_named("wind speed").palette, from_zero=True)
SHARE = FieldStyle(style_named("humidity").palette, from_zero=True)
#: Members that are drawn, at most.
MOST = 60


@dataclass(frozen=True)
class Beyond:
    """A threshold, in the unit of the variable, and whether members above it are counted, or below."""

    threshold: float
    above: bool = True

    @property
    def words(self) -> str:
        """Return ``above 280``."""
        return f"{'above' if self.above else 'below'} {self.threshold:g}"


def members(found: Ensemble, field: Field, beyond: Beyond, view: View | None = None) -> Exhibit:
    """Return mean, spread and probability of members, and each of them.

    Parameters
    ----------
    found
        The members.
    field
        One of them, which says at which time and level they are.
    beyond
        Of what the probability is.
    view
        Of the map.
    """
    mean = Field(found.variable, found.mean(), _others(found, field), words=f"{len(found.members)} members")
    return Exhibit(
        lambda: _drawing(found, mean, beyond, view), lambda: _data(found, mean, beyond), {"csv": lambda: _table(found, beyond)}
    )


def _others(found: Ensemble, field: Field) -> dict[str, int]:
    return {name: index for name, index in field.selection.items() if name != found.axis.name}


def _drawing(found: Ensemble, mean: Field, beyond: Beyond, view: View | None) -> Drawing:
    variable, spread = found.variable, found.spread()
    units = units_label(variable.units)
    quantity, style, shared = (
        labelled(variable.title, units),
        style_of(variable),
        limits(style_of(variable), statistics(found.members)),
    )
    share = found.probability(beyond.threshold, beyond.above)
    panels = [
        map_of(variable, mean.values, view, "Mean", style, shared, quantity),
        map_of(variable, spread, view, "Spread", SPREAD, limits(SPREAD, statistics(spread)), labelled("spread", units)),
        map_of(variable, share, view, f"Probability {beyond.words} {units}", SHARE, (0.0, 100.0), "probability [%]"),
    ]
    drawn = list(zip(found.members[:MOST], found.axis.labels, strict=False))
    # They share the colours of the mean, of which one bar is enough.
    panels += [map_of(variable, values, view, label, style, shared, "") for values, label in drawn]
    return Drawing(f"{variable.title} · {mean.caption}", panels, columns=3, small=len(drawn))


def _data(found: Ensemble, mean: Field, beyond: Beyond) -> "xr.Dataset":
    import xarray as xr

    variable = found.variable
    dims, places = grid_of(variable.mesh)
    own = {"units": variable.units} if variable.units else {}
    share = {"long_name": f"share of members {beyond.words} {variable.units}".strip(), "units": "percent"}
    places |= {"member": ("member", list(found.axis.values), coordinate(found.axis, 0)[1]), **place_of(mean)}
    held: dict[str, Any] = {
        "mean": (dims, mean.values, {"long_name": "mean of the members", **own}),
        "spread": (dims, found.spread(), {"long_name": "standard deviation with m − 1", **own}),
        "probability": (dims, found.probability(beyond.threshold, beyond.above), share),
    }
    # A file may call its variable what the others, places or dimensions are called here.
    name = f"{variable.name}_members" if variable.name in {*held, *places, *dims} else variable.name
    values = ("member", *dims), found.members, {"long_name": variable.title, **own}
    return xr.Dataset({name: values, **held}, places, about(f"{variable.title} · {mean.caption}"))


def _table(found: Ensemble, beyond: Beyond) -> Table:
    units = found.variable.units
    share = found.probability(beyond.threshold, beyond.above)
    return cell_table(
        found.variable.mesh,
        {"mean": (units, found.mean()), "spread": (units, found.spread()), f"probability {beyond.words}": ("%", share)},
    )


def members_script(source: Source, on: OnMap, beyond: Beyond, name: str) -> str:
    """Return the script of members."""
    out = ExploreScript(source)
    out.look(on)
    out.use("backends.fields.ensemble", "ensemble")
    out.use("backends.pictures.ensemble", "Beyond", "members")
    out.set(
        "BEYOND",
        "Threshold of the probability, and whether it is of what lies above.",
        (float(beyond.threshold), bool(beyond.above)),
    )
    out.do("found = ensemble(dataset, VARIABLE, SELECTION)")
    out.do("exhibit = members(found, picture.field, Beyond(*BEYOND), picture.view)")
    return out.text(name, "nc", "csv")
