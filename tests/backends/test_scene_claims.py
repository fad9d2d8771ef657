"""What the texts of the scenes say of numbers is what the program computes; races are run for fewer cycles."""

from math import inf

import pytest

from backends.experiments.cycling.run import run
from backends.experiments.run import run_settings, settings_from
from backends.experiments.scenes import load_scene
from backends.fields.catalogue import Catalogue
from scripts.driver import ROOT

SCENES = ROOT / "assets" / "scenes"


def settings(name, change=None, **also):
    scene = load_scene(SCENES / f"{name}.yaml")
    changes = scene.try_next[change].set if change is not None else {}
    tree = {"kind": scene.page, **{key: value for key, value in scene.settings.items() if key not in ("tab", "run")}, **also}
    for key, value in changes.items():
        *levels, last = key.split(".")
        section = tree
        for level in levels:
            section[level] = dict(section.get(level, {}))
            section = section[level]
        section[last] = value
    return settings_from(tree)


@pytest.fixture
def analysis(tmp_path):
    """Run a scene of the Analysis page, perhaps after one of its buttons."""
    return lambda name, change=None: run_settings(settings(name, change), Catalogue(tmp_path))


def race(name, cycles, spinup):
    run_of = run(settings(name, cycles=cycles, spinup=spinup))
    return [contestant.record.of("rmse_analysis", spinup).mean().item() for contestant in run_of.cycling.contestants]


def test_a_single_observation_moves_the_analysis_by_its_part_of_the_variance(analysis):
    b, o = 1.0, 0.25
    of_four_fifths = analysis("single-observation")
    # J of one innovation d is d² / 2 (σ_b² + σ_o²), and DFS the part of the way.
    assert of_four_fifths["dfs"] == pytest.approx(b / (b + o), rel=1e-4)
    assert of_four_fifths["j"] == pytest.approx(0.5 / (b + o), rel=1e-4)
    assert analysis("single-observation", 0)["dfs"] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "right", "others"),
    [("sigma-ratio", 0.17, {0: 0.36, 1: 0.91}), ("correlation-length", 0.15, {0: 0.65, 1: 0.45})],
)
def test_the_true_statistics_have_the_least_error(analysis, name, right, others):
    assert analysis(name)["rmse_analysis"] == pytest.approx(right, abs=0.006)
    for change, rmse in others.items():
        assert analysis(name, change)["rmse_analysis"] == pytest.approx(rmse, abs=0.006)
    assert analysis(name)["chi2_per_obs"] == pytest.approx(1, abs=0.07)


def test_a_ratio_that_is_wrong_is_seen_without_the_truth(analysis):
    assert analysis("sigma-ratio", 0)["chi2_per_obs"] < 0.5
    assert analysis("sigma-ratio", 1)["chi2_per_obs"] > 10


def test_more_observations_and_scattered_ones_know_more(analysis):
    few = analysis("too-few-observations")
    assert few["rmse_background"] == pytest.approx(1.0, abs=0.05)
    assert few["rmse_analysis"] == pytest.approx(0.7, abs=0.05)
    assert few["rmse_background"] / 2 < analysis("too-few-observations", 0)["rmse_analysis"] < few["rmse_analysis"]
    assert analysis("too-few-observations", 1)["rmse_analysis"] < few["rmse_background"] / 2
    columns = analysis("columns")
    assert columns["observations_used"] == 7 * 20
    assert (columns["rmse_background"], columns["rmse_analysis"]) == pytest.approx((0.98, 0.57), abs=0.006)
    assert analysis("columns", 0)["rmse_analysis"] < 0.6 * columns["rmse_analysis"]


def test_a_high_floor_follows_the_observations_more_closely(analysis):
    low, high = analysis("spectrum-floor"), analysis("spectrum-floor", 0)
    assert high["jo"] < low["jo"] / 5
    assert high["dfs"] > 2 * low["dfs"]


def test_the_race_on_lorenz_63():
    variational, ensemble, particles = race("lorenz63-race", 300, 50)
    assert particles < 0.45 < ensemble < variational < 1.3


def test_of_the_modes_of_origen_only_a_shrinking_covariance_goes_on():
    *stalled, updated = race("origen-modes", 1260, 1200)
    assert all(0.05 < rmse < 0.12 for rmse in stalled)
    assert updated < 0.03


def test_origen_on_lorenz_63():
    fixed, updated, ensemble = race("origen", 500, 100)
    assert ensemble < 0.4 < updated < fixed < 1


@pytest.mark.parametrize(
    ("name", "bounds"),
    [("localisation", ((0, 0.3), (3, inf), (0, 0.3))), ("inflation", ((2, inf), (0, 0.3), (0.3, 0.45)))],
)
def test_filters_that_are_lost_and_others_that_are_not(name, bounds):
    for rmse, (least, most) in zip(race(name, 400, 300), bounds, strict=True):
        assert least < rmse < most
