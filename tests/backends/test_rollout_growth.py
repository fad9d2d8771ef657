"""Growth of small errors and sensitivity: exponents that are known, and gradients by a Taylor test and by hand."""

import math

import pytest
import torch

from backends.cycling.climate import climate
from backends.dynamics.advection import Advection
from backends.dynamics.base import Dynamics
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.rollout.growth import error_growth, lyapunov_exponent
from backends.rollout.models import Climatology, FromDynamics, Persistence
from backends.rollout.sensitivity import box, sensitivity
from backends.rollout.testbed import TestbedWorld


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def attractor(model: Dynamics, count: int) -> torch.Tensor:
    return model.advance(model.draw_start(count, seeded()), model.transient)


def test_errors_of_lorenz_96_double_as_its_leading_lyapunov_exponent_says():
    """The exponent is 1.68 for 40 points and forcing 8 (Lorenz and Emanuel, 1998: errors double in 0.42 of these units)."""
    model = Lorenz96()
    exponent = lyapunov_exponent(model, attractor(model, 40), seeded(1), 400, 100)
    assert exponent == pytest.approx(1.68, rel=0.03)
    growth = error_growth(model, attractor(model, 200), seeded(2), 120, 60)
    assert growth.rate_se < 0.03
    assert growth.doubling_time == pytest.approx(math.log(2) / exponent, rel=0.1)
    assert growth.doubling_time == pytest.approx(math.log(2) / 1.68, rel=0.1)
    assert growth.logarithm[0] == 0
    assert growth.times[-1].item() == pytest.approx(6.0)


def test_the_exponent_of_lorenz_63_is_that_of_the_books():
    model = Lorenz63()
    assert lyapunov_exponent(model, attractor(model, 100), seeded(1), 2000, 500) == pytest.approx(0.9056, rel=0.03)


def test_errors_of_advection_do_not_grow():
    line = Advection(points=21, waves=5)
    growth = error_growth(line, line.draw_start(5, seeded()), seeded(1), 20, 5)
    assert abs(growth.rate) < 1e-6
    assert growth.doubling_time > 1e5
    assert abs(lyapunov_exponent(line, line.draw_start(5, seeded()), seeded(1), 20, 5)) < 1e-9


def test_growth_refuses_errors_that_are_not_small():
    model = Lorenz96(points=12)
    with pytest.raises(
        InputError, match=r"where they are small no more; use fewer steps than 300 or a smaller size than 0.001"
    ):
        error_growth(model, attractor(model, 4), seeded(), 300, 10, 1e-3)
    with pytest.raises(InputError, match=r"steps must be more than the transient, 10; came 10"):
        error_growth(model, attractor(model, 4), seeded(), 10, 10)
    with pytest.raises(InputError, match="at least two starts"):
        error_growth(model, attractor(model, 1), seeded(), 20, 10)


@pytest.mark.parametrize(
    ("model", "lead"), [(Lorenz96(points=12), 20), (Kolmogorov(points=16, dt=0.01), 10)], ids=["lorenz96", "kolmogorov"]
)
def test_the_gradient_passes_the_taylor_test(model, lead):
    world = TestbedWorld(model, climate_of_few(model))
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


def climate_of_few(model: Dynamics):
    from backends.cycling.climate import climate_of_states

    return climate_of_states(model, attractor(model, 30))


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
    with pytest.raises(InputError, match="climatology does not depend on where it starts"):
        sensitivity(world, Climatology(world), starts, starts.states[0], one, 7)
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
