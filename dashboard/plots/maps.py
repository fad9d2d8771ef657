"""A field on a latitude–longitude map, or on a vertical plane."""

import math
from typing import Literal

import holoviews as hv
from bokeh.models import CustomJSHover, CustomJSTickFormatter, HoverTool
from bokeh.plotting import figure

from backends.fields.raster import Raster
from dashboard.plots.numbers import linear_numbers, reading
from dashboard.theme import MISSING, FieldStyle

#: What a raster spans: degrees east and north, kilometres along and above the ground, or x and y of a map projection.
Frame = Literal["geographic", "plane", "projected"]
#: 190 becomes 170°W: maps across the dateline count on past 180.
_DEGREES = """
    const lon = (((%(x)s + 180) %% 360 + 360) %% 360) - 180
    const east = Math.abs(lon).toFixed(%(digits)s)
    return east + "°" + (lon < 0 ? "W" : lon > 0 ? "E" : "")
"""
_NORTH = 'return Math.abs(%(x)s).toFixed(%(digits)s) + "°" + (%(x)s < 0 ? "S" : %(x)s > 0 ? "N" : "")'

#: Pixels below which a map is not made lower, however low the window is: it is scrolled to then.
LEAST_HEIGHT = 260
#: Names of the two coordinates in each frame.
COORDINATES: dict[Frame, tuple[str, str]] = {
    "geographic": ("longitude", "latitude"),
    "plane": ("x", "z"),
    "projected": ("x", "y"),
}


def extent(raster: Raster) -> tuple[float, float, float, float]:
    """Return west, east, south, north of what a map of the raster shows: its pixels, but nothing beyond the poles."""
    return raster.west, raster.east, max(raster.south, -90.0), min(raster.north, 90.0)


def aspect(raster: Raster, frame: Frame = "geographic") -> float:
    """Return width over height of the area: at the true scale of its middle latitude where x and y are degrees."""
    if frame == "projected":
        return (raster.east - raster.west) / (raster.north - raster.south)
    west, east, south, north = extent(raster)
    middle = math.cos(math.radians((south + north) / 2)) if north - south < 120 else 1.0
    return (east - west) * max(middle, 0.2) / (north - south)


def room_for(width: int, height: int, above: int) -> dict[str, str]:
    """Return the styles of a map's box: as wide as the map, and narrower where that would be higher than the window.

    Parameters
    ----------
    width, height
        Of the map where there is room, pixels; it keeps this shape.
    above
        Pixels from the window's upper edge to the map, with a little space below it.
    """
    widest = f"calc(max(100vh - {above}px, {LEAST_HEIGHT}px) * {width / height:.4f})"
    return {"flex": f"0 1 {width}px", "max-width": widest}


def field_map(
    raster: Raster,
    style: FieldStyle,
    limits: tuple[float, float],
    name: str,
    units: str,
    frame: Frame = "geographic",
    missing: str = MISSING,
    place: CustomJSHover | None = None,
) -> hv.Image:
    """Return a map of a field.

    Parameters
    ----------
    raster
        The pixels.
    style, limits
        Colours, and the values at both ends of them.
    name, units
        What is shown, for the colour bar and the pointer's read-out.
    frame
        What the raster's edges are: longitude and latitude in degrees, x and z in kilometres, or x and y of a projection.
    missing
        Colour of missing values.
    place
        What writes the place under the pointer on a projected map.
    """
    # Told apart by fixed names: text from a file cannot reach a template, and a variable that is called as an axis is (x)
    # would be taken for it.
    value = hv.Dimension("value", range=limits)
    image = hv.Image(
        raster.values[::-1],
        bounds=(raster.west, raster.south, raster.east, raster.north),
        kdims=list(COORDINATES[frame]),
        vdims=[value],
    )
    return image.opts(
        cmap=list(style.palette),
        clim=limits,
        clipping_colors={"NaN": missing},
        colorbar=True,
        clabel=units,
        colorbar_opts={"width": 12, "padding": 4, "formatter": linear_numbers()},
        default_tools=["pan", "wheel_zoom", "box_zoom", "reset", "save"],
        active_tools=["pan", "wheel_zoom"],
        toolbar="above",
        title="",
        backend_opts={"plot.toolbar.logo": None},
        **_frame_options(raster, units, frame, place),
    )


def _frame_options(raster: Raster, units: str, frame: Frame, place: CustomJSHover | None) -> dict[str, object]:
    if frame == "projected":
        assert place is not None
        return _projected(raster, units, place)
    return _geographic(raster, units) if frame == "geographic" else _plane(raster, units)


def _projected(raster: Raster, units: str, place: CustomJSHover) -> dict[str, object]:
    hover = HoverTool(
        tooltips=[("value", "@image{custom}"), ("at", "$x{place}")], formatters={"@image": reading(units), "$x": place}
    )
    return {
        "tools": [hover],
        "xlim": (raster.west, raster.east),
        "ylim": (raster.south, raster.north),
        "xaxis": None,
        "yaxis": None,
        "show_frame": False,
    }


def _geographic(raster: Raster, units: str) -> dict[str, object]:
    west, east, south, north = extent(raster)
    hover = HoverTool(
        tooltips=[("value", "@image{custom}"), ("at", "$y{north}, $x{east}")],
        formatters={
            "@image": reading(units),
            "$x": CustomJSHover(code=_DEGREES % {"x": "value", "digits": "2"}),
            "$y": CustomJSHover(code=_NORTH % {"x": "value", "digits": "2"}),
        },
    )
    return {
        "tools": [hover],
        "xlim": (west, east),
        "ylim": (south, north),
        "xlabel": "",
        "ylabel": "",
        "xformatter": degrees_east(),
        "yformatter": degrees_north(),
    }


def degrees_east() -> CustomJSTickFormatter:
    """Return what writes longitudes at an axis: ``10°W``."""
    return CustomJSTickFormatter(code=_DEGREES % {"x": "tick", "digits": "tick % 1 ? 1 : 0"})


def degrees_north() -> CustomJSTickFormatter:
    """Return what writes latitudes at an axis: ``50°N``, and nothing beside the Earth, which a wheel may bring into view."""
    north = _NORTH % {"x": "tick", "digits": "tick % 1 ? 1 : 0"}
    return CustomJSTickFormatter(code=f'if (Math.abs(tick) > 90) return ""\n{north}')


#: Milliseconds of rest after which the area that is looked at is told: Bokeh's own half a second is waited for at each zoom.
REST = 60


def tell_soon(fig: figure) -> None:
    """Let a figure tell the area that is looked at as soon as the wheel rests, and draw its lines whole meanwhile."""
    fig.update(lod_timeout=REST, lod_threshold=None)


def write_degrees(fig: figure) -> None:
    """Let the axes of a map say what they are by their numbers, as atlases do: ``10°W``, ``50°N``."""
    fig.xaxis.update(axis_label=None, formatter=degrees_east())
    fig.yaxis.update(axis_label=None, formatter=degrees_north())


def _plane(raster: Raster, units: str) -> dict[str, object]:
    hover = HoverTool(
        tooltips=[("value", "@image{custom}"), ("at", "x = $x{0.0[0]} km, z = $y{0.0[00]} km")],
        formatters={"@image": reading(units)},
    )
    return {
        "tools": [hover],
        "xlim": (raster.west, raster.east),
        "ylim": (raster.south, raster.north),
        "xlabel": "x [km]",
        "ylabel": "z [km]",
        "xformatter": linear_numbers(),
        "yformatter": linear_numbers(),
    }


def reading_east() -> CustomJSHover:
    """Return what writes a longitude into a read-out."""
    return CustomJSHover(code=_DEGREES % {"x": "value", "digits": "2"})


def reading_north() -> CustomJSHover:
    """Return what writes a latitude into a read-out."""
    return CustomJSHover(code=_NORTH % {"x": "value", "digits": "2"})
