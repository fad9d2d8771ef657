"""What a map of a field shows: its pixels and its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.fields.dataset import FieldDataset
from backends.fields.field import Field, Statistics, statistics
from backends.fields.raster import Raster, Window, rasterise


@dataclass(frozen=True, eq=False)
class Picture:
    """A field, the pixels of the part that is looked at, and statistics in the variable's units.

    `here` is of the field itself; `usual` of the variable over all times and members at this level, which is what
    colour limits should hold so that playing through time does not change the colours.
    """

    field: Field
    raster: Raster
    here: Statistics
    usual: Statistics


def look_at(dataset: FieldDataset, name: str, selection: Mapping[str, int], window: Window | None = None) -> Picture:
    """Return the picture of a variable at one index per axis (0 where none is given).

    Raises
    ------
    InputError
        If the variable or an index does not exist, or the file is damaged there.
    """
    field = dataset.field(name, selection)
    return Picture(field, rasterise(field, window), statistics(field.values), dataset.usual_range(name, selection))
