"""What the address of the Rollout page says of the Play tab."""

from typing import Any

from backends.experiments.rollout.view import RolloutView
from dashboard.rollout.address_keys import Report, RolloutAddressView, number_of, one_of, short
from dashboard.rollout.pictures import MapPictures, PhasePictures
from dashboard.rollout.play import PlayView
from dashboard.rollout.point import NOWHERE

#: The keys of the tab besides the start, which is that of all tabs.
PLAYED = ("lead", "speed", "sums", "drawn", "series", "shown", "field", "place", "town")
#: Those that not all states have, by layout.
SUITING = {"phase": ("drawn", "series"), "ring": ("place",), "plane": ("shown", "field", "place", "town")}


def of_play(play: PlayView, view: RolloutView) -> dict[str, Any]:
    """Return what is shown of forecasts, by the keys of the address; of others than the tab shows, only how."""
    said: dict[str, Any] = {
        "shown_start": view.start,
        "speed": 1000 // play.player.speed.value,
        "sums": "per step" if play.state.per_step else "since the start",
    }
    return said | (_of_pictures(play, view) if play.shows(view) else {})


def choose_on_play(play: PlayView, view: RolloutView, wanted: RolloutAddressView, report: Report) -> None:
    """Show of forecasts, which the tab shows, what an address asks for; what there is not is told to `report`."""
    play.player.speed.value = 1000 // wanted.speed
    play.amounts.value = wanted.sums == "per step"
    lead = number_of("lead", wanted.lead, len(view.leads) - 1, report)
    if lead != play.player.lead:
        play.player.go(lead)
    pictures = play.pictures
    if isinstance(pictures, PhasePictures):
        planes = _hyphened(pictures)
        pictures.plane.value = one_of("drawn", wanted.drawn, planes, next(iter(planes.values())), report)
        pictures.series.value = one_of("series", wanted.series, pictures.series.options, 0, report)
    elif isinstance(pictures, MapPictures):
        shown = {name: name for name in pictures.shown.options}
        pictures.shown.value = one_of("shown", wanted.shown, shown, "mean", report)
        pictures.field.value = one_of("field", wanted.field, pictures.field.options, 0, report)
    if view.layout.kind != "phase":
        _go(play, view, wanted, report)
    for key in ("drawn", "series", "shown", "field", "place", "town"):
        asked = getattr(wanted, key)
        if key not in SUITING[view.layout.kind] and asked != RolloutAddressView.model_fields[key].default:
            report(f"{key}: is of other states than these forecasts have; came {asked!r:.60}")


def _of_pictures(play: PlayView, view: RolloutView) -> dict[str, Any]:
    state, pictures, town = play.state, play.pictures, play.point.town.value
    said: dict[str, Any] = {"lead": play.player.lead}
    component = state.component
    if isinstance(pictures, PhasePictures):
        planes = _hyphened(pictures)
        drawn = next(name for name, plane in planes.items() if plane == pictures.plane.value)
        said["drawn"] = "" if drawn == next(iter(planes)) else drawn
        said["series"] = view.layout.names[component] if component else ""
    elif isinstance(pictures, MapPictures):
        said["shown"] = pictures.shown.value
        said["field"] = view.layout.names[state.field] if state.field else ""
    if town != NOWHERE:
        said["town"] = town
    elif view.layout.kind != "phase" and component % view.layout.size != view.middle():
        said["place"] = _place(view, component)
    return said


def _hyphened(pictures: PhasePictures) -> dict[str, tuple[int, ...]]:
    """Return the planes that are offered by their names with a hyphen, which is on every keyboard."""
    return {name.replace("–", "-"): plane for name, plane in pictures.plane.options.items()}


def _place(view: RolloutView, component: int) -> tuple[float, ...]:
    """Return a place as an address says it; exact enough for the cell that it is the middle of."""
    if view.layout.kind == "ring":
        return (component,)
    x, y = (short(end) for end in view.place(component))
    return (y, x) if view.on_earth else (x, y)


def _go(play: PlayView, view: RolloutView, wanted: RolloutAddressView, report: Report) -> None:
    """Go to the town or the place that is asked for, or to the middle."""
    towns = {name: name for name in play.point.town.options if name != NOWHERE}
    named = wanted.town if view.layout.kind == "plane" else ""
    town = one_of("town", named, towns, NOWHERE, report)
    if town == NOWHERE:
        middle = view.middle(play.state.field)
        there = _component_at(view, play.state.field, wanted.place) if wanted.place else middle
        if there is None:
            report(f"place: is not on the picture of these forecasts; came {', '.join(f'{part:g}' for part in wanted.place)}")
        play.state.component = middle if there is None else there
    play.point.town.value = town


def _component_at(view: RolloutView, field: int, place: tuple[float, ...]) -> int | None:
    if view.layout.kind == "ring":
        inside = len(place) == 1 and float(place[0]).is_integer() and 0 <= place[0] < view.layout.size
        return int(place[0]) if inside else None
    if len(place) != 2:
        return None
    x, y = reversed(place) if view.on_earth else place
    turns = (0, 360, -360) if view.on_earth else (0,)
    there = (view.component_at(field, x + turn, y) for turn in turns)
    return next((component for component in there if component is not None), None)
