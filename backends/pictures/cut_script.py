"""The scripts of cuts through a field."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.fields.addresses import is_address
from backends.pictures.script import script

#: What makes each cut of `dataset`, `variable`, `level` and the literals.
_MADE = {
    "zonal": "mean_cut(dataset, VARIABLE, by_latitude(variable.mesh), level, SELECTION)",
    "section": "section(dataset, VARIABLE, *ENDS, level, SELECTION)",
    "longitude": 'mean_cut(dataset, VARIABLE, by_longitude(variable.mesh, *BAND), variable.axis("time"), SELECTION)',
    "latitude": 'mean_cut(dataset, VARIABLE, by_latitude(variable.mesh, *BAND), variable.axis("time"), SELECTION)',
}


@dataclass(frozen=True, eq=False)
class CutAsked:
    """What a cut is made of.

    Attributes
    ----------
    kind
        `zonal`, `section`, or what lies across a Hovmöller diagram: `longitude` or `latitude`.
    dataset, uploaded, variable, selection
        Key of the dataset, or the name of an uploaded file; the variable; index on each axis but the one along the cut.
    level
        Name of the axis of levels that the cut follows; empty where there is none.
    title, across, log
        As :func:`backends.pictures.cuts.cut` takes them.
    ends
        Latitude and longitude of both ends of a section.
    band
        That means of a Hovmöller diagram are taken over, degrees.
    """

    kind: str
    dataset: str
    uploaded: bool
    variable: str
    selection: Mapping[str, int]
    level: str
    title: str
    across: str
    log: bool = False
    ends: tuple[tuple[float, float], tuple[float, float]] | None = None
    band: tuple[float, float] | None = None


def cut_script(asked: CutAsked, name: str) -> str:
    """Return the script of a cut."""
    imports: dict[str, list[str]] = {"backends.pictures.cuts": ["cut"]}
    literals: dict[str, tuple[str, object]] = {}
    if asked.uploaded:
        imports |= {"backends.fields.readers": ["open_dataset"], "pathlib": ["Path"]}
        literals["FILE"] = ("The file that was uploaded: put it beside this script.", asked.dataset)
        body = "dataset = open_dataset(Path(__file__).with_name(FILE))\n"
    else:
        imports["backends.fields.catalogue"] = ["Catalogue"]
        literals["DATASET"] = ("A file in the data folder, or what else the page lists.", asked.dataset)
        anywhere = ", any_address=True" if is_address(asked.dataset) else ""
        body = f"dataset = Catalogue(FOLDER{anywhere}).open(DATASET)\n"
    literals["VARIABLE"] = ("What is cut.", asked.variable)
    literals["SELECTION"] = (
        "Index on each other axis, from 0.", {axis: int(index) for axis, index in asked.selection.items()})  # fmt: skip
    body += "variable = dataset.variable(VARIABLE)\n"
    if asked.kind in ("zonal", "section"):
        body += 'level = variable.axis("level")\n' if asked.level else "level = None\n"
    if asked.ends is not None:
        literals["ENDS"] = ("Latitude and longitude of both ends.", tuple(tuple(map(float, end)) for end in asked.ends))
    if asked.band is not None:
        literals["BAND"] = ("Degrees between which means are taken.", tuple(map(float, asked.band)))
    imports["backends.fields.cuts"] = ["section" if asked.kind == "section" else "mean_cut"]
    if asked.kind != "section":
        imports["backends.fields.groups"] = ["by_longitude" if asked.kind == "longitude" else "by_latitude"]
    literals["TITLE"] = ("What is said above the picture, and at its horizontal axis.", (asked.title, asked.across))
    body += f"found = {_MADE[asked.kind]}\nexhibit = cut(found, *TITLE, log={bool(asked.log)})\n"
    return script("Explore", name, ("nc", "csv"), imports, literals, body, needs_files=not asked.uploaded)
