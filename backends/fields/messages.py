"""The messages of a GRIB file as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backends.errors import InputError
from backends.fields.isolation.decoder import Unreadable
from backends.fields.isolation.opened import ask_about

if TYPE_CHECKING:
    from backends.fields.dataset import FieldDataset


@dataclass(frozen=True)
class Message:
    """One message of a GRIB file, as its header says; None where it does not.

    `start` is the start of the forecast in UTC (ISO 8601) and `step` hours after it, or the stretch that a mean or a sum is
    over; `bytes` is the length of the message and `bits` that of one packed value. `variable` and `selection` are where its
    field is in the opened dataset; `variable` is None where an earlier message with the same heading hides it.
    """

    short_name: str | None
    name: str | None
    level_type: str | None
    level: float | None
    start: str | None
    step: str | None
    step_type: str | None
    member: int | None
    grid: str | None
    points: int | None
    bytes: int | None
    packing: str | None
    bits: int | None
    edition: int | None
    variable: str | None
    selection: Mapping[str, int]


def messages(dataset: "FieldDataset") -> list[Message]:
    """Return the messages of an opened GRIB file in their order, from their headers; no values are decoded.

    Raises
    ------
    InputError
        If the dataset is not from a GRIB file, or the file is damaged.
    """
    if dataset.format != "GRIB" or dataset.path is None:
        raise InputError(f"{dataset.label} is {dataset.format}; only GRIB files consist of messages")
    try:
        answer, _ = ask_about("messages", dataset.path, dataset.label, dataset.format)
    except Unreadable as problem:
        raise InputError(f"the messages of {dataset.label} cannot be listed: {problem}") from problem
    found = [Message(**row) for row in answer["rows"]]
    # A variable that the dataset leaves out, such as one that lies on no map, cannot be shown.
    return [m if m.variable in dataset.variables else _hidden(m) for m in found]


def _hidden(message: Message) -> Message:
    return replace(message, variable=None, selection={})
