"""Vertical profiles at places as they are kept: the Profile tab of the Explore page, and its script."""

from collections.abc import Sequence

import numpy as np

from backends.errors import InputError
from backends.fields.cut_pictures import is_pressure, positions
from backends.fields.cuts import Section
from backends.fields.field import Field
from backends.pictures.cuts import cut_data, cut_table
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, labelled
from backends.pictures.explore_script import ExploreScript, Source
from backends.pictures.field_maps import picked, small_map, written_place
from backends.pictures.style import PICKED, units_label

Place = tuple[float, float]


def profile(
    field: Field, values: np.ndarray, places: Sequence[Place], limits: tuple[float, float], log: bool = False
) -> Exhibit:
    """Return profiles as they are kept.

    Parameters
    ----------
    field
        That the small map shows.
    values
        On all levels, (levels, places).
    places
        Latitude and longitude of each.
    limits
        Of the map's colours.
    log
        Whether pressure is drawn logarithmically.

    Raises
    ------
    InputError
        If there are no places.
    """
    _there_are(places)
    variable = field.variable
    title = " · ".join(part for part in (f"Profiles of {variable.title}", field.caption) if part)
    north, east = np.array(places, dtype=float).T
    found = Section(variable, variable.axis("level"), np.arange(1.0, 1 + len(places)), values, north, east)

    def drawing() -> Drawing:
        return Drawing(title, [_lines(found, log), small_map(field, limits, picked(east, north))], columns=2)

    return Exhibit(drawing, lambda: cut_data(found, title, "place"), {"csv": lambda: cut_table(found, "place")})


def _there_are(places: Sequence[Place]) -> None:
    if not places:
        raise InputError("there are no profiles; click places on a map first")


def _lines(found: Section, log: bool) -> LinePanel:
    variable, level = found.variable, found.along
    assert level is not None
    of = zip(found.latitude, found.longitude, PICKED, found.values.T, strict=False)
    curves = [Curve(written_place(*place), colour, values, positions(level)) for *place, colour, values in of]
    quantity, up = labelled(variable.title, units_label(variable.units)), labelled(level.name, level.units)
    pressure = is_pressure(level)
    return LinePanel("All levels", quantity, up, curves, log=log and pressure, downward=pressure)


def profile_script(source: Source, places: Sequence[Place], limits: tuple[float, float], log: bool, name: str) -> str:
    """Return the script of profiles; the selection of the source is that of the map; refused as :func:`profile` does."""
    _there_are(places)
    out = ExploreScript(source)
    out.use("backends.fields.cuts", "profiles")
    out.use("backends.pictures.profile", "profile")
    out.set("PLACES", "Latitude and longitude of each profile.", [tuple(map(float, place)) for place in places])
    out.set("LIMITS", "What the first and the last colour of the map stand for.", tuple(map(float, limits)))
    out.do("shown = dataset.field(VARIABLE, SELECTION)")
    out.do('values = profiles(dataset, VARIABLE, PLACES, shown.variable.axis("level"), SELECTION)')
    out.do(f"exhibit = profile(shown, values, PLACES, LIMITS, log={bool(log)})")
    return out.text(name, "nc", "csv")
