"""A race that is run again, its settings changed after the same cycles as before."""

from collections.abc import Callable, Sequence

from backends.errors import InputError
from backends.experiments.cycling.race import Race
from backends.experiments.cycling.settings import CyclingSettings

#: Settings of a race, each with the cycles that were run before; those that it begins with come first, with 0.
Stages = Sequence[tuple[int, CyclingSettings]]


def replay(stages: Stages, cycles: int, stop: Callable[[Race], bool] = lambda race: False) -> Race:
    """Return a race after so many cycles; the same stages give the same numbers.

    Parameters
    ----------
    stages
        In the order of their cycles.
    cycles
        To run.
    stop
        Asked after each cycle whether that was enough.

    Raises
    ------
    InputError
        If the settings cannot be run, or one of them cannot be changed on the way.
    """
    if not stages or stages[0][0] != 0:
        raise InputError(f"a race begins with settings after cycle 0; came {[after for after, _ in stages][:1]}")
    (_, first), *later = stages
    race = Race(first)
    while True:
        while later and later[0][0] <= race.cycle:
            race.change(later.pop(0)[1])
        if race.cycle >= cycles:
            return race
        race.step()
        if stop(race):
            return race
