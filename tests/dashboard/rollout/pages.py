"""What tests of the Rollout page share: small experiments, and running them."""

from backends.experiments.rollout import view as views
from dashboard.rollout.page import RolloutPage

SMALL = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz96, points: 12}}
models: [{name: perfect}, {name: wrong, model: {forcing: 6.0}}, {name: persistence}]
steps: 6
members: 4
starts: 3
"""
#: Other forecasts; for the same settings as before one is given what was there.
OTHERS = SMALL.replace("starts: 3", "starts: 2")

EUROPE = """
kind: rollout
start: {name: archive, dataset: european}
models: [{name: persistence}]
steps: 2
members: 1
perturbation: {name: none}
starts: 2
"""
WATER = """
kind: rollout
start: {name: testbed, dynamics: {name: shallow-water, truncation: 10}}
models: [{name: perfect}]
steps: 2
members: 2
starts: 1
"""


def run(page: RolloutPage) -> views.RolloutView:
    page.state.run()
    page.state.wait()
    assert page.state.problem == ""
    return page.state.view
