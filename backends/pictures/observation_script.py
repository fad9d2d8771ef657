"""The script of a picture of observations."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from backends.fields.addresses import is_address
from backends.fields.raster import Window
from backends.observations.columns import Columns
from backends.observations.selection import Selection
from backends.pictures.script import script


@dataclass(frozen=True, eq=False)
class ObservationsAsked:
    """What a picture of observations is made of.

    Attributes
    ----------
    file
        Path in the data folder, or the name of an uploaded file.
    uploaded
        Whether it is an uploaded one.
    columns
        What the columns of a CSV file are, where a person has said it.
    variable, selection, colour, limits
        Of which variable, which of its observations, what the map is coloured by, and the limits of the colours.
    window, size
        The part of the map that is seen, all of it if None, and its pixels on the screen.
    projection
        Key of the map's projection, and latitude and longitude of its middle.
    compared
        Key of a dataset, its variable, and how it is interpolated in time; None where O−B is the file's own.
    under
        Whether that field is shown under the observations.
    """

    file: str
    uploaded: bool
    columns: Columns | None
    variable: str
    selection: Selection
    colour: str
    limits: tuple[float, float]
    window: Window | None
    size: tuple[int, int]
    projection: tuple[str, float, float]
    compared: tuple[str, str, str] | None
    under: bool


def observations_script(asked: ObservationsAsked, name: str) -> str:
    """Return the script of the picture of observations."""
    parts = _Parts()
    _read(parts, asked)
    parts.say("VARIABLE", "Which variable is looked at.", asked.variable)
    parts.body += "of = one_variable(put_in_order(table), VARIABLE)\n"
    parts.take("backends.observations.one_variable", "one_variable", "put_in_order")
    comparison = "None"
    if asked.compared is not None:
        key, field, in_time = asked.compared
        parts.take("backends.observations.comparison", "compare")
        parts.take("backends.fields.catalogue", "Catalogue")
        parts.say(
            "FIELD", "Dataset and variable that O−B is against, and how it is interpolated in time.", (key, field, in_time)
        )
        anywhere = ", any_address=True" if is_address(key) else ""
        parts.body += f"comparison = compare(of, Catalogue(FOLDER{anywhere}).open(FIELD[0]), *FIELD[1:])\nof = comparison.of\n"
        comparison = "comparison" if asked.under else "None"
    _choose(parts, asked.selection)
    window, projection = "None", "None"
    if asked.window is not None:
        parts.take("backends.fields.raster", "Window")
        w = asked.window
        parts.say(
            "WINDOW", "West, east, south and north of what is seen.", tuple(map(float, (w.west, w.east, w.south, w.north)))
        )
        window = "Window(*WINDOW)"
    if asked.projection[0] != "lat-lon":
        parts.take("backends.fields.views", "projection_of")
        key, *middle = asked.projection
        parts.say("MAP", "Projection, and latitude and longitude of its middle.", (key, *map(float, middle)))
        projection = "projection_of(*MAP)"
    parts.say("COLOUR", "What the map is coloured by.", asked.colour)
    parts.say("LIMITS", "What the first and the last colour stand for.", tuple(map(float, asked.limits)))
    width, height = (int(pixels) for pixels in asked.size)
    parts.take("backends.observations.mapped", "Drawing")
    parts.take("backends.pictures.observations", "observations")
    parts.body += f"asked = Drawing(of, selection, COLOUR, {window}, ({width}, {height}), {projection}, {comparison})\n"
    parts.body += "exhibit = observations(asked, LIMITS)\n"
    needs_files = not asked.uploaded or asked.compared is not None
    forms = ("nc", "csv", "statistics.csv", "parquet")
    return script("Explore", name, forms, parts.imports, parts.literals, parts.body, needs_files=needs_files)


class _Parts:
    """What a script is put together from."""

    def __init__(self) -> None:
        self.imports: dict[str, list[str]] = {}
        self.literals: dict[str, tuple[str, object]] = {}
        self.body = ""

    def take(self, module: str, *names: str) -> None:
        self.imports.setdefault(module, []).extend(names)

    def say(self, constant: str, comment: str, value: object) -> None:
        self.literals[constant] = (comment, value)


def _read(parts: _Parts, asked: ObservationsAsked) -> None:
    if asked.uploaded:
        parts.take("pathlib", "Path")
        parts.say("FILE", "The file that was uploaded: put it beside this script.", asked.file)
        path = "Path(__file__).with_name(FILE)"
    else:
        parts.say("FILE", "A file in the data folder.", asked.file)
        path = "FOLDER / FILE"
    if asked.columns is None:
        parts.take("backends.observations.readers", "read")
        parts.body += f"table = read({path}).with_columns(source=FILE)\n"
        return
    parts.take("backends.observations.columns", "Columns")
    parts.take("backends.observations.readers.csv", "pieces_of")
    parts.take("backends.observations.table", "concatenate")
    columns = {name: dict(part) for name, part in vars(asked.columns).items()}
    parts.say("COLUMNS", "What the columns of the file are.", columns)
    parts.body += f"table = concatenate(list(pieces_of({path}, Columns(**COLUMNS)))).with_columns(source=FILE)\n"


def _choose(parts: _Parts, selection: Selection) -> None:
    """Say what is chosen: only what differs from all, times as texts."""
    nothing = Selection()
    chosen: Mapping[str, Any] = {
        f.name: getattr(selection, f.name) for f in fields(selection) if getattr(selection, f.name) != getattr(nothing, f.name)
    }
    plain = {name: _plain(value) for name, value in chosen.items() if name not in ("start", "end")}
    parts.take("backends.observations.selection", "Selection")
    parts.say("CHOSEN", "Which observations are looked at: all that fit.", plain)
    times = [name for name in ("start", "end") if name in chosen]
    if times:
        parts.take("numpy", "datetime64")
        parts.say("TIMES", "From when to when, UTC.", {name: str(chosen[name]) for name in times})
    given = "".join(f', {name}=datetime64(TIMES["{name}"], "s")' for name in times)
    parts.body += f"selection = Selection(**CHOSEN{given})\n"


def _plain(value: Any) -> Any:
    """Return a value whose numbers are Python's own."""
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return value if isinstance(value, str) else float(value)
