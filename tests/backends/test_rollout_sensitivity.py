"""Sensitivity of forecast errors: gradients by a Taylor test, by hand, and by the transposed matrix of linear models."""

import math

import pytest
import torch

from backends.cycling.climate import climate, climate_of_states
from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.emulator import Emulator
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import ShallowWater
from backends.errors import InputError
from backends.learning.dynamics.networks import LineStep
from backends.rollout.models import Climatology, FromDynamics, Persistence
from backends.rollout.sensitivity import box, sensitivity
from backends.rollout.testbed import TestbedWorld


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def world_of(model: Dynamics) -> TestbedWorld:
    states = model.advance(model.draw_start(30, seeded()), model.transient)
    return TestbedWorld(model, climate_of_states(model, states))


@pytest.mark.parametrize(
    ("model", "lead"), [(Lorenz96(points=12), 20), (Kolmogorov(points=16, dt=0.01), 10)], ids=["lorenz96", "kolmogorov"]
)
def test_the_gradient_passes_the_taylor_test(model, lead):
    world = world_of(model)
    starts = world.starts(2, lead, seeded())
    forecast = FromDynamics(model, world, "perfect")
    first = starts.states[1] + 0.1 * torch.randn(model.size, generator=seeded(1)).double()
    part = torch.arange(3, 9)
    direction = torch.randn(model.size, generator=seeded(2)).double()

    def cost(h: float) -> float:
        return sensitivity(world, forecast, starts, first + h * direction, part, lead, 1).value

    at = sensitivity(world, forecast, starts, first, part, lead, 1)
    slope = float(at.gradient @ direction)
    remainders = [abs(cost(h) - at.value - h * slope) for h in (1e-3, 1e-4)]
    assert abs(slope) > 1e-3 * at.value
    assert math.log10(remainders[0] / remainders[1]) == pytest.approx(2, abs=0.1)
    assert at.value == pytest.approx(float((at.forecast - at.truth)[part].square().mean()))


def test_the_gradient_of_a_linear_model_is_its_transposed_matrix_applied_to_the_error():
    """x ← M x + s: the gradient of the mean of e² over p components is 2/p Mᵀ e; M from forecasts of unit vectors."""
    model = AdvectionDiffusion(nx=12, nz=6, width=0.12, height=0.06)
    wrong = AdvectionDiffusion(nx=12, nz=6, width=0.12, height=0.06, u=3.5)
    world = world_of(model)
    starts, lead = world.starts(1, 30, seeded()), 30
    part = box((6, 12), ((1, 4), (2, 9)))
    got = sensitivity(world, FromDynamics(wrong, world, "wrong"), starts, starts.states[0], part, lead)
    zero = wrong.advance(torch.zeros(1, 72).double(), lead)
    M = (wrong.advance(torch.eye(72).double(), lead) - zero).T
    error = torch.where(part, wrong.advance(starts.states[0], lead) - model.advance(starts.states[0], lead), 0)
    torch.testing.assert_close(got.gradient, 2 / 21 * M.T @ error, rtol=1e-9, atol=1e-15)
    assert got.value == pytest.approx(float(error.square().sum() / 21), rel=1e-9)


def test_the_gradient_of_a_network_is_that_of_differences():
    line = Advection(points=20, dt=1 / 20, waves=3)
    network = LineStep("free", width=4).double().requires_grad_(False)
    for weights in network.parameters():
        weights.normal_(0, 0.3, generator=seeded())
    world = world_of(line)
    emulator = Emulator(network, line)
    starts = world.starts(1, 6, seeded())
    model = FromDynamics(emulator, world, "network")
    part = torch.arange(4, 9)

    def at(component: int, by: float) -> float:
        state = starts.states[0].clone()
        state[component] += by
        return sensitivity(world, model, starts, state, part, 6).value

    got = sensitivity(world, model, starts, starts.states[0], part, 6).gradient
    apart = [(at(k, 1e-5) - at(k, -1e-5)) / 2e-5 for k in range(20)]
    torch.testing.assert_close(got, torch.tensor(apart).double(), rtol=1e-5, atol=1e-9)


def test_on_the_sphere_errors_count_by_area():
    sphere = ShallowWater(truncation=5, dt=0.5)
    world = world_of(sphere)
    _, rows, columns = sphere.shape
    starts = world.starts(1, 1, seeded())
    inside = torch.zeros(sphere.size, dtype=torch.bool)
    inside[: 2 * columns] = True  # two rows next to a pole, of the depth
    *_, truth = world.truth(starts, 1, 1)
    area = world.norm.area[: 2 * columns]
    error = (starts.states[0] - truth[0])[: 2 * columns]
    got = sensitivity(world, Persistence(), starts, starts.states[0], inside, 1)
    assert area[0] < area[-1]
    assert got.value == pytest.approx(float((area * error.square()).sum() / area.sum()))
    torch.testing.assert_close(got.gradient[: 2 * columns], 2 * area * error / area.sum())
    assert not got.gradient[2 * columns :].any()
    assert rows > 2


def test_climatology_knows_nothing_of_its_start():
    world = world_of(Advection(points=30))
    starts = world.starts(1, 7, seeded())
    got = sensitivity(world, Climatology(world), starts, starts.states[0], torch.tensor([3]), 7)
    assert got.value > 0
    assert not got.gradient.any()


def test_it_reports_and_can_be_broken_off():
    world = world_of(Lorenz96(points=8))
    starts = world.starts(1, 10, seeded())
    told = []
    model = FromDynamics(world.dynamics, world, "perfect")
    sensitivity(world, model, starts, starts.states[0], torch.tensor([3]), 10, report=lambda *done: told.append(done))
    assert told == [(k, 8) for k in range(8)]  # pieces of 3, 3, 3 and 1 steps, there and back

    def stop(done: int, of: int) -> None:
        if done > 5:
            raise InputError(f"stopped after {done} of {of}")

    with pytest.raises(InputError, match="stopped after 6 of 8"):
        sensitivity(world, model, starts, starts.states[0], torch.tensor([3]), 10, report=stop)


def test_the_gradient_of_advection_is_the_error_carried_back():
    """J = mean of e² over the line has the gradient 2 e / n, moved back to where it came from: here 7 points to the left."""
    line = Advection(points=30, dt=1 / 30)
    world = TestbedWorld(line, climate(line, seeded()))
    starts = world.starts(1, 7, seeded())
    error = torch.zeros(30).double()
    error[4] = 0.5
    everywhere = torch.ones(30, dtype=torch.bool)
    got = sensitivity(world, FromDynamics(line, world, "perfect"), starts, starts.states[0] + error, everywhere, 7)
    torch.testing.assert_close(got.gradient, 2 * error / 30, atol=1e-12, rtol=0)
    only = sensitivity(world, FromDynamics(line, world, "perfect"), starts, starts.states[0] + error, torch.tensor([11]), 7)
    torch.testing.assert_close(only.gradient, 2 * error, atol=1e-12, rtol=0)


def test_sensitivity_refuses_what_it_cannot_do():
    line = Advection(points=30)
    world = TestbedWorld(line, climate(line, seeded()))
    starts = world.starts(1, 7, seeded())
    one = torch.tensor([3])
    with pytest.raises(InputError, match="at least one step; came 0"):
        sensitivity(world, Persistence(), starts, starts.states[0], one, 0)
    for wrong in (torch.tensor([30]), torch.zeros(30).bool(), torch.ones(29).bool(), torch.tensor([], dtype=torch.long)):
        with pytest.raises(InputError, match="components must be some of 0 to 29, or a mask of 30"):
            sensitivity(world, Persistence(), starts, starts.states[0], wrong, 7)
    with pytest.raises(InputError, match=r"30 components; came shape \(1, 30\)"):
        sensitivity(world, Persistence(), starts, starts.states, one, 7)


def test_a_box_is_rows_by_columns():
    assert box((3, 4), ((1, 3), (0, 2))).nonzero().flatten().tolist() == [4, 5, 8, 9]
    for corners in (((0, 4), (0, 1)), ((2, 2), (0, 1)), ((-1, 2), (0, 1))):
        with pytest.raises(InputError, match="a range of the box must lie within 0 to 3 and not be empty"):
            box((3, 4), corners)
    with pytest.raises(InputError, match="a range for each of 2 axes; came 1"):
        box((3, 4), ((0, 1),))
