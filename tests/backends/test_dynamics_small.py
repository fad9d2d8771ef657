"""The models of a few variables: equilibria, conserved quantities, order of the scheme, tangents, published statistics."""

import math

import pytest
import torch
from torch import Tensor

from backends.dynamics.base import Dynamics
from backends.dynamics.circle import Circle
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from tests.backends.dynamics import generator

MODELS = [Lorenz63(), Lorenz96(), Lorenz96(points=7, forcing=5.0), Circle()]
LORENZ = MODELS[:3]


def named(model: Dynamics) -> str:
    return f"{model.name}-{model.size}"


def typical(model: Dynamics, count: int, seed: int = 0) -> Tensor:
    """Return states on the attractor."""
    return model.advance(model.draw_start(count, generator(seed)), model.transient)


def divergence(model: Lorenz63 | Lorenz96, state: Tensor) -> float:
    return float(torch.func.jacfwd(model.tendency)(state).trace())


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_batch_of_any_shape_gives_what_its_states_give(model):
    states = model.draw_start(6, generator()).reshape(2, 3, -1)
    batch = model.advance(states, 5)
    assert batch.shape == states.shape
    torch.testing.assert_close(batch[1, 2], model.advance(states[1, 2], 5), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("model", LORENZ, ids=named)
def test_small_states_go_forward_in_numpy_as_in_torch(model, dtype):
    states = typical(model, 6).reshape(2, 3, -1).to(dtype)
    expected = model.advance(states, 5)  # where gradients may be wanted
    with torch.no_grad():
        actual = model.advance(states, 5)
    assert actual.dtype == dtype
    assert not torch.equal(actual, states)
    torch.testing.assert_close(actual, expected, rtol=0, atol=2e3 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("model", LORENZ, ids=named)
@pytest.mark.parametrize("steps", [1, 7])
def test_jacobians_and_tangents_are_those_of_automatic_differentiation(model, steps, monkeypatch):
    monkeypatch.setattr("backends.dynamics.runge_kutta.BLOCK", 4 * model.size * 6 * model.size * 3)  # three steps at once
    states = typical(model, 6).reshape(2, 3, -1)
    end, stages = model.stages(states, steps, 0.0)
    matrix = model.tangent(stages)
    torch.testing.assert_close(end, model.advance(states, steps), rtol=0, atol=1e-12)
    assert matrix.shape == (2, 3, model.size, model.size)
    for k, of in ((0, 2), (1, 1)):
        expected = torch.func.jacfwd(model.tendency)(states[k, of])
        torch.testing.assert_close(model.jacobian(states)[k, of], expected, rtol=0, atol=1e-12)
        expected = torch.func.jacfwd(lambda x: model.advance(x, steps))(states[k, of])
        torch.testing.assert_close(matrix[k, of], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_trajectory_is_made_of_steps(model):
    states = model.trajectory(model.start(), 4)
    assert states.shape == (5, model.size)
    torch.testing.assert_close(states[4], model.advance(model.start(), 4), rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_starts_are_reproducible_and_as_far_from_the_first_guess_as_announced(model):
    drawn = model.draw_start(4000, generator(1))
    assert torch.equal(drawn, model.draw_start(4000, generator(1)))
    assert not torch.equal(drawn, model.draw_start(4000, generator(2)))
    # Relative error of a standard deviation from 8000 numbers or more: 1/√16000.
    assert float((drawn - model.start()).std()) == pytest.approx(model.start_sigma, rel=5 / math.sqrt(16000))


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_the_precision_of_the_state_is_kept(model):
    assert model.step(model.start().float()).dtype == torch.float32


@pytest.mark.parametrize("model", LORENZ, ids=named)
def test_tangents_agree_with_finite_differences(model):
    x = typical(model, 3)
    v = torch.randn(x.shape, generator=generator(3), dtype=x.dtype)
    _, tangent = torch.func.jvp(lambda s: model.advance(s, 10), (x,), (v,))
    h = 1e-5
    difference = (model.advance(x + h * v, 10) - model.advance(x - h * v, 10)) / (2 * h)
    torch.testing.assert_close(tangent, difference, rtol=0, atol=1e-7 * float(tangent.abs().max()))


@pytest.mark.parametrize("model", LORENZ, ids=named)
def test_gradients_are_the_transpose_of_tangents(model):
    x = typical(model, 1)[0]
    u, v = torch.randn(2, model.size, generator=generator(4), dtype=x.dtype)
    _, Mv = torch.func.jvp(lambda s: model.advance(s, 10), (x,), (v,))
    _, pull = torch.func.vjp(lambda s: model.advance(s, 10), x)
    assert float(u @ Mv) == pytest.approx(float(pull(u)[0] @ v), rel=1e-12)


@pytest.mark.parametrize(("kind", "dt"), [(Lorenz63, 0.01), (Lorenz96, 0.05)])
def test_errors_of_the_time_step_fall_with_its_fourth_power(kind, dt):
    x, time = typical(kind(), 20), 0.4

    def error(shorter: int) -> float:
        return float((kind(dt=dt / shorter).advance(x, round(time / dt) * shorter) - exact).norm())

    exact = kind(dt=dt / 32).advance(x, round(time / dt) * 32)
    assert math.log2(error(1) / error(2)) == pytest.approx(4, abs=0.4)
    assert math.log2(error(2) / error(4)) == pytest.approx(4, abs=0.3)


def test_lorenz63_rests_at_its_three_equilibria():
    # x = y, z = x²/β and x (ρ − 1 − z) = 0: Lorenz (1963), section 6.
    model = Lorenz63()
    side = math.sqrt(model.beta * (model.rho - 1))
    rest = torch.tensor([[0, 0, 0], [side, side, model.rho - 1], [-side, -side, model.rho - 1]], dtype=torch.float64)
    torch.testing.assert_close(model.step(rest), rest, rtol=0, atol=1e-13)
    assert not torch.allclose(model.step(rest + 0.1), rest + 0.1, atol=1e-4)


def test_lorenz63_shrinks_volumes_at_the_rate_of_the_paper():
    model = Lorenz63()
    for state in typical(model, 3):
        assert divergence(model, state) == pytest.approx(-(model.sigma + 1 + model.beta), rel=1e-13)


def test_lorenz63_does_not_mind_a_turn_about_the_z_axis():
    model, x = Lorenz63(), typical(Lorenz63(), 4)
    turn = torch.tensor([-1, -1, 1], dtype=torch.float64)
    torch.testing.assert_close(model.advance(turn * x, 50), turn * model.advance(x, 50), rtol=0, atol=1e-12)


@pytest.mark.parametrize("points", [4, 5, 40])
def test_lorenz96_rests_where_all_variables_are_the_forcing(points):
    model = Lorenz96(points=points)
    rest = torch.full((points,), model.forcing, dtype=torch.float64)
    torch.testing.assert_close(model.step(rest), rest, rtol=0, atol=1e-13)


def test_the_quadratic_term_of_lorenz96_conserves_energy_and_volume():
    model = Lorenz96(forcing=0.0)
    x = typical(Lorenz96(), 10)
    quadratic = model.tendency(x) + x
    torch.testing.assert_close((x * quadratic).sum(-1), torch.zeros(10, dtype=x.dtype), rtol=0, atol=1e-10)
    assert float((x * quadratic).abs().sum(-1).min()) > 100
    assert divergence(model, x[0]) == pytest.approx(-40, rel=1e-13)


def test_lorenz96_against_its_equation_written_out():
    x = [0.3, -1.2, 2.5, 0.7, 4.0]
    expected = [(x[(i + 1) % 5] - x[i - 2]) * x[i - 1] - x[i] + 8 for i in range(5)]
    assert Lorenz96(points=5).tendency(torch.tensor(x, dtype=torch.float64)).tolist() == pytest.approx(expected, rel=1e-13)


def test_lorenz96_is_the_same_all_round_the_ring():
    model, x = Lorenz96(), typical(Lorenz96(), 3)
    torch.testing.assert_close(model.advance(x.roll(7, -1), 20), model.advance(x, 20).roll(7, -1), rtol=0, atol=1e-10)


def test_distances_of_lorenz96_go_the_shorter_way():
    a, b = torch.tensor([0, 0, 39, 5]), torch.tensor([39, 20, 1, 5])
    assert Lorenz96().distance(a, b).tolist() == [1, 20, 2, 0]
    assert Lorenz63().distance(a, b) is None


def statistics(model: Dynamics, count: int, samples: int, every: int) -> tuple[Tensor, Tensor]:
    """Return the means of x and x² in each of many trajectories, (count, n) each."""
    x = typical(model, count)
    first, second = torch.zeros_like(x), torch.zeros_like(x)
    for _ in range(samples):
        x = model.advance(x, every)
        first, second = first + x / samples, second + x**2 / samples
    return first, second


def test_lorenz63_has_the_published_variances():
    # They come from single runs and hold to half a per cent: 4000 runs of 50 units of time, after 25 that do not count,
    # give 62.78, 81.19 and 74.34 with standard errors of 0.01, 0.01 and 0.04.
    first, second = statistics(Lorenz63(), count=2000, samples=200, every=5)
    mean = first.mean(0)
    # Linear in the trajectories, so that their spread gives the standard error.
    variances = second - 2 * mean * first + mean**2
    error = variances.std(0) / math.sqrt(len(variances))
    assert error.max() < 0.2
    published = torch.tensor([62.7, 81.0, 74.1], dtype=torch.float64)
    assert ((variances.mean(0) - published).abs() < 4 * error + 0.005 * published).all()


def test_long_means_of_lorenz63_obey_its_equations():
    # The mean of d(x²/2 − σz)/dt = σ(βz − x²) vanishes, so that the mean of x² is β times that of z.
    first, second = statistics(Lorenz63(), count=1000, samples=200, every=5)
    difference = second[:, 0] - 8 / 3 * first[:, 2]
    error = float(difference.std()) / math.sqrt(len(difference))
    assert error < 0.05
    assert float(difference.mean()) == pytest.approx(0, abs=4 * error + 0.02)


def test_lorenz96_has_the_published_mean_and_spread():
    first, second = statistics(Lorenz96(), count=300, samples=40, every=5)
    means = first.mean(1)
    mean = means.mean()
    variances = second.mean(1) - 2 * mean * means + mean**2
    mean_error, variance_error = (float(v.std()) / math.sqrt(len(v)) for v in (means, variances))
    spread = float(variances.mean().sqrt())
    spread_error = variance_error / (2 * spread)
    assert max(mean_error, spread_error) < 0.01
    assert float(mean) == pytest.approx(2.35, abs=4 * mean_error + 0.01)
    assert spread == pytest.approx(3.64, abs=4 * spread_error + 0.01)


@pytest.mark.reference
def test_lyapunov_exponents_of_lorenz96():
    """λ₁ is 1.64 to 1.70 by published estimates; 13 of 40 are positive, one is zero; their sum is the divergence."""
    model, E, steps = Lorenz96(), 32, 10
    x = model.draw_start(E, generator()) + torch.randn(E, 40, generator=generator(1), dtype=torch.float64)
    x = model.advance(x, model.transient)

    def forward(v: Tensor) -> tuple[Tensor, Tensor]:
        return torch.func.jvp(model.step, (x,), (v,))

    Q, growth, counted = torch.eye(40, dtype=torch.float64).expand(E, 40, 40), [], 140
    for k in range(300):
        # Tangents in the rows.
        V = Q.mT
        for _ in range(steps):
            x, V = torch.func.vmap(forward, in_dims=1, out_dims=(None, 1))(V)
        Q, R = torch.linalg.qr(V.mT)
        # The first 70 units of time turn the tangents into their directions.
        if k >= counted:
            growth.append(R.diagonal(dim1=-2, dim2=-1).abs().log() / (steps * model.dt))
    exponents = torch.stack(growth).mean(0)
    mean, error = exponents.mean(0), exponents.std(0) / math.sqrt(E)
    assert error.max() < 0.03
    assert 1.64 - 3 * error[0] < mean[0] < 1.70 + 3 * error[0]
    assert (mean[:13] > 3 * error[:13]).all()
    assert abs(mean[13]) < 0.02
    assert (mean[14:] < -3 * error[14:]).all()
    # The scheme itself damps by 0.0085 more than −40.
    assert float(mean.sum()) == pytest.approx(-40, abs=0.02)


def test_the_circle_is_closed_after_its_points():
    model = Circle(points=60)
    states = model.trajectory(model.start(), 60)
    theta = 2 * math.pi * torch.arange(61, dtype=torch.float64) / 60
    torch.testing.assert_close(states, torch.stack([theta.cos(), theta.sin()], 1), rtol=0, atol=1e-13)
    assert torch.equal(model.advance(model.start(), 60), model.start())


def test_a_turn_of_the_circle_keeps_lengths_and_adds_up():
    model, x = Circle(points=7), torch.randn(5, 2, generator=generator(), dtype=torch.float64)
    torch.testing.assert_close(model.advance(x, 3).norm(dim=1), x.norm(dim=1), rtol=1e-14, atol=0)
    torch.testing.assert_close(model.advance(model.advance(x, 3), 4), x, rtol=0, atol=1e-14)


def test_samples_of_the_circle_are_spread_over_all_of_it():
    model = Circle()
    x, samples = model.start(), []
    for _ in range(20):
        samples.append(x)
        x = model.advance(x, model.spacing)
    mean, covariance = torch.stack(samples).mean(0), torch.stack(samples).T.cov()
    assert mean.norm() < 0.1
    torch.testing.assert_close(covariance, 0.5 * torch.eye(2, dtype=x.dtype), rtol=0, atol=0.1)


def test_persistence_leaves_the_state_alone():
    model, x = Circle(persistence=True), torch.randn(5, 2, generator=generator(), dtype=torch.float64)
    assert torch.equal(model.step(x), x)
    assert torch.equal(model.trajectory(x, 3)[3], x)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Circle(points=0), "at least 1 step; came 0"),
        (lambda: Lorenz96(points=3), "at least 4 points; came 3"),
        (lambda: Lorenz63(dt=0.0), "dt must be a positive number; came 0"),
        (lambda: Lorenz96(dt=math.nan), "dt must be a positive number; came nan"),
    ],
)
def test_bad_values_are_named(make, says):
    with pytest.raises(InputError, match=says):
        make()
