"""Stations through files: what is withheld is unknown to the analysis, and what remains reduces its error."""

from dataclasses import replace

import pytest
import torch

from backends.experiments import station_case
from tests.backends.experiments import experiment, outcome, settings, summary

TUNED = {"correlation": "exponential", "tune": "likelihood"}
#: Least mean reduction of the error at withheld stations by 3D-Var with tuned settings.
REDUCTION = {"air_temperature": 0.08, "dew_point_temperature": 0.20, "air_pressure_at_mean_sea_level": 0.25}


@pytest.mark.parametrize(("seed", "tuned"), [(0, TUNED), (7, {})], ids=["tuned", "default"])
def test_withheld_stations_are_not_used(real_data, monkeypatch, seed, tuned):
    case = {"name": "stations", "seed": seed}
    first = outcome(real_data, case=case, background_error=tuned)
    withheld = first.case.weights > 0
    read = station_case.station_table

    def spoilt(*arguments):
        table = read(*arguments)
        return replace(table, values=table.values + 100 * withheld.cpu().numpy())

    monkeypatch.setattr(station_case, "station_table", spoilt)
    second = outcome(real_data, case=case, background_error=tuned)
    assert torch.equal(first.problem.background, second.problem.background)
    assert torch.equal(first.analysis.mean, second.analysis.mean)
    assert (first.sigma_b, first.length, first.sigma_o) == (second.sigma_b, second.length, second.sigma_o)
    assert second.rmse_analysis > 50


def test_the_split_is_the_seed_s(real_data):
    splits = [experiment(real_data, name="stations", seed=seed).case.weights > 0 for seed in (0, 0, 1)]
    assert torch.equal(splits[0], splits[1])
    assert not torch.equal(splits[0], splits[2])
    half = experiment(real_data, name="stations", withhold=0.5).case
    assert int((half.weights > 0).sum()) == round(0.5 * half.domain.size)
    assert len(half.observations) == half.domain.size - int((half.weights > 0).sum())
    assert float(half.weights.sum()) == pytest.approx(1)


def test_draws_are_splits_whose_seeds_count_on(real_data):
    sections = {"case": {"name": "stations", "seed": 4}, "background_error": {"length": 60.0, "sigma": 1.3}}
    many = summary(real_data, **sections, repeat=3)
    single = [summary(real_data, **{**sections, "case": {"name": "stations", "seed": 4 + k}}) for k in range(3)]
    for name in ("rmse_withheld_analysis", "chi2_per_obs", "reduction", "dfs"):
        assert many[name] == pytest.approx(sum(row[name] for row in single) / 3)
    assert many["rmse_withheld_background_se"] > 0


def test_one_split_is_judged_at_the_withheld_stations(real_data):
    result = outcome(real_data, case={"name": "stations"}, background_error=TUNED)
    withheld = result.case.weights > 0
    error = (result.analysis.mean - result.case.truth)[withheld]
    assert result.rmse_analysis == pytest.approx(float(error.square().mean().sqrt()))
    assert 1 - result.rmse_analysis / result.rmse_background > REDUCTION["air_temperature"]
    assert result.chi2_per_obs == pytest.approx(1, abs=1e-3)  # at the optimum in σ_b and σ_o together
    assert result.optimum.neg_log_likelihood < result.optimum.at_start


def test_heights_apart_correlate_less(real_data):
    flat, tall = (
        outcome(real_data, case={"name": "stations"}, background_error={"length": 80.0, "height_scale": scale})
        for scale in (0.0, 200.0)
    )
    height = flat.case.domain.height
    low, high = int(height.argmin()), int(height.argmax())
    pair = torch.tensor([low]), torch.tensor([high])
    dz = float(height[high] - height[low])
    ratio = tall.problem.background_error.between(*pair) / flat.problem.background_error.between(*pair)
    assert float(ratio) == pytest.approx(float(torch.exp(torch.tensor(-(dz**2) / (2 * 200.0**2)).double())), abs=1e-9)


def test_radiosondes_against_the_climate(real_data):
    case = {
        "name": "stations", "path": "temp-radiosondes.bufr", "variable": "geopotential", "level": 500.0,
        "background": "eraint_uvz.nc",
    }  # fmt: skip
    result = summary(real_data, case=case, background_error={"length": 1000.0, "correlation": "soar"})
    assert result["reduction"] > 0.5
    assert result["observations_used"] > 300


def test_only_sigma_can_be_set(real_data):
    assert settings(case={"name": "stations"}, observations={"sigma": 0.5}).observations.sigma == 0.5
    low, high = (summary(real_data, case={"name": "stations"}, observations={"sigma": s})["jo"] for s in (0.3, 3.0))
    assert high < low


@pytest.mark.reference
@pytest.mark.parametrize("variable", REDUCTION)
def test_twenty_splits_reduce_the_error(real_data, variable):
    result = summary(real_data, case={"name": "stations", "variable": variable}, background_error=TUNED, repeat=20)
    assert result["draws"] == 20
    assert result["reduction"] >= REDUCTION[variable]
