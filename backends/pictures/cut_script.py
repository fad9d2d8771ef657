"""The scripts of cuts through a field."""

from dataclasses import dataclass

from backends.pictures.explore_script import ExploreScript, Source

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
    source
        Of the variable, with the index on each axis but the one along the cut.
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
    source: Source
    level: str
    title: str
    across: str
    log: bool = False
    ends: tuple[tuple[float, float], tuple[float, float]] | None = None
    band: tuple[float, float] | None = None


def cut_script(asked: CutAsked, name: str) -> str:
    """Return the script of a cut."""
    out = ExploreScript(asked.source)
    out.use("backends.pictures.cuts", "cut")
    out.do("variable = dataset.variable(VARIABLE)")
    if asked.kind in ("zonal", "section"):
        out.do('level = variable.axis("level")' if asked.level else "level = None")
    if asked.ends is not None:
        out.set("ENDS", "Latitude and longitude of both ends.", tuple(tuple(map(float, end)) for end in asked.ends))
    if asked.band is not None:
        out.set("BAND", "Degrees between which means are taken.", tuple(map(float, asked.band)))
    out.use("backends.fields.cuts", "section" if asked.kind == "section" else "mean_cut")
    if asked.kind != "section":
        out.use("backends.fields.groups", "by_longitude" if asked.kind == "longitude" else "by_latitude")
    out.set("TITLE", "What is said above the picture, and at its horizontal axis.", (asked.title, asked.across))
    out.do(f"found = {_MADE[asked.kind]}")
    out.do(f"exhibit = cut(found, *TITLE, log={bool(asked.log)})")
    return out.text(name, "nc", "csv")
