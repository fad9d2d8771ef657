"""Which variable of a file is the eastward wind, the temperature, the humidity: by CF standard names, then by short names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from backends.fields.field import Variable
from backends.fields.meshes import RegularMesh

Role = Literal["u", "v", "t", "td", "q", "r", "phi"]


@dataclass(frozen=True)
class Names:
    """How files call a quantity: its standard name, and a pattern that short names match where there is none."""

    standard: str
    short: str


NAMES: dict[Role, Names] = {
    "u": Names("eastward_wind|x_wind", r"\d*u|u_?(\d+m?)?|uas?|uwnd|(\d+m_)?u_component_of_wind"),
    "v": Names("northward_wind|y_wind", r"\d*v|v_?(\d+m?)?|vas?|vwnd|(\d+m_)?v_component_of_wind"),
    "t": Names("air_temperature", r"t|\d+t|t_?\d+m|tas?|temp|(\d+m_)?temperature|air"),
    "td": Names("dew_point_temperature", r"\d+d|d\d+m|td(_?\d+m)?|tdps|dpt|(\d+m_)?dew_?point(_temperature)?"),
    "q": Names("specific_humidity", r"q|q_?\d+m|\d+q|huss?|shum|specific_humidity"),
    "r": Names("relative_humidity", r"r|\d+r|r\d+m|rh(_?\d+m)?|hurs?|relative_humidity"),
    "phi": Names("geopotential", r"z|phi|geopotential"),
}
#: The one short name that is often something else: a height, or a coordinate.
GEOPOTENTIAL_UNITS = {"m2s-2", "m2/s2", "j/kg", "jkg-1"}


def has_role(variable: Variable, role: Role) -> bool:
    """Return whether a variable is such a quantity."""
    names = NAMES[role]
    if role == "phi" and re.sub(r"\*\*|\^|\s", "", variable.units.lower()) not in GEOPOTENTIAL_UNITS:
        return False
    if variable.standard_name:
        return re.fullmatch(names.standard, variable.standard_name) is not None
    called = (variable.attributes.get("GRIB_shortName", ""), variable.name.split("@")[0])
    return any(re.fullmatch(names.short, name.lower()) for name in called)


def belong_together(one: Variable, other: Variable) -> bool:
    """Return whether two variables lie on the same grid at the same times, levels and members."""
    return (
        one.mesh.key == other.mesh.key
        and one.dims == other.dims
        and one.time == other.time
        and [axis.labels for axis in one.axes] == [axis.labels for axis in other.axes]
        and _height(one) == _height(other)
        and is_turned(one) == is_turned(other)
    )


def _height(variable: Variable) -> tuple[str, list[str]]:
    """Return what is known of the height of a variable without levels: ``t850`` and ``d2m`` are no pair."""
    return variable.attributes.get("GRIB_typeOfLevel", ""), re.findall(r"\d+", variable.name)


def combinations(variables: Mapping[str, Variable], roles: Iterable[Role]) -> Iterator[tuple[Variable, ...]]:
    """Return the variables that have such roles and belong together, one of each role, in the order of the file."""
    first, *others = roles
    for one in variables.values():
        if not has_role(one, first):
            continue
        found = [one]
        for role in others:
            fitting = (v for v in variables.values() if has_role(v, role) and belong_together(one, v))
            partner = next(fitting, None)
            if partner is not None:
                found.append(partner)
        if len(found) == len(others) + 1:
            yield tuple(found)


def is_turned(variable: Variable) -> bool:
    """Return whether a wind is given along the rows or columns of a grid that do not run east and north."""
    return variable.standard_name in ("x_wind", "y_wind") and not isinstance(variable.mesh, RegularMesh)


def wind_pairs(variables: Mapping[str, Variable]) -> list[tuple[str, str]]:
    """Return the names of eastward and northward winds that belong together; those along the rows of a grid are left out."""
    return [(u.name, v.name) for u, v in combinations(variables, ("u", "v")) if not is_turned(u)]
