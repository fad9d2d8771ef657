"""Learned B: the autoencoder beside principal components, and analyses with it beside 3D-Var in closed form."""

import pytest
import torch

from backends.learning.background.analysis import LatentCost, minimise, tangent_states
from backends.learning.background.nmc import (
    principal_components,
)
from backends.learning.background.samples import single_observation
from backends.learning.background.vae import VariationalAutoencoder
from backends.learning.seeded import seeded
from tests.backends.learned_b import F64, correlated, line_cases, normal

# The autoencoder and principal components ----------------------------------------------------------------------------


def autoencoder(errors, latent=3, linear=True):
    components = principal_components(errors, latent)
    return components, seeded(lambda: VariationalAutoencoder(components, 16, 1, linear), 1).double()


@pytest.mark.parametrize("linear", [True, False])
def test_the_bound_begins_at_the_likelihood_of_principal_components(linear):
    errors = correlated()
    components, network = autoencoder(errors, linear=linear)
    # The fit is quadratic in the noise: its mean over ±√k along each latent variable is the mean over N(0, I).
    points = 3**0.5 * torch.cat([torch.eye(3, dtype=F64), -torch.eye(3, dtype=F64)])
    with torch.no_grad():
        fit, kl = network.bound(errors, points[:, None].expand(-1, len(errors), -1))
        torch.testing.assert_close(fit.mean(0) - kl, components.log_density(errors), rtol=1e-6, atol=1e-5)
        torch.testing.assert_close(network.encode(errors)[0], components.expectation(errors), rtol=1e-5, atol=1e-6)


def test_a_linear_autoencoder_learns_the_principal_components_from_other_weights():
    errors = correlated(2000, 6)
    components, network = autoencoder(errors, 2)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(0.3 * normal(weight.numel(), seed=3).view_as(weight))
    points = 2**0.5 * torch.cat([torch.eye(2, dtype=F64), -torch.eye(2, dtype=F64)])[:, None]
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=400, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def evaluate():
        optimiser.zero_grad()
        fit, kl = network.bound(errors, points.expand(-1, len(errors), -1))
        loss = (kl - fit).mean()
        loss.backward()
        return loss

    optimiser.step(evaluate)
    with torch.no_grad():
        learned = network.decode(torch.eye(2, dtype=F64))
        learned = learned.mT @ learned + network.residual * torch.eye(6, dtype=F64)
    assert float((learned - components.covariance()).norm() / components.covariance().norm()) < 1e-3


def test_the_divergence_is_that_of_torch():
    mean, log_variance = normal(7, 3), normal(7, 3, seed=2)
    q = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros(3), torch.ones(3)))
    torch.testing.assert_close(VariationalAutoencoder.divergences(mean, log_variance), expected, check_dtype=False)


# The analysis in latent space ----------------------------------------------------------------------------------------


def curved(n=24, k=4):
    W, V = normal(n, k), 0.5 * normal(n, k, seed=2)
    return lambda z: z @ W.mT + torch.tanh(z @ V.mT) * (z @ W.roll(1, 0).mT)


def test_the_gradient_is_that_of_automatic_and_of_finite_differences():
    cost = LatentCost(line_cases(torch.eye(24, dtype=F64)), curved(), 0.1)
    z, direction = normal(40, 4, seed=7), normal(40, 4, seed=8)
    gradient, _ = cost.derivatives(z)
    point = z.clone().requires_grad_()
    torch.stack(cost.costs(point)).sum().backward()
    torch.testing.assert_close(gradient, point.grad)
    slope = (gradient * direction).sum(-1)
    value = torch.stack(cost.costs(z)).sum(0)
    remainders = [(torch.stack(cost.costs(z + h * direction)).sum(0) - value - h * slope).abs() for h in (1e-3, 1e-4)]
    # Of second order: a tenth of the step leaves a hundredth.
    torch.testing.assert_close(remainders[0] / remainders[1], torch.full((40,), 100.0, dtype=F64), rtol=0.1, atol=0)


def test_derivatives_of_a_decoder_are_its_jacobian():
    decode, z = curved(), normal(3, 4)
    state, tangents = tangent_states(decode, z)
    torch.testing.assert_close(state, decode(z))
    for k in range(3):
        torch.testing.assert_close(tangents[k], torch.autograd.functional.jacobian(decode, z[k]).mT)


@pytest.mark.parametrize("residual", [0.0, 0.25])
def test_with_a_linear_decoder_the_minimum_is_that_of_3d_var_in_closed_form(residual):
    W = normal(24, 4)
    B = W @ W.mT + residual * torch.eye(24, dtype=F64)
    cases = line_cases(W @ W.mT + 0.25 * torch.eye(24, dtype=F64))
    analysis = minimise(LatentCost(cases, lambda z: z @ W.mT, residual), torch.zeros(40, 4, dtype=F64))
    assert analysis.iterations.tolist() == [1] * 40
    for k in range(40):
        used = cases.used[k]
        H = torch.eye(24, dtype=F64)[cases.nodes[k, used, 0]]
        S = H @ B @ H.mT + 0.09 * torch.eye(int(used.sum()), dtype=F64)
        d = cases.values[k, used] - H @ cases.background[k]
        torch.testing.assert_close(analysis.increment[k], B @ H.mT @ torch.linalg.solve(S, d))
        # J at the minimum is ½ dᵀ S⁻¹ d, whatever part of B counts with R.
        torch.testing.assert_close(analysis.jb[k] + analysis.jo[k], 0.5 * d @ torch.linalg.solve(S, d))


def test_with_a_curved_decoder_j_falls_to_where_its_gradient_vanishes():
    cost = LatentCost(line_cases(torch.eye(24, dtype=F64)), curved())
    start = torch.zeros(40, 4, dtype=F64)
    analysis = minimise(cost, start, iterations=500, tolerance=1e-6)
    before, after = cost.derivatives(start)[0].norm(dim=-1), cost.derivatives(analysis.control)[0].norm(dim=-1)
    assert bool((after <= 1e-6 * before).all())
    assert bool((analysis.jb + analysis.jo < torch.stack(cost.costs(start)).sum(0)).all())
    assert int(analysis.iterations.min()) > 1


def test_one_observation_shows_a_column_of_b():
    W = normal(24, 4)
    case = single_observation(normal(24), 7, 1.5, 0.5, W)
    increment = minimise(LatentCost(case, lambda z: z @ W.mT), torch.zeros(1, 4, dtype=F64)).increment[0]
    B = W @ W.mT
    torch.testing.assert_close(increment, 1.5 * B[:, 7] / (B[7, 7] + 0.25))
