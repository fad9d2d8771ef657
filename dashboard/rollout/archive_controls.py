"""The controls of an archive that forecasts start from: which dataset, and which of its fields."""

from pathlib import Path
from typing import Any

import panel_material_ui as pmui
from param.parameterized import Event

from backends.fields.catalogue import Catalogue, Entry
from dashboard.sections import SectionState
from dashboard.worker import FILES, LatestWins

#: Archives that emulators are trained on, by what a person reads.
ARCHIVES = {"ERA5, British Isles, hourly": "era5", "European, generated, 3-hourly": "european"}
#: Their keys in the catalogue, which need not be offered twice.
TWICE = ("european-forecast",)


def dataset_control(section: SectionState, folder: Path) -> tuple[Any, LatestWins[str, list[Entry]]]:
    """Return a list of the archives and of all datasets of the catalogue, and the work that fills it.

    Whether a dataset has times is known only when it is opened: one that has none is a sentence.
    """
    widget = pmui.Select(
        label="Archive", options=ARCHIVES, value="era5", sizing_mode="stretch_width", searchable=True,
        description=section.param["dataset"].doc,
    )  # fmt: skip
    following = False

    def offer(entries: list[Entry]) -> None:
        nonlocal following
        found = {entry.title: entry.key for entry in entries if entry.key not in TWICE}
        chosen = section.dataset  # type: ignore[attr-defined]
        options = {**ARCHIVES, **found}
        if chosen not in options.values():
            options[chosen] = chosen
        following = True
        try:
            widget.param.update(options=options, value=chosen)
        finally:
            following = False

    def to_section(event: Event) -> None:
        if not following and event.new:
            # Fields, level and member are those of a dataset; a split is that of others than the two.
            section.param.update(dataset=event.new, fields=(), level=None, member=None, unseen=None, time=None)

    known: list[Entry] = []

    def listed(_request: str, entries: list[Entry]) -> None:
        known[:] = entries
        offer(known)

    widget.param.watch(to_section, "value")
    section.param.watch(lambda _event: offer(known), "dataset")
    offer(known)
    listing: LatestWins[str, list[Entry]] = LatestWins(
        FILES, lambda _: Catalogue(folder).entries(), listed, lambda _problem: None
    )
    listing.request("archives")
    return widget, listing


def fields_control(section: SectionState) -> Any:
    """Return an input of names with commas between them."""
    widget = pmui.TextInput(
        label="Fields", placeholder="t2m, or the first of the file", size="small", sizing_mode="stretch_width",
        description=section.param["fields"].doc,
    )  # fmt: skip

    def to_section(event: Event) -> None:
        names = tuple(name for part in event.new.split(",") if (name := part.strip()))
        if names != tuple(section.fields):  # type: ignore[attr-defined]
            section.fields = names

    def to_widget(*_events: Event) -> None:
        text = ", ".join(section.fields)  # type: ignore[attr-defined]
        if text.replace(" ", "") != widget.value.replace(" ", ""):
            widget.value = text

    widget.param.watch(to_section, "value")
    section.param.watch(to_widget, "fields")
    to_widget()
    return widget
