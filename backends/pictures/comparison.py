"""Two fields and their difference as they are kept: the Compare tab of the Explore page, and its script."""

from typing import TYPE_CHECKING, Any

from backends.fields.addresses import is_address
from backends.fields.compare import Comparison
from backends.fields.field import combine, statistics
from backends.fields.partner import DATASET
from backends.fields.views import View
from backends.pictures.cf import about, place_of
from backends.pictures.drawing import Drawing, Exhibit, Table, labelled
from backends.pictures.explore_script import ExploreScript, OnMap, Source
from backends.pictures.field_maps import cell_table, grid_of, map_of
from backends.pictures.style import DIFFERENCE, limits, style_of, units_label

if TYPE_CHECKING:
    import xarray as xr


def comparison(found: Comparison, view: View | None = None) -> Exhibit:
    """Return two fields and their difference, on the map of a view."""
    return Exhibit(lambda: _drawing(found, view), lambda: _data(found), {"csv": lambda: _table(found)})


def both_limits(found: Comparison) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return colour limits that both fields share, and those of the difference, evenly about zero."""
    shared = combine([statistics(found.first.values), statistics(found.values)])
    return limits(style_of(found.first.variable), shared), limits(DIFFERENCE, statistics(found.difference))


def _drawing(found: Comparison, view: View | None) -> Drawing:
    variable, other = found.first.variable, found.second
    units = units_label(variable.units)
    shared, apart = both_limits(found)
    style, quantity = style_of(variable), labelled(variable.title, units)
    numbers = f"first − second: mean {found.bias:.3g} {units}, RMS {found.rmse:.3g} {units}, {found.how}".replace("-", "−")
    return Drawing(
        f"{variable.title} compared",
        [
            map_of(variable, found.first.values, view, found.first.caption, style, shared, quantity),
            map_of(variable, found.values, view, f"{other.variable.title} · {other.caption}", style, shared, quantity),
            map_of(variable, found.difference, view, numbers, DIFFERENCE, apart, labelled("difference", units)),
        ],
        columns=3,
    )


def _data(found: Comparison) -> "xr.Dataset":
    import xarray as xr

    variable, other = found.first.variable, found.second
    dims, places = grid_of(variable.mesh)
    own = {"units": variable.units} if variable.units else {}
    second = f"{other.variable.title}, {other.caption}".rstrip(", ")
    held: dict[str, Any] = {
        "first": (dims, found.first.values, {"long_name": variable.title, **own}),
        "second": (dims, found.values, {"long_name": second, "comment": f"on the grid of the first: {found.how}", **own}),
        "difference": (dims, found.difference, {"long_name": "first minus second", **own}),
    }
    return xr.Dataset(held, {**places, **place_of(found.first)}, about(f"{variable.title} compared"))


def _table(found: Comparison) -> Table:
    values = {"first": found.first.values, "second": found.values, "difference": found.difference}
    variable = found.first.variable
    return cell_table(variable.mesh, {name: (variable.units, numbers) for name, numbers in values.items()})


def comparison_script(source: Source, on: OnMap, kind: str, choice: int | str, name: str) -> str:
    """Return the script of a comparison; kind and choice are those of :func:`backends.fields.partner.partner`."""
    other = kind == DATASET
    out = ExploreScript(source, catalogue=other, anywhere=other and is_address(str(choice)))
    out.look(on)
    out.use("backends.fields.partner", "partner")
    out.use("backends.fields.compare", "compare")
    out.use("backends.pictures.comparison", "comparison")
    out.set("PARTNER", "What it is compared with, and which.", (kind, choice if isinstance(choice, str) else int(choice)))
    out.do(f"second = partner(dataset, picture.field, *PARTNER{', catalogue' if other else ''})")
    out.do("exhibit = comparison(compare(picture.field, second), picture.view)")
    return out.text(name, "nc", "csv")
