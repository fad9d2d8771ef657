"""The iterative smoother, and the factor that the finite-size filter chooses."""

import math

import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.enkf_n import LARGEST, coefficients, inflation
from backends.assimilation.methods.ensemble_space import Gram
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.etkf import ETKF
from backends.assimilation.methods.ienks import IEnKS
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal, vector
from tests.backends.ensembles import SIZES, Linear, close, ensemble, identity, kalman, moments, observing, started


def test_one_iteration_of_the_smoother_is_an_etkf_at_the_end_of_the_window():
    model, observed = Lorenz63(), observing(2, 4, 3)
    smoother, etkf = (started(m, 4, model) for m in (IEnKS(members=5, iterations=1), ETKF(members=5)))
    for method in (smoother, etkf):
        method.forecast(model, 25, 0.0)
    close(smoother.analyse(observed).members, etkf.analyse(observed).members)


@pytest.mark.parametrize("lag", [1, 3])
@pytest.mark.parametrize("iterations", [1, 10])
def test_on_a_linear_model_the_smoother_is_the_kalman_filter(lag, iterations):
    model, E, N = Linear(), 2, 16
    smoother = started(IEnKS(members=N, lag=lag, iterations=iterations), E, model)
    smoother.state = ensemble(E, N)
    mean, P = moments(smoother.state)
    for cycle in range(6):
        mean, P = mean @ model.M.T, model.M @ P @ model.M.T
        background = smoother.forecast(model, 1, float(cycle))
        close(background.mean, mean, 1e-9)
        observed = observing(4, E, seed=50 + cycle)
        mean, P = kalman(mean, P, observed)
        analysis = moments(smoother.analyse(observed).members)
        close(analysis[0], mean, 1e-9)
        close(analysis[1], P, 1e-9)
        if iterations > 1:
            assert (smoother.extras["iterations"] == 2).all()  # the second finds nothing left to do
        # The beginning of the window, run forward, is the same: a smoother's estimate.
        ahead = moments(model.advance(smoother.state, min(lag, cycle + 1)))
        close(ahead[0], mean, 1e-8)
        close(ahead[1], P, 1e-8)


def test_iterations_lower_the_cost_of_a_nonlinear_window():
    model, N = Lorenz63(), 10
    costs = []
    for iterations in (1, 10):
        smoother = started(IEnKS(members=N, iterations=iterations), 20, model)
        truth = model.advance(smoother.state.mean(1) + normal(20, 3, seed=3), 25)
        observed = Observed(truth, LinearOperator(identity(3)), ObservationError(vector(0.3, 0.3, 0.3)))
        mean, P = moments(smoother.state)
        smoother.forecast(model, 25, 0.0)
        smoother.analyse(observed)
        x = smoother.state.mean(1)
        misfit = (truth - model.advance(x, 25)) / 0.3
        increment = (x - mean)[..., None]
        costs.append(misfit.square().sum(-1) + (increment.mT @ torch.linalg.solve(P, increment))[:, 0, 0])
    assert (costs[1] < costs[0]).float().mean() > 0.9
    assert costs[1].median() < 0.5 * costs[0].median()


def test_experiments_that_converge_early_wait_unchanged():
    model = Lorenz63()
    background = model.advance(model.draw_start(40, torch.Generator().manual_seed(2)).reshape(4, 10, 3), 100)
    background = background.mean(1, keepdim=True) + vector(0.01, 0.1, 1.0, 3.0)[:, None, None] * normal(4, 10, 3)
    observed = observing(3, 4, 3)

    def run(some: slice) -> tuple[Tensor, Tensor, Tensor]:
        few = Observed(observed.values[some], observed.operator, observed.error)
        smoother = started(IEnKS(members=10), len(few.values), model)
        smoother.state = background[some]
        smoother.forecast(model, 25, 0.0)
        members = smoother.analyse(few).members
        assert members is not None
        return members, smoother.state, smoother.extras["iterations"]

    together = run(slice(0, 4))
    assert len(together[2].unique()) > 1
    for k in range(4):
        for one, several in zip(run(slice(k, k + 1)), together, strict=True):
            close(one[0], several[k], 1e-9)


def test_the_window_follows_the_lag_and_remembers_its_models():
    class Counting(Linear):
        def __post_init__(self) -> None:
            super().__post_init__()
            self.calls: list[tuple[int, float]] = []

        def advance(self, state: Tensor, steps: int, time: float = 0.0) -> Tensor:
            self.calls.append((steps, time))
            return super().advance(state, steps, time)

    model, other = Counting(), Counting()
    smoother = started(IEnKS(members=4, lag=2), 1, model)
    smoother.forecast(model, 1, 0.0)
    smoother.forecast(model, 2, 1.0)
    smoother.forecast(other, 3, 3.0)  # slides over the first cycle, then runs through the second and third
    assert model.calls == [(1, 0.0), (1, 0.0), (2, 1.0), (1, 0.0), (2, 1.0)]
    assert other.calls == [(3, 3.0)]
    smoother.lag = 1
    smoother.forecast(other, 1, 6.0)
    assert model.calls[5:] == [(2, 1.0)]
    assert other.calls[1:] == [(3, 3.0), (1, 6.0)]


@pytest.mark.parametrize("wrong", [{"lag": 0}, {"iterations": 0}, {"members": 1}])
def test_the_smoother_says_what_it_needs(wrong):
    with pytest.raises(InputError, match=r"at least|needs"):
        IEnKS(**wrong)


@pytest.mark.parametrize(("p", "N"), SIZES)
@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 30.0])
def test_the_factor_of_enkf_n_is_where_the_dual_is_lowest(p, N, scale):
    E = 6
    Y = scale * normal(E, N, p, seed=21)
    Y = Y - Y.mean(1, keepdim=True)
    d = normal(E, p, seed=22) * vector(0.1, 0.5, 1.0, 2.0, 5.0, 20.0)[:, None]
    gram = Gram.of(Y)
    l1 = inflation(gram, (gram.vectors.mT @ (Y @ d[..., None]))[..., 0])
    epsilon, c = hyperprior(Y)
    close(torch.stack(coefficients(gram))[..., 0], torch.stack([epsilon, c]))

    def cost(factor: Tensor) -> Tensor:  # (E, k), from the inverse of a p by p matrix
        S = factor[..., None, None] ** 2 * (Y.mT @ Y)[:, None] + (N - 1) * torch.eye(p, dtype=torch.float64)
        fit = (d[:, None] * torch.linalg.solve(S, d[:, None].expand(-1, factor.shape[1], -1)[..., None])[..., 0]).sum(-1)
        return fit + epsilon[:, None] / factor**2 + c[:, None] * (factor**2).log()

    grid = torch.logspace(-1, math.log10(LARGEST) / 2, 4001, dtype=torch.float64).expand(E, -1)
    lowest = cost(grid).amin(1)
    assert (cost(l1[:, None])[:, 0] <= lowest + 1e-12 * lowest.abs()).all()
    l1 = l1.clone().requires_grad_()
    assert torch.autograd.grad(cost(l1[:, None]).sum(), l1)[0].abs().max() < 1e-8


def hyperprior(Y: Tensor) -> tuple[Tensor, Tensor]:
    """Return ε_N and c_L, (E,), each experiment by itself as DAPPER writes it."""
    N = Y.shape[1]
    both = []
    for one in Y:
        s2 = torch.linalg.svdvals(one).square()
        padded = torch.cat([s2, s2.new_zeros(max(0, N - len(s2)))])[:N]
        epsilon, c = (N + 1) / N, N / (N - 1)
        correction = ((epsilon / c) ** ((N - 1) / (padded + N - 1)).mean()) ** 0.5
        both.append(torch.stack([epsilon / correction, c * correction]))
    return torch.stack(both).unbind(1)


def test_where_the_dual_has_two_minima_enkf_n_takes_the_lower_one():
    # One direction, seen with a spread far below σ_o: the large innovation is an accident, or the ensemble is far too narrow.
    N, s2, du = 11, 1e-3, vector(8.0, 14.0)[:, None]
    gram = Gram(torch.eye(N, dtype=torch.float64)[:, 1:2].expand(2, -1, -1), torch.full((2, 1), s2, dtype=torch.float64))
    theta = torch.linspace(-1, 15, 20_001, dtype=torch.float64)
    epsilon, c = coefficients(gram)
    costs = du.square() / (theta.exp() * s2 + N - 1) + epsilon * (-theta).exp() + c * theta
    falls = costs.diff(dim=-1) < 0
    assert ((~falls[:, :-1] & falls[:, 1:]).sum(-1) == 1).all()  # rises, then falls once more: two valleys
    found = 2 * inflation(gram, s2**0.5 * du).log()
    close(found, theta[costs.argmin(-1)], 1e-3)
    assert found[0] < 1
    assert found[1] > 10
