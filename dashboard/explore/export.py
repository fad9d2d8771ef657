"""What the Explore page exports of a field: its map as it is seen, and the series at picked places."""

from backends.errors import InputError
from backends.fields.overlays.asked import overlay
from backends.pictures.drawing import Exhibit
from backends.pictures.field import field
from backends.pictures.script import stem
from backends.pictures.scripts import MapAsked, field_script
from dashboard.explore.overlays import MapOverlaysView
from dashboard.explore.state import ExploreState
from dashboard.export import Snapshot

UPLOADED = "uploaded "
FORMS = ("png", "svg", "nc", "csv", "series.csv", "py")


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
    wanted = MapAsked(
        state.dataset.removeprefix(UPLOADED), shown.variable.name, dict(shown.selection), state.dataset.startswith(UPLOADED),
        state.window, (state.shown, state.middle_latitude, state.middle_longitude), limits, places, asked, seen, size,
    )  # fmt: skip
    name = stem("explore", wanted.dataset, shown.variable.name, shown.caption)

    def exhibit() -> Exhibit:
        over = overlay(dataset, picture, asked, seen, *size) if asked.anything else None
        return field(picture, limits, series, over, seen)

    return Snapshot(name, exhibit, {"py": field_script(wanted, name)})
