"""Verification of rollouts: hand-computed cases, and the `scores` library as an independent check."""

import math

import numpy as np
import pytest
import torch
import xarray as xr
from scores.continuous import additive_bias, mse
from scores.continuous.correlation import pearsonr
from scores.probability import crps_for_ensemble

from backends.cycling.verification import fair_crps
from backends.dynamics.base import Norm
from backends.rollout.skill import curve, lead_below, relative, resamples
from backends.rollout.verification import NUMBERS, anomaly_correlation, verify
from tests.backends.rollouts import FixedWorld


def world(n: int, fields: int = 1, area=None, scale=None) -> FixedWorld:
    area = torch.tensor([1 / n] * n if area is None else area, dtype=torch.float64)
    return FixedWorld(n, fields, Norm(area, torch.tensor([1.0] * n if scale is None else scale, dtype=torch.float64)))


def test_the_numbers_of_a_small_case_are_those_on_paper():
    # Members 0 and 2 at the first point, 1 and 1 at the second; the truth is 2 and 0.
    states, truth = torch.tensor([[[0.0, 1.0], [2.0, 1.0]]]).double(), torch.tensor([[2.0, 0.0]]).double()
    got = dict(
        zip(NUMBERS, verify(states, truth, torch.zeros(1, 2).double(), world(2, area=[0.25, 0.75]))[:, 0].tolist(), strict=True)
    )
    assert got["mse"] == pytest.approx(0.25 * 1 + 0.75 * 1)
    assert got["bias"] == pytest.approx(0.25 * -1 + 0.75 * 1)
    assert got["variance"] == pytest.approx(0.25 * 2)
    # (2 + 0)/2 − 4/(2·2·1) = 0 at the first point: a fair ensemble of two cannot be told from one that hits; 1 at the second.
    assert got["crps"] == pytest.approx(0.75)
    assert math.isnan(got["acc"])  # the mean forecast is the same everywhere: it has no pattern


def test_a_single_member_has_the_absolute_error_as_crps_and_no_spread():
    got = verify(torch.tensor([[[3.0, 1.0]]]), torch.tensor([[1.0, 2.0]]), torch.zeros(1, 2), world(2).single())[:, 0]
    assert got[NUMBERS.index("crps")] == 1.5
    assert math.isnan(got[NUMBERS.index("variance")])


@pytest.mark.parametrize("members", [2, 3, 10])
def test_the_fair_crps_is_that_of_the_scores_library(members):
    generator = torch.Generator().manual_seed(members)
    X, t = torch.randn(4, members, 6, generator=generator).double(), torch.randn(4, 6, generator=generator).double()
    theirs = crps_for_ensemble(
        xr.DataArray(X.numpy(), dims=("start", "member", "x")), xr.DataArray(t.numpy(), dims=("start", "x")), "member",
        method="fair", preserve_dims=("start", "x"),
    )  # fmt: skip
    np.testing.assert_allclose(fair_crps(X, t).numpy(), theirs.transpose("start", "x").values, atol=1e-14)


def test_error_bias_and_correlation_are_those_of_the_scores_library():
    generator = torch.Generator().manual_seed(3)
    X, t, c = (torch.randn(*shape, 7, generator=generator).double() for shape in ((5, 2), (5,), (5,)))
    area = torch.rand(7, generator=generator).double()
    area /= area.sum()
    numbers = dict(zip(NUMBERS, verify(X, t, c, world(7, area=area.tolist())), strict=True))
    forecast, truth = xr.DataArray(X.mean(1).numpy(), dims=("s", "x")), xr.DataArray(t.numpy(), dims=("s", "x"))
    weight = xr.DataArray(7 * area.numpy(), dims="x")
    np.testing.assert_allclose(numbers["mse"], mse(forecast, truth, preserve_dims="s", weights=weight), rtol=1e-12)
    np.testing.assert_allclose(numbers["bias"], additive_bias(forecast, truth, preserve_dims="s", weights=weight), rtol=1e-12)
    even = dict(zip(NUMBERS, verify(X, t, c, world(7)), strict=True))
    usual = xr.DataArray(c.numpy(), dims=("s", "x"))
    np.testing.assert_allclose(even["acc"], pearsonr(forecast - usual, truth - usual, preserve_dims="s"), rtol=1e-12)


def test_anomalies_are_centred_in_each_field_and_not_at_all_where_there_is_none():
    f, t, none = (
        torch.tensor([[1.0, 3.0, 7.0, 9.0]]).double(),
        torch.tensor([[0.0, 2.0, -4.0, -2.0]]).double(),
        torch.zeros(1, 4),
    )
    assert anomaly_correlation(f, t, none, world(4, fields=2)).item() == pytest.approx(1.0)
    one = np.corrcoef(f[0], t[0])[0, 1]
    assert anomaly_correlation(f, t, none, world(4, fields=1)).item() == pytest.approx(one)
    plain = (f @ t.T).item() / math.sqrt(f.square().sum() * t.square().sum())
    assert anomaly_correlation(f, t, none, world(4, fields=0)).item() == pytest.approx(plain)


def test_factors_scale_errors():
    numbers = verify(
        torch.tensor([[[1.0, 1.0]]]).double(), torch.zeros(1, 2).double(), torch.zeros(1, 2), world(2, scale=[2.0, 4.0])
    )
    assert numbers[NUMBERS.index("mse"), 0].item() == pytest.approx((4 + 16) / 2)
    assert numbers[NUMBERS.index("crps"), 0].item() == pytest.approx(3)


def test_the_bootstrap_has_the_standard_error_of_a_mean():
    values = torch.randn(400, 1, generator=torch.Generator().manual_seed(0)).double()
    got = curve(values, resamples(torch.arange(400)))
    expected = float(values.std()) / 20
    assert got.value.item() == pytest.approx(float(values.mean()))
    assert got.error.item() == pytest.approx(expected, rel=0.1)
    assert got.high.item() - got.low.item() == pytest.approx(2 * 1.645 * expected, rel=0.1)


def test_starts_of_a_block_count_once():
    """Each value ten times over says no more than once: the error is that of the mean of 40 values, not of 400."""
    values = torch.randn(40, 1, generator=torch.Generator().manual_seed(0)).double().repeat_interleave(10, 0)
    blocks = torch.arange(40).repeat_interleave(10)
    assert curve(values, resamples(blocks)).error.item() == pytest.approx(float(values.std()) / math.sqrt(40), rel=0.1)
    assert bool(curve(values, resamples(torch.zeros(400).long())).error.isnan().all())


def test_skill_is_relative_to_the_baseline_and_paired():
    squares = torch.rand(30, 2, generator=torch.Generator().manual_seed(0)).double() + 0.1
    got = relative(0.25 * squares, squares, resamples(torch.arange(30)))
    for values in (got.value, got.low, got.high):
        torch.testing.assert_close(values, torch.full((2,), 50.0).double())
    assert bool(relative(squares, torch.zeros_like(squares), resamples(torch.arange(30))).value.isnan().all())


@pytest.mark.parametrize(
    ("values", "expected"),
    [((1.0, 0.8, 0.4, 0.2), 9.0), ((1.0, 0.9, 0.8, 0.7), None), ((0.5, 0.9, 0.9, 0.9), 0.0), ((math.nan, 0.8, 0.4, 0.7), 9.0)],
)
def test_the_useful_lead_is_interpolated(values, expected):
    assert lead_below(torch.tensor([0.0, 6.0, 12.0, 18.0]), torch.tensor(values).double()) == pytest.approx(expected)
