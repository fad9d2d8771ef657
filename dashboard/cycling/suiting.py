"""What suits a testbed: how it is observed, and how far methods localise in it."""

from typing import Any

from backends.errors import InputError
from backends.experiments.cycling.emulated import network_of, newest_run
from backends.experiments.cycling.methods import LocalizationSettings


def usual_network(run: str) -> dict[str, Any]:
    """Return observations that suit what a run has learned, or the newest run; nothing special where there is none."""
    try:
        return network_of(run or newest_run())
    except InputError:  # which is said when a race is made of it
        return {}


def localise(section: Any, radius: float | None) -> None:
    """Let a method localise with the usual radius of a testbed, or not at all where there are no distances (None)."""
    if "localization" not in section.KEYS:
        return
    usual = section.MODEL.model_fields["localization"].default
    if radius is None:
        section.localization = None
    elif usual is not None or section.localization is not None:
        factor = 1.0 if usual is None else usual.radius / LocalizationSettings().radius
        section.localization = LocalizationSettings(radius=factor * radius)
