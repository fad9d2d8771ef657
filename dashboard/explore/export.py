"""What the Explore page exports of a field: its map as it is seen, and the series at picked places."""

from collections.abc import Mapping

from backends.errors import InputError
from backends.fields.overlays.asked import overlay
from backends.pictures.drawing import Exhibit
from backends.pictures.explore_script import OnMap, Source
from backends.pictures.field import field
from backends.pictures.map_script import MapAsked, map_script
from backends.pictures.script import stem
from dashboard.explore.overlays import MapOverlaysView
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot

UPLOADED = "uploaded "
FORMS = ("png", "svg", "nc", "csv", "series.csv", "py")


def source_of(state: ExploreState, variable: str, selection: Mapping[str, int]) -> Source:
    """Return where a variable of the dataset that is shown comes from."""
    key = state.dataset.removeprefix(UPLOADED)
    return Source(key, state.dataset.startswith(UPLOADED), variable, dict(selection))


def on_map(state: ExploreState) -> OnMap:
    """Return what the map that is shown was asked for with."""
    return OnMap(state.window, (state.shown, state.middle_latitude, state.middle_longitude))


def snapshot(state: ExploreState, overlays: MapOverlaysView) -> Snapshot:
    """Return what the map shows now.

    Raises
    ------
    InputError
        If there is no map yet, or another one is on its way.
    """
    picture, dataset = state.picture, state.opened
    if picture is None or dataset is None:
        raise InputError("there is no map yet; it is exported as soon as it is shown")
    if not state.settled:
        raise InputError("another map is on its way; wait for it")
    shown, limits, series = picture.field, (state.low, state.high), tuple(state.series)
    asked, seen, size = overlays.asked, overlays.seen, overlays.size
    # Positions of the places themselves: a series lies at the grid point nearest to its place.
    places = state.picked if series else ()
    source = source_of(state, shown.variable.name, shown.selection)
    wanted = MapAsked(source, on_map(state), limits, places, asked, seen, size)
    name = stem("explore", source.dataset, shown.variable.name, shown.caption)

    def exhibit() -> Exhibit:
        over = overlay(dataset, picture, asked, seen, *size) if asked.anything else None
        return field(picture, limits, series, over, seen)

    return Snapshot(name, exhibit, {"py": map_script(wanted, name)})
