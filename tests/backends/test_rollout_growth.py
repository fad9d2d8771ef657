"""Growth of small errors: exponents that are known."""

import math

import pytest
import torch

from backends.dynamics.advection import Advection
from backends.dynamics.base import Dynamics
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.rollout.growth import error_growth, lyapunov_exponent


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
