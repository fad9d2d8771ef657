"""The keys of the address of the Training page that are not those of an experiment file."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from backends.experiments.sections import Section

#: Told what of an address cannot be.
Report = Callable[[str], Any]
Against = Literal["iteration", "seconds"]


class TrainingView(Section):
    """What of the runs is looked at, and how."""

    tab: Literal["live", "runs", "file"] = Field("live", description="the tab that is shown")
    run: str = Field("", description="id of the run that is looked at")
    record: str = Field("", description="address of the MLflow store that it is in; empty: that of this server")
    against: Against = Field("iteration", description="of the run that is looked at: what curves are drawn against")
    smoothing: Literal[1, 10, 50, 200] = Field(10, description="over how many reports its loss is smoothed; 1: not smoothed")
    log: bool = Field(True, description="whether the vertical axes of its loss and scores are logarithmic")
    compared: tuple[str, ...] = Field((), description="ids of the runs that are checked in the table, in this order")
    metric: str = Field("", description="name of the metric that they are compared by; empty: what is offered first")
    compared_against: Against = Field("iteration", description="what this metric is drawn against")
    compared_log: bool = Field(True, description="whether its axis is logarithmic")
