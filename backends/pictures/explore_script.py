"""What all scripts of fields have in common: which dataset is opened, what of it is chosen, and on which map it lies."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.fields.addresses import is_address
from backends.fields.raster import Window
from backends.pictures.script import script


@dataclass(frozen=True, eq=False)
class Source:
    """Where a field comes from.

    Attributes
    ----------
    dataset
        Key of the dataset, or the name of an uploaded file.
    uploaded
        Whether it is an uploaded file.
    variable
        Its name in the file.
    selection
        Index on each axis besides the horizontal ones, and besides those that all of is taken.
    """

    dataset: str
    uploaded: bool
    variable: str
    selection: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class OnMap:
    """What pixels were asked for of, None for all, and key of the projection with latitude and longitude of its middle."""

    window: Window | None = None
    projection: tuple[str, float, float] = ("lat-lon", 0.0, 0.0)


class ExploreScript:
    """A script that is being written; it begins with a variable `dataset`.

    Parameters
    ----------
    source
        Where the field comes from.
    catalogue
        Whether `catalogue` is wanted, too, in which other datasets are found.
    anywhere
        Whether such a dataset lies at an address.
    """

    def __init__(self, source: Source, catalogue: bool = False, anywhere: bool = False) -> None:
        self._imports: dict[str, list[str]] = {}
        self._literals: dict[str, tuple[str, object]] = {}
        self._body: list[str] = []
        self._needs_files = catalogue or not source.uploaded
        found = f"Catalogue(FOLDER{', any_address=True' if anywhere or is_address(source.dataset) else ''})"
        if self._needs_files:
            self.use("backends.fields.catalogue", "Catalogue")
        if catalogue:
            self.do(f"catalogue = {found}")
        if source.uploaded:
            self.use("backends.fields.readers", "open_dataset")
            self.use("pathlib", "Path")
            self.set("FILE", "The file that was uploaded: put it beside this script.", source.dataset)
            self.do("dataset = open_dataset(Path(__file__).with_name(FILE))")
        else:
            self.set("DATASET", "A file in the data folder, or what else the page lists.", source.dataset)
            self.do(f"dataset = {'catalogue' if catalogue else found}.open(DATASET)")
        self.set("VARIABLE", "What is drawn.", source.variable)
        chosen = {axis: int(index) for axis, index in source.selection.items()}
        self.set("SELECTION", "Index on each axis besides those that are drawn, from 0.", chosen)

    def use(self, module: str, *names: str) -> None:
        """Import names from a module."""
        self._imports[module] = sorted({*self._imports.get(module, []), *names})

    def set(self, constant: str, comment: str, value: object) -> None:
        """Begin with a constant; the comment is our own words."""
        self._literals[constant] = (comment, value)

    def set_window(self, constant: str, comment: str, window: Window) -> None:
        """Begin with the sides of a part of a map."""
        self.use("backends.fields.raster", "Window")
        self.set(constant, comment, tuple(float(side) for side in (window.west, window.east, window.south, window.north)))

    def do(self, line: str) -> None:
        """Go on with a line, our own words alone."""
        self._body.append(line)

    def look(self, on: OnMap) -> None:
        """Go on with `picture`, the map of the field."""
        self.use("backends.fields.picture", "look_at")
        window, more = "None", ""
        if on.window is not None:
            self.set_window("WINDOW", "West, east, south and north of the pixels.", on.window)
            window = "Window(*WINDOW)"
        if on.projection[0] != "lat-lon":
            self.use("backends.fields.views", "projection_of")
            centre = (on.projection[0], *map(float, on.projection[1:]))
            self.set("MAP", "Projection, and latitude and longitude of its middle.", centre)
            more = ", projection_of(*MAP)"
        self.do(f"picture = look_at(dataset, VARIABLE, SELECTION, {window}{more})")

    def text(self, name: str, *others: str) -> str:
        """Return the script, of which the last line made `exhibit`; `others` are what it writes beside PNG and SVG."""
        body = "\n".join(self._body)
        return script("Explore", name, others, self._imports, self._literals, body, needs_files=self._needs_files)
