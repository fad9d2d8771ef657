"""What the Explore page asks the file thread for."""

from collections.abc import Hashable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from backends.fields.dataset import FieldDataset
from backends.fields.field import Series, Variable
from backends.fields.picture import Picture, look_at
from backends.fields.raster import Window
from backends.fields.views import projection_of

#: The index chosen on each axis, by the axis's name.
Selection = dict[str, int]


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a picture is asked for of."""

    dataset: FieldDataset
    variable: str
    selection: Selection
    window: Window | None
    projection: str
    middle: tuple[float, float]
    coarse: bool


#: The pictures that somebody looks at; others who want the same are given the same.
_SEEN: WeakValueDictionary[tuple[Hashable, ...], Picture] = WeakValueDictionary()


def drawn(wanted: Wanted) -> Picture:
    """Return the picture."""
    selection = tuple(sorted(wanted.selection.items()))
    key = (wanted.dataset, wanted.variable, selection, wanted.window, wanted.projection, wanted.middle, wanted.coarse)
    picture = _SEEN.get(key)
    if picture is None:
        projection = projection_of(wanted.projection, *wanted.middle)
        picture = look_at(wanted.dataset, wanted.variable, wanted.selection, wanted.window, projection, wanted.coarse)
        _SEEN[key] = picture
    return picture


def most_telling(dataset: FieldDataset) -> Variable:
    """Return what to show first: a temperature where there is one, otherwise the first variable."""
    variables = list(dataset.variables.values())
    return next((v for v in variables if "temperature" in f"{v.standard_name} {v.long_name}".lower()), variables[0])


def traced(request: tuple[FieldDataset, str, Selection, tuple[tuple[float, float], ...]]) -> list[Series]:
    """Return the series of a variable at places (latitude, longitude)."""
    dataset, name, selection, places = request
    return [dataset.series(name, latitude, longitude, selection) for latitude, longitude in places]
