"""A short race, and ways to run and look at one, that tests of the Cycling page share."""

import time

from dashboard.cycling.state import CyclingState

SMALL = """
kind: cycling
dynamics: {name: lorenz63}
observations: {every: 25, sigma: 1.414}
methods: [{name: 3dvar, scale: 0.1}, {name: etkf, members: 6, inflation: 1.05}]
cycles: 1000
spinup: 5
"""


def wait_until(true) -> None:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


def steps(state: CyclingState, count: int) -> None:
    """Run exactly so many cycles."""
    for _ in range(count):
        before = state.live.cycle
        state.live.advance_one()
        wait_until(lambda before=before: state.live.cycle == before + 1)


def look(state: CyclingState):
    state.look()
    state.wait()
    return state.view
