"""Learned B: closed forms of its linear case, gradients, exact analyses of known errors, and that it learns."""

import math
from dataclasses import replace

import pytest
import torch

from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.errors import InputError
from backends.experiments.training import background as settings
from backends.experiments.training.background import DisplacementSettings, GaussianSettings, LearnedBERA5, LearnedBLine
from backends.geometry.line import PeriodicLine
from backends.learning.background import task as task_module
from backends.learning.background.analysis import LatentCost, minimise, tangent_states
from backends.learning.background.line import DisplacementErrors
from backends.learning.background.nmc import (
    gaussian_log_density,
    neighbour_length,
    principal_components,
    sample_covariance,
)
from backends.learning.background.samples import FactorErrors, factor_of, sample_factor, single_observation
from backends.learning.background.vae import VariationalAutoencoder
from backends.learning.gallery import from_json, to_json
from backends.learning.seeded import seeded
from backends.learning.state import unpack
from backends.learning.trainer import Schedule, Trainer, load_weights, weights_of
from backends.learning.variational.fixed import dense_errors
from backends.learning.variational.plane import ArchiveDraws

F64 = torch.float64


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def correlated(samples=400, n=10):
    """Errors with a few directions of large variance."""
    errors = normal(samples, n) @ (normal(n, n, seed=2) * torch.linspace(2, 0.1, n, dtype=F64)[:, None])
    return errors - errors.mean(0)


def line_cases(B, count=40, sigma=0.3, seed=5):
    n = len(B)
    errors = normal(200, n, seed=seed) @ torch.linalg.cholesky(B).mT
    states = normal(200, n, seed=seed + 1)
    exact = dense_errors(B, 1e-12)
    drawn = ArchiveDraws(states + errors, states, exact, (3, 8), sigma).draw(count, torch.Generator().manual_seed(seed))
    # Draws are in single precision.
    return replace(drawn.to(B), errors=exact, sigma=B.new_full((count,), sigma))


def small(**options):
    usual = {
        "points": 24,
        "samples": 300,
        "batch": 32,
        "observations": {"count": (3, 10)},
        "network": {"name": "vae", "latent": 4, "width": 16},
    }
    return LearnedBLine(**usual | options)


@pytest.fixture
def few(monkeypatch):
    """Fewer cases and decoded errors than a person wants."""
    monkeypatch.setattr(task_module, "VALIDATION", (1, 20))
    monkeypatch.setattr(task_module, "TEST", (2, 30))
    monkeypatch.setattr(task_module, "DECODED", 2000)
    monkeypatch.setattr(settings, "UNSEEN", 200)


# Linear statistics ---------------------------------------------------------------------------------------------------


def test_the_log_density_of_principal_components_is_that_of_their_covariance():
    errors = correlated()
    components = principal_components(errors, 3)
    expected = torch.distributions.MultivariateNormal(torch.zeros(10, dtype=F64), components.covariance()).log_prob(errors)
    torch.testing.assert_close(components.log_density(errors), expected)
    torch.testing.assert_close(gaussian_log_density(errors, components.covariance()), expected)


def test_principal_components_keep_the_variance_and_no_neighbour_is_more_likely():
    errors = correlated()
    components = principal_components(errors, 3)
    assert float(components.covariance().trace()) == pytest.approx(float(sample_covariance(errors).trace()))
    best = components.log_density(errors).mean()
    for k in range(20):
        factor = components.factor + 0.02 * normal(10, 3, seed=k)
        other = factor @ factor.mT + components.residual * (1 + 0.05 * math.sin(k)) * torch.eye(10, dtype=F64)
        assert gaussian_log_density(errors, other).mean() < best


def test_the_mean_of_latent_variables_is_that_of_the_joint_gaussian():
    errors = correlated()
    components = principal_components(errors, 3)
    gain = components.factor.mT @ torch.linalg.inv(components.covariance())
    torch.testing.assert_close(components.expectation(errors), errors @ gain.mT)


def test_too_many_directions_are_refused():
    with pytest.raises(InputError, match="fewer than the 400 samples and the 10 points; came 10"):
        principal_components(correlated(), 10)
    with pytest.raises(InputError, match="explain the errors to rounding"):
        principal_components(normal(50, 2) @ normal(2, 10, seed=2), 2)


def test_a_factor_gives_the_covariance_of_the_samples_and_the_analyses_of_its_matrix():
    errors = correlated(n=24)
    covariance = sample_covariance(errors)
    factor = sample_factor(errors)
    torch.testing.assert_close(factor @ factor.mT, covariance)
    cases = line_cases(covariance)
    exact = cases.errors.sqrt(cases.minimum())
    for F in (factor, factor_of(covariance)):
        with_factor = replace(cases, errors=FactorErrors(F))
        torch.testing.assert_close(F @ F.mT, covariance)
        torch.testing.assert_close(with_factor.errors.sqrt(with_factor.minimum()), exact)
    with pytest.raises(InputError, match="control space, of 24 elements"):
        FactorErrors(factor).inverse(errors)


@pytest.mark.parametrize("length", [0.03, 0.08])
def test_the_length_of_a_gaussian_covariance_is_found(length):
    B = CirculantBackgroundError(PeriodicLine(100, dtype=F64), Correlation("gaussian", length), 2.0, 1e-12)
    here = torch.arange(100)
    pairs, spacing = torch.stack([here, (here + 1) % 100], 1), torch.full((100,), 0.01)
    assert neighbour_length(B.dense(), pairs, spacing) == pytest.approx(length, rel=1e-3)


# Errors of displaced bumps -------------------------------------------------------------------------------------------


def test_displaced_bumps_have_the_covariance_that_is_said():
    source = DisplacementErrors(40, shift=0.1)
    drawn = source.draw(100_000, torch.Generator().manual_seed(1))
    covariance = source.covariance()
    assert float((sample_covariance(drawn.truth - drawn.background) - covariance).norm() / covariance.norm()) < 0.03
    assert float(torch.linalg.eigvalsh(covariance).min()) > 0


def test_the_exact_analysis_of_displaced_bumps_is_the_mean_of_weighted_draws():
    source = DisplacementErrors(40)
    drawn = source.draw(100_000, torch.Generator().manual_seed(2))
    errors = drawn.truth - drawn.background
    mask = torch.zeros(2, 40, dtype=F64)
    mask[:, ::5] = 1
    innovation = (errors[:2] + 0.5 * normal(2, 40)) * mask
    distance = ((innovation[:, None] - errors) * mask[:, None]).square().sum(-1)
    weights = torch.softmax(-0.5 * distance / 0.5**2, -1)
    assert float(1 / weights.square().sum(-1).min().sqrt()) > 20  # many draws count
    expected = weights @ errors
    torch.testing.assert_close(source.posterior_mean(innovation, mask, 0.5), expected, rtol=0, atol=0.05)
    assert float(expected.abs().max()) > 0.3


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


# The tasks -----------------------------------------------------------------------------------------------------------


def test_an_untrained_network_is_the_pca(few):
    scores = small(residual=False).make(None).validate()
    for name in ("rmse", "consistency", "residual", "length", "covariance_error"):
        # The implied covariance is that of 2,000 decoded errors.
        loose = name in ("length", "covariance_error")
        assert scores[f"{name}_network"] == pytest.approx(scores[f"{name}_pca"], rel=0.15 if loose else 1e-4), name
    assert scores["elbo_network"] == pytest.approx(scores["elbo_pca"], abs=0.05)
    # The mean of z is drawn to zero, so that it reconstructs a little less than the projection does.
    assert 0.9 * scores["explained_pca"] < scores["explained_network"] < scores["explained_pca"]
    assert scores["analysis_iterations_network"] == 1
    assert scores["active_variables"] == 4


def test_no_statistics_are_better_than_the_true_b_of_gaussian_errors(few, monkeypatch):
    monkeypatch.setattr(task_module, "TEST", (2, 400))
    scores = small(errors=GaussianSettings(length=0.1), samples=60).make(None).scores()
    assert scores["rmse_exact"] < min(scores["rmse_nmc"], scores["rmse_pca"], scores["rmse_background"])
    assert scores["elbo_exact"] > scores["elbo_pca"]
    assert scores["consistency_exact"] == pytest.approx(1, abs=0.15)
    assert scores["length_exact"] == pytest.approx(0.1, rel=0.05)
    assert "rmse_bayes" not in scores


def test_of_displaced_bumps_it_learns_more_than_any_linear_statistics(few, monkeypatch):
    monkeypatch.setattr(task_module, "TEST", (2, 200))
    task = small(points=40, samples=3000, batch=64, network={"name": "vae", "latent": 6, "width": 64}).make(None)
    before = task.scores()
    trainer = Trainer(task, Schedule(2e-3, 600), 1)
    for _ in range(600):
        trainer.step()
    after = task.scores()
    assert after["elbo_network"] > before["elbo_pca"] + 0.3
    assert after["explained_network"] > before["explained_pca"]
    assert after["rmse_bayes"] < after["rmse_network"] < 0.95 * after["rmse_pca"]
    assert {name: after[name] for name in after if not name.endswith("network")} == {
        name: before[name] for name in before if not name.endswith("network")
    }


def test_pictures_come_back_and_a_network_from_its_file(few):
    task = small().make(None)
    panels = task.gallery()
    assert from_json(to_json(panels)) == panels
    assert [panel.title for panel in panels][2:] == [
        "errors, unseen", "errors, decoded", "response to one observation", "standard deviation of errors"
    ]  # fmt: skip
    Trainer(task, Schedule(1e-3, 1), 1).step()
    other = small(seed=2).make(None)
    load_weights(other, *unpack(weights_of(task)))
    assert other.validate() == task.validate()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"observations": {"count": (3, 40)}}, "at most one for each of the 24 points; came 40"),
        ({"network": {"name": "linear", "latent": 24}}, "fewer than the 300 samples and the 24 points; came 24"),
    ],
)
def test_what_does_not_fit_is_said(options, sentence):
    with pytest.raises(InputError, match=sentence):
        small(**options).make(None)


def test_displacement_and_gaussian_errors_are_both_offered():
    assert isinstance(LearnedBLine().errors, DisplacementSettings)
    assert LearnedBLine(errors={"name": "gaussian"}).errors == GaussianSettings()


def test_era5_learns_from_three_weeks_and_is_tested_with_the_last_one(real_data, few):
    if not (real_data / "era5-2mt-2019-03-uk.grib").is_file():
        pytest.skip("no era5-2mt-2019-03-uk.grib in the data folder")
    task = LearnedBERA5(network={"name": "linear", "latent": 5}).make(real_data)
    samples = task.samples
    assert samples.trained.shape == (480, 33 * 49)
    assert samples.truths.shape == samples.backgrounds.shape == (168, 33 * 49)
    torch.testing.assert_close(samples.truths[:-24], samples.backgrounds[24:])
    assert float(samples.trained.mean(0).abs().max()) < 1e-9
    # ERA5's σ of a day: about 2 K, and a Gaussian of some 100 km.
    assert 1 < float(samples.trained.square().mean().sqrt()) < 4
    assert 30 < neighbour_length(sample_covariance(samples.trained), *_neighbours(samples)) < 400
    modelled = samples.references["modelled"]
    torch.testing.assert_close(modelled.square().sum(1), samples.trained.square().sum(0) / 479, rtol=1e-6, atol=1e-6)


def _neighbours(samples):
    return samples.neighbours.pairs, samples.neighbours.spacing
