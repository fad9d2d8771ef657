"""What the diagnostics tab shows of a race at one moment, and how it is computed."""

import time
from dataclasses import dataclass

from backends.experiments.cycling.diagnostics import Comparison, Diagnostics, compare, diagnose
from backends.experiments.cycling.race import Mark
from backends.experiments.cycling.run import Entry, entries
from dashboard.races import LiveRace

#: Names of numbers that only some methods have, and what good ones look like.
EXTRAS = {
    "effective_size": ("effective ensemble size", "well above 1. Near 1 a single particle has all the weight."),
    "inflation": ("inflation", "what the method finds itself; 1: none is needed."),
    "iterations": ("iterations", "few: outer or inner loops until the gradient was small enough."),
    "cost": ("J at the analysis", "about half the number of observations where B and R are right."),
    "cost_background": ("J at the background", "not far above J at the analysis, once the method follows the truth."),
}


@dataclass(frozen=True, eq=False)
class Skill:
    """What is shown of a race at one moment; no comparison where there is a single method."""

    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    diagnostics: Diagnostics
    a: int
    b: int
    comparison: Comparison | None
    cycle: int
    spinup: int
    marks: tuple[Mark, ...]
    seconds: float


#: A race, and the numbers of methods A and B.
Request = tuple[LiveRace, int, int]


def skill_of(request: Request) -> Skill:
    """Return what is shown of a race as it is now; to be called on the device's thread."""
    live, a, b = request
    began, race = time.perf_counter(), live.race
    labels = tuple(contestant.label for contestant in race.cycling.contestants)
    a, b = min(a, len(labels) - 1), min(b, len(labels) - 1)
    diagnostics, comparison = diagnose(race), compare(race, a, b) if len(labels) > 1 else None
    return Skill(
        labels, entries(race), diagnostics, a, b, comparison, race.cycle, race.settings.spinup, tuple(race.marks),
        time.perf_counter() - began,
    )  # fmt: skip


def reported(skill: Skill) -> dict[str, str]:
    """Return the numbers that some methods report, by what the page calls them, those that it knows first."""
    names = list(dict.fromkeys(name for method in skill.diagnostics.methods for name in method.extras))
    return {EXTRAS.get(name, (name.replace("_", " "), ""))[0]: name for name in sorted(names, key=_order)}


def _order(name: str) -> int:
    """Return the place of a number among those that only some methods have."""
    return list(EXTRAS).index(name) if name in EXTRAS else len(EXTRAS)
