"""Linear inverse models: they find the linear process that made what they are fitted to."""

import pytest
import torch

from backends.cycling.climate import climate
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.summary import summary
from backends.experiments.run import settings_from
from backends.rollout.linear_inverse import LinearInverse, choose, fit
from backends.rollout.testbed import TestbedWorld
from tests.backends.experiments import NOWHERE


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def process(G: torch.Tensor, sequences: int, length: int, noise: float = 1.0) -> torch.Tensor:
    """Return sequences of x ← G x + noise, after a transient, (J, L, n)."""
    x, states, generator = torch.zeros(sequences, len(G)).double(), [], seeded()
    for k in range(length + 50):
        x = x @ G.T + noise * torch.randn(x.shape, generator=generator, dtype=torch.float64)
        if k >= 50:
            states.append(x)
    return torch.stack(states, 1)


G = torch.tensor([[0.9, 0.3, 0.0], [-0.2, 0.8, 0.0], [0.0, 0.1, 0.5]]).double()


def test_it_finds_the_propagator_of_a_linear_process():
    found = fit(process(G, 400, 50), 3)
    dense = found.eofs @ found.G @ found.eofs.T
    torch.testing.assert_close(dense, G, atol=0.02, rtol=0)
    x = torch.randn(4, 3, generator=seeded(), dtype=torch.float64)
    torch.testing.assert_close(found.forward(x, 3), x @ torch.linalg.matrix_power(dense, 3).T)
    torch.testing.assert_close(found.forward(found.forward(x, 2), 1), found.forward(x, 3))


def test_what_the_eofs_leave_out_decays_with_its_own_autocorrelation():
    """Two strong components that turn into each other, and ten weak ones of autocorrelation 0.7."""
    full = torch.diag(torch.full((12,), 0.7)).double()
    full[:2, :2] = G[:2, :2]
    states = process(full, 200, 50) * torch.tensor([5.0] * 2 + [0.5] * 10).double()
    found = fit(states, 2)
    assert found.rho == pytest.approx(0.7, abs=0.02)
    weak = torch.zeros(12).double()
    weak[5] = 1.0
    assert found.forward(weak, 2)[5].item() == pytest.approx(0.49, abs=0.05)
    torch.testing.assert_close(found.forward(weak, 0), weak)


def test_the_number_of_eofs_is_that_of_the_process_where_the_rest_is_noise():
    states = process(G[:2, :2], 1, 300)
    directions = torch.linalg.qr(torch.randn(40, 2, generator=seeded(), dtype=torch.float64)).Q
    noisy = states @ directions.T + 0.3 * torch.randn(1, 300, 40, generator=seeded(3), dtype=torch.float64)
    assert choose(noisy, 12) in (2, 3)
    with pytest.raises(InputError, match="at least 9 states in sequence, or 3 sequences; came 1 of 3"):
        choose(noisy[:, :3], 12)


def test_on_lorenz_96_it_begins_without_error_and_ends_at_the_climate():
    model = Lorenz96(points=12)
    world = TestbedWorld(model, climate(model, seeded()))
    inverse = LinearInverse(world, seeded(), 20)
    starts = world.starts(50, 200, seeded(1))
    x = starts.states[:, None]
    torch.testing.assert_close(inverse.advance(x, starts, 0, 0), x)
    far = inverse.advance(x, starts, 0, 2000)
    assert float((far[:, 0] - world.climate(starts.steps)).abs().max()) < 0.1
    with pytest.raises(InputError, match="eofs must be at most 12; came 13"):
        LinearInverse(world, seeded(), 20, 13)


def test_a_file_may_ask_for_it():
    settings = settings_from(
        {
            "kind": "rollout",
            "models": [{"name": "linear-inverse", "eofs": 5}, {"name": "persistence"}],
            "steps": 8,
            "members": 2,
        }
    )
    inverse, persistence = summary(prepare(settings, NOWHERE).run(), settings)["models"]
    assert inverse["label"] == "linear inverse model"
    assert inverse["rmse"][8] < persistence["rmse"][8]
