"""Many draws of one experiment: what theory says about their means, and the batch against single runs."""

import math

import pytest

from backends.errors import InputError
from backends.experiments.repeat import repeated, statistics
from backends.experiments.summary import scores
from tests.backends.experiments import LINE, PLANE, experiment, settings, summary

RIGHT = {
    "case": LINE,
    "background_error": {"correlation": "gaussian", "sigma": 1.0, "length": 0.08, "floor": 1e-6},
    "observations": {"count": 25, "placement": "random", "operator": "point", "sigma": 0.2, "seed": 5},
    "method": {"name": "3dvar", "solver": "closed-form"},
}
#: A plane whose length is short against its width, so that a few draws tell much.
RIGHT_PLANE = {
    "case": PLANE,
    "background_error": {"sigma": 1.5, "length": 6.0, "length_z": 2.0},
    "observations": {"count": 80, "sigma": 0.3},
}


@pytest.mark.parametrize(("sections", "sigma_b", "sigma_o"), [(RIGHT, 1.0, 0.2), (RIGHT_PLANE, 1.5, 0.3)])
def test_right_statistics_are_recognised(sections, sigma_b, sigma_o):
    result = summary(**sections, repeat=200)
    assert abs(result["chi2_per_obs"] - 1) < 3 * result["chi2_per_obs_se"]
    assert result["sigma_b_desroziers"] == pytest.approx(sigma_b, rel=0.05)
    assert result["sigma_o_desroziers"] == pytest.approx(sigma_o, rel=0.05)
    assert abs(result["rmse_background"] ** 2 / sigma_b**2 - 1) < 0.1
    assert result["rmse_analysis"] < 0.6 * result["rmse_background"]
    # χ² has mean p and variance 2p, so that its standard error over the draws is known too.
    p = result["observations_used"]
    assert result["chi2_per_obs_se"] == pytest.approx(math.sqrt(2 / p / 200), rel=0.2)


@pytest.mark.parametrize(("change", "sign"), [({"sigma": 0.7}, 1), ({"sigma": 1.5}, -1)])
def test_wrong_statistics_are_recognised(change, sign):
    sections = {
        **RIGHT,
        "case": {**LINE, "sigma": 1.0, "length": 0.08},
        "background_error": {**RIGHT["background_error"], **change},
    }
    result = summary(**sections, repeat=200)
    assert sign * (result["chi2_per_obs"] - 1) > 3 * result["chi2_per_obs_se"]


@pytest.mark.parametrize(
    ("sections", "draws", "true"), [(RIGHT, 60, (1.0, 0.08, 0.2)), (RIGHT_PLANE, 12, (1.5, 6.0, 0.3))], ids=["line", "plane"]
)
def test_the_likelihood_finds_the_true_settings(sections, draws, true):
    sigma_b, length, sigma_o = true
    # The truth keeps its settings while the search begins elsewhere.
    case = {**sections["case"], "sigma": sigma_b, "length": length}
    if "length_z" in sections["background_error"]:
        case["length_z"] = sections["background_error"]["length_z"]
    start = {**sections["background_error"], "sigma": 1.7 * sigma_b, "tune": "likelihood"}
    observing = {**sections["observations"], "sigma": 2 * sigma_o, "noise": sigma_o}
    result = summary(case=case, background_error=start, observations=observing, repeat=draws)
    assert result["sigma_b"] == pytest.approx(sigma_b, rel=0.1)
    assert result["sigma_o"] == pytest.approx(sigma_o, rel=0.1)
    assert result["length"] == pytest.approx(length, rel=0.15)


@pytest.mark.parametrize(
    "sections",
    [
        RIGHT,
        RIGHT_PLANE,
        {"case": {**PLANE, "background": "shifted"}, "observations": {"operator": "channel", "correlation_length": 2.0}},
        {
            "case": LINE,
            "observations": {"count": 30, "gross_probability": 0.2, "gross_size": 20.0},
            "method": {"background_check": 3.0},
        },
        {"case": {"name": "field", "path": "ncep-air-temperature", "variable": "air"}, "observations": {"count": 20}},
        {"case": LINE, "observations": {"count": 3, "sigma": 5.0}},
    ],
    ids=["line", "plane", "channels", "rejected", "field", "poor"],
)
def test_draws_at_once_are_the_draws_one_by_one(sections):
    asked = settings(**sections, repeat=5)
    case = experiment(**sections["case"])
    at_once = repeated(case, asked)
    rows = [scores(case.run(asked, draw)) for draw in range(5)]
    for name in rows[0]:
        values = [row[name] for row in rows]
        if any(map(math.isnan, values)) or "desroziers" in name:
            continue
        assert at_once[name] == pytest.approx(sum(values) / 5, rel=1e-9, abs=1e-12), name
    slow = repeated(case, asked.model_copy(update={"method": asked.method.model_copy(update={"solver": "pcg"})}))
    for name in ("chi2_per_obs", "sigma_b_desroziers", "sigma_o_desroziers", "sigma_b_desroziers_se", "rmse_analysis"):
        assert slow[name] == pytest.approx(at_once[name], rel=1e-4, nan_ok=True), name


def test_the_first_draw_is_the_single_run():
    case, asked = experiment(**LINE), settings(**RIGHT)
    single = scores(case.run(asked))
    two = repeated(case, asked.model_copy(update={"repeat": 2}))
    other = scores(case.run(asked, 1))
    assert two["j"] == pytest.approx((single["j"] + other["j"]) / 2)
    assert single["j"] != other["j"]


def test_a_huber_cost_has_no_chi2_and_no_desroziers_estimates():
    found = repeated(experiment(**LINE), settings(**{**RIGHT, "method": {"huber": 1.5}}, repeat=2))
    assert math.isfinite(found["j"])
    for name in ("chi2_per_obs", "sigma_b_desroziers", "sigma_o_desroziers", "neg_log_likelihood"):
        assert math.isnan(found[name]), name


def test_squares_are_averaged_before_the_root():
    rows = [{"j": 1.0, "sigma_b_desroziers": 3.0}, {"j": 2.0, "sigma_b_desroziers": -1.0}]
    result = statistics(rows)
    assert (result["j"], result["j_se"]) == pytest.approx((1.5, math.sqrt(0.5 / 2)))
    # Mean of the squares (9 − 1) / 2 = 4; its standard error √50 / √2 = 5, through the root 5 / (2 · 2).
    assert (result["sigma_b_desroziers"], result["sigma_b_desroziers_se"]) == pytest.approx((2.0, 1.25))
    assert math.isnan(statistics([{"sigma_o_desroziers": -1.0}, {"sigma_o_desroziers": 0.5}])["sigma_o_desroziers"])


def test_what_is_not_random_is_not_repeated(real_data):
    case = {"name": "course-1d"}
    with pytest.raises(InputError, match="has one set of observations"):
        summary(real_data, case=case, repeat=3)
    own = summary(real_data, case=case, observations={"placement": "random", "count": 20}, repeat=3)
    assert own["j_se"] > 0
    assert own["rmse_background_se"] == pytest.approx(0, abs=1e-12)
    with pytest.raises(InputError, match="need repeat"):
        repeated(experiment(**LINE), settings(case=LINE))


def test_without_observations_nothing_is_learned():
    result = summary(case=LINE, observations={"count": 0}, repeat=3)
    assert result["chi2_per_obs"] is None
    assert result["rmse_analysis"] == result["rmse_background"]
    assert result["j"] == 0
