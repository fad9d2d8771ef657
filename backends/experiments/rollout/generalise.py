"""The same models from other starts, and with other truths, than those they were made for."""

import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import torch

from backends.errors import InputError
from backends.experiments.cycling.dynamics import differing
from backends.experiments.rollout.beginnings import errors_of, starts_of
from backends.experiments.rollout.other_starts import GeneraliseSettings, check_generalise
from backends.experiments.rollout.prepare import Prepared, precision_of, testbed_of
from backends.experiments.rollout.settings import RolloutSettings, TestbedStart
from backends.experiments.rollout.summary import Entry, entries
from backends.rollout.result import Rollout
from backends.rollout.rollout import Report, perturbed

#: What a summary says of each model.
SAID = ("name", "label", "rmse", "rmse_se", "acc", "useful_lead", "mass_drift", "ended")


@dataclass(frozen=True, eq=False)
class Trial:
    """What the models forecast from one kind of start.

    Attributes
    ----------
    shape
        What forecasts start from, as `start.shape`.
    changes
        Keys of the testbed in which the truth differs from that of the experiment.
    prepared, result
        What was run, and its scores.
    chosen
        Whether it is the start of the experiment.
    """

    shape: str
    changes: dict[str, Any]
    prepared: Prepared
    result: Rollout
    chosen: bool = False

    @property
    def name(self) -> str:
        """What tables call it: its shape, and the parameters in which the truth differs."""
        return ", ".join([self.shape.replace("_", " "), *(f"{key} {value}" for key, value in self.changes.items())])

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The scores of each model."""
        return entries(self.result, self.prepared.settings)

    @cached_property
    def size(self) -> float:
        """How far the true starts are from the climate, root mean square in the norm of the errors: RMSE of climatology."""
        world, starts = self.prepared.world, self.prepared.starts
        anomaly = world.norm.scale * (starts.states - world.climate(starts.steps))
        return math.sqrt(float((anomaly.square() @ world.norm.area).mean()))

    def summary(self) -> dict[str, Any]:
        """Return the entry of a summary."""
        said = [{key: value for key, value in asdict(entry).items() if key in SAID} for entry in self.entries]
        models = [{key: one[key] for key in SAID} for one in said]
        return {"shape": self.shape, "dynamics": self.changes, "chosen": self.chosen, "size": self.size, "models": models}


def others(settings: RolloutSettings, asked: GeneraliseSettings) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return shape and changes of each start that is asked for beside the one of the experiment.

    Raises
    ------
    InputError
        If forecasts do not start from a testbed, or from one that cannot start so.
    """
    start = settings.start
    if not isinstance(start, TestbedStart):
        raise InputError(f"generalise: other starts are those of a testbed; came a start of name {start.name}")
    try:
        check_generalise(asked, start.dynamics)
    except ValueError as problem:
        raise InputError(str(problem)) from problem
    shapes: list[tuple[str, dict[str, Any]]] = [(shape, {}) for shape in asked.shapes if shape != start.shape]
    return (*shapes, *((start.shape, changes) for changes in asked.dynamics))


def generalised(
    prepared: Prepared, result: Rollout, asked: GeneraliseSettings, report: Report | None = None
) -> tuple[Trial, ...]:
    """Return what the models of an experiment forecast from its own start, which has been run, and from each other one.

    Starts, perturbations and the bootstrap have the random numbers of a rollout that has such a start itself. Models stay as
    they are, the perfect one with the parameters of the experiment; so does the climate that anomalies and errors refer to.

    Parameters
    ----------
    prepared, result
        The experiment.
    asked
        Which other ones.
    report
        Told the leads done, of all starts together.

    Raises
    ------
    InputError
        If forecasts do not start from a testbed, or from one that cannot start so, or the truth stops being finite.
    """
    s = prepared.settings
    further = others(s, asked)
    assert isinstance(s.start, TestbedStart)
    trials = [Trial(s.start.shape, {}, prepared, result, chosen=True)]
    leads = s.steps // s.every
    for number, (shape, changes) in enumerate(further):

        def told(lead: int, of: int, before: int = number * leads) -> None:
            if report is not None:
                report(before + lead, of * len(further))

        moved = _from(prepared, shape, changes)
        trials.append(Trial(shape, changes, moved, moved.run(told)))
    return tuple(trials)


@torch.no_grad()
def _from(prepared: Prepared, shape: str, changes: dict[str, Any]) -> Prepared:
    """Return the same models before starts of another shape, or of another truth."""
    settings = prepared.settings
    assert isinstance(settings.start, TestbedStart)
    start = TestbedStart.model_validate({"dynamics": differing(settings.start.dynamics, changes), "shape": shape})
    world = testbed_of(start, settings.start.dynamics, *precision_of(settings))
    starts = starts_of(settings, world)
    return replace(
        prepared,
        world=world,
        starts=starts,
        ensemble=perturbed(starts.states, settings.members, errors_of(settings, world, starts)),
    )
