"""Seeds, noise, solvers, quality control and every source of B, through files."""

import math

import pytest
import scipy.special
import torch

from backends.background_error.correlation import Correlation
from tests.backends.experiments import LINE, NOWHERE, PLANE, experiment, outcome, settings, summary
from tests.files import dataset, write

SOLVERS = ("closed-form", "state-space", "pcg", "lbfgs", "gauss-newton")


def drawn(case: dict[str, object], **sections: object):
    """Return background and observed values of the first draw."""
    background, observations, gross = experiment(**case).draw(settings(case=case, **sections))
    return background, observations, gross


def test_the_same_seeds_give_the_same_numbers():
    first, again = (summary(case=LINE, observations={"count": 20}) for _ in range(2))
    assert {**first, "seconds": 0} == {**again, "seconds": 0}


@pytest.mark.parametrize("case", [LINE, PLANE], ids=["line", "plane"])
def test_each_seed_changes_what_it_is_for(case):
    background, observations, _ = drawn(case)
    of_case, _, _ = drawn({**case, "seed": 4})
    same, of_observations, _ = drawn(case, observations={"seed": 1})
    assert not torch.equal(background, of_case)
    assert torch.equal(background, same)
    assert not torch.isclose(observations.values, of_observations.values).any()
    assert not torch.isclose(observations.places, of_observations.places).any()


@pytest.mark.parametrize("method", [{}, {"background_check": 1.0}, {"huber": 0.5}, {"solver": "pcg"}], ids=repr)
def test_what_is_kept_of_the_last_settings_changes_no_number(method):
    kept = experiment(**LINE)
    for sections in ({"background_error": {"sigma": 0.7}}, {"observations": {"sigma": 0.3}}, {"observations": {"seed": 2}}):
        wanted = settings(case=LINE, method=method, **sections)
        again, fresh = kept.run(wanted), experiment(**LINE).run(wanted)
        assert torch.equal(again.analysis.mean, fresh.analysis.mean)
        assert torch.equal(again.observations.values, fresh.observations.values)
        R = fresh.problem.observation_error.weighted(fresh.weight).matrix().double()
        HBHt, both = fresh.problem.background_error.observed(fresh.problem.operator), torch.outer(fresh.used, fresh.used)
        total = torch.where(both, HBHt + R, torch.eye(len(R), dtype=R.dtype))
        torch.testing.assert_close(again.covariance.factor @ again.covariance.factor.T, total, rtol=1e-12, atol=1e-12)
        assert again.diagnostics.condition_s == fresh.diagnostics.condition_s
        assert again.diagnostics.omb == fresh.diagnostics.omb


@pytest.mark.parametrize("case", [LINE, PLANE], ids=["line", "plane"])
@pytest.mark.parametrize("gross", [0.0, 0.3])
def test_more_observations_change_none_of_the_earlier_ones(case, gross):
    few, many = (
        drawn(case, observations={"count": count, "gross_probability": gross}) for count in (20, 90)
    )  # fmt: skip
    torch.testing.assert_close(many[1].places[:20], few[1].places, rtol=0, atol=0)
    torch.testing.assert_close(many[1].values[:20], few[1].values, rtol=0, atol=1e-12)
    assert torch.equal(many[2][:20], few[2])


@pytest.mark.parametrize("more", [{}, {"correlation_length": 0.1}, {"gross_probability": 0.5}])
def test_another_sigma_scales_the_same_errors(more):
    experimenting = experiment(**LINE)
    exact, one, three = (
        experimenting.draw(settings(case=LINE, observations={"noise": noise, **more}))[1].values for noise in (0.0, 1.0, 3.0)
    )
    torch.testing.assert_close(three - exact, 3 * (one - exact))
    assumed = experimenting.draw(settings(case=LINE, observations={"sigma": 3.0, **more}))[1].values
    torch.testing.assert_close(assumed, three)  # without `noise` it is as assumed


def test_another_sigma_b_scales_the_background_s_error():
    case = experiment(**LINE)
    one, two = (case.draw(settings(case=LINE, background_error={"sigma": s}))[0] - case.case.truth for s in (1.0, 2.0))
    torch.testing.assert_close(two, 2 * one)
    own = experiment(**LINE, sigma=1.0)  # a true σ_b of its own does not follow what is assumed
    fixed = own.draw(settings(case={**LINE, "sigma": 1.0}, background_error={"sigma": 2.0}))[0] - own.case.truth
    torch.testing.assert_close(fixed, one)


@pytest.mark.parametrize(
    "sections",
    [
        {"case": LINE, "observations": {"count": 30}},
        {"case": PLANE, "observations": {"count": 30, "operator": "area", "correlation_length": 3.0}},
        {
            "case": {"name": "field", "path": "ncep-air-temperature", "variable": "air"},
            "observations": {"count": 30},
            "background_error": {"correlation": "soar"},
        },
        {"case": LINE, "observations": {"count": 12, "gross_probability": 0.2}, "method": {"huber": 1.5}},
    ],
    ids=["line", "plane", "field", "huber"],
)
def test_all_solvers_give_the_same_analysis(sections):
    found = {}
    for solver in SOLVERS:
        method = {**sections.get("method", {}), "solver": solver, "iterations": 300, "tolerance": 1e-7}
        found[solver] = outcome(**{**sections, "method": method})
    best = found["closed-form"]
    for solver, other in found.items():
        torch.testing.assert_close(other.analysis.mean, best.analysis.mean, rtol=0, atol=2e-4 * best.sigma_b, msg=solver)
        assert float(other.analysis.j) == pytest.approx(float(best.analysis.j), rel=1e-5), solver


@pytest.mark.parametrize("operator", ["square", "logarithm", "saturating"])
def test_nonlinear_operators_run_with_the_solvers_for_them(operator):
    sections = {"case": {**LINE, "background": "shifted"}, "observations": {"count": 40, "operator": operator, "sigma": 0.3}}
    newton, quasi = (outcome(**sections, method={"solver": solver}) for solver in ("gauss-newton", "lbfgs"))
    assert newton.rmse_analysis < newton.rmse_background
    assert float(newton.analysis.j) == pytest.approx(float(quasi.analysis.j), rel=1e-3)
    assert newton.minimum is None


def test_gross_errors_are_rejected_or_lose_their_weight():
    observing = {"count": 60, "sigma": 0.2, "gross_probability": 0.15, "gross_size": 40.0, "seed": 2}
    plain, checked, robust = (
        outcome(case=LINE, observations=observing, method=method) for method in ({}, {"background_check": 3.0}, {"huber": 1.5})
    )
    assert plain.gross.any()
    rejected = ~checked.used
    assert rejected.any()
    assert not (rejected & ~checked.gross).any()
    assert summary(case=LINE, observations=observing, method={"background_check": 3.0})["observations_used"] == 60 - int(
        rejected.sum()
    )
    assert checked.rmse_analysis < 0.5 * plain.rmse_analysis
    assert robust.rmse_analysis < 0.5 * plain.rmse_analysis
    assert math.isfinite(plain.chi2_per_obs)
    assert math.isnan(robust.chi2_per_obs)
    r = robust.analysis.innovation.numpy() / 0.2
    assert robust.diagnostics.j_background == pytest.approx(scipy.special.huber(1.5, r).sum(), rel=1e-5)
    assert float(robust.weight[robust.gross].mean()) < 0.5 * float(robust.weight[~robust.gross].mean())


@pytest.mark.parametrize(
    ("case", "place"), [(LINE, [0.37]), (PLANE, [48.0, 7.0])], ids=["line", "plane"]
)  # fmt: skip
def test_a_single_observation_shows_a_column_of_b(case, place):
    point = experiment(**case).case.domain.coordinates()
    nearest = int((point - torch.tensor(place, dtype=point.dtype)).square().sum(1).argmin())
    observing = {"placement": "clicked", "places": [point[nearest].tolist()], "innovation": 2.0, "sigma": 0.5}
    result = outcome(case={**case, "background": "shifted"}, observations=observing)
    B = result.problem.background_error
    column = B.dense()[:, nearest]
    torch.testing.assert_close(result.analysis.increment, column * 2.0 / (column[nearest] + 0.25), rtol=1e-8, atol=1e-10)


def test_correlated_errors_have_the_correlation_that_is_asked_for():
    observing = {"count": 12, "correlation_length": 0.2, "sigma": 0.7}
    result = outcome(case=LINE, observations=observing)
    places = result.observations.places
    distance = experiment(**LINE).case.domain.distance(places, places)
    torch.testing.assert_close(result.problem.observation_error.matrix(), 0.49 * Correlation("exponential", 0.2)(distance))
    right = summary(case=LINE, observations=observing, repeat=300)
    assert abs(right["chi2_per_obs"] - 1) < 3 * right["chi2_per_obs_se"]


def test_b_from_differences_of_a_file(tmp_path):
    data = dataset(torch.arange(40.0, 51.0, 2.0).numpy(), torch.arange(0.0, 21.0, 2.0).numpy())
    noise = torch.randn(data["t"].shape, generator=torch.Generator().manual_seed(1)).numpy()
    data["t"] = data["t"] + noise * torch.linspace(0.5, 2.0, data.sizes["lat"]).numpy()[:, None]
    write(tmp_path / "a.nc", data)
    case = {"name": "field", "path": "a.nc", "variable": "t", "time": 3, "lag": 1}
    result = outcome(tmp_path, case=case, background_error={"source": "nmc"}, observations={"count": 10})
    estimate = experiment(tmp_path, **case).errors.estimate(1)
    sigma = result.problem.background_error.variance().sqrt()
    torch.testing.assert_close(sigma, estimate.sigma, rtol=1e-5, atol=1e-8)
    assert result.sigma_b == pytest.approx(float(estimate.sigma.square().mean().sqrt()))
    turned = outcome(tmp_path, case=case, background_error={"source": "nmc", "sigma": 3.0}, observations={"count": 10})
    torch.testing.assert_close(turned.problem.background_error.variance().sqrt(), sigma * 3.0 / result.sigma_b)


@pytest.mark.parametrize("background", ["mean", 3])
def test_b_from_members_does_not_know_the_truth(real_data, background):
    case = {"name": "ensemble", "level": 500, "member": 2, "background": background}
    settings_of = {"observations": {"count": 50, "sigma": 0.1}}
    ensemble = outcome(real_data, case=case, background_error={"source": "ensemble"}, **settings_of)
    members = ensemble.case.members
    assert len(members) == 9
    assert not any(torch.equal(member, ensemble.case.truth) for member in members)
    expected = members.mean(0) if background == "mean" else members[2]
    assert torch.equal(ensemble.problem.background, expected)
    torch.testing.assert_close(ensemble.problem.background_error.variance(), members.var(0), rtol=1e-5, atol=1e-6)
    parts = {"static_weight": 0.3, "ensemble_weight": 0.7, "length": 300.0}
    static = outcome(real_data, case=case, background_error={"length": 300.0, "sigma": ensemble.sigma_b}, **settings_of)
    hybrid = outcome(real_data, case=case, background_error={"source": "hybrid", **parts}, **settings_of)
    mixed = 0.3 * static.problem.background_error.variance() + 0.7 * ensemble.problem.background_error.variance()
    torch.testing.assert_close(hybrid.problem.background_error.variance(), mixed)


def test_turning_a_setting_keeps_what_does_not_depend_on_it():
    case = experiment(NOWHERE, **LINE)
    first = case.run(settings(case=LINE))
    second = case.run(settings(case=LINE, observations={"sigma": 0.5, "noise": 0.2}))
    third = case.run(settings(case=LINE))
    assert torch.equal(first.problem.background, second.problem.background)
    assert torch.equal(first.observations.values, second.observations.values)
    assert torch.equal(first.analysis.mean, third.analysis.mean)
    assert not torch.equal(first.analysis.mean, second.analysis.mean)
