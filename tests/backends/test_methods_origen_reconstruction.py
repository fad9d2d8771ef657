"""ORIGEN as a function of what was recorded, against least squares, the method in a race, and what its gains add up to."""

import math

import pytest
import torch

from backends.assimilation.methods.origen import Origen
from backends.assimilation.methods.reconstruction import reconstruct
from backends.errors import InputError
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.origen import CORRELATED, SIGMA, K, alternating, rows, started, swept


def test_with_correlations_it_is_the_least_squares_solution():
    n, sweeps, times = 3, 6, 2
    root = normal(n, n)
    B, first, values = root @ root.T + 0.2 * torch.eye(n).double(), normal(times, 1, n, seed=1), normal(sweeps, times, 1, n)
    subsets = [[0], [1, 2], [2], [0, 2], [1], [0, 1]]
    found = reconstruct(
        "covariance", [rows(*s, n=n) for s in subsets], [values[s][..., c] for s, c in enumerate(subsets)], SIGMA, first, B
    )
    information = torch.linalg.inv(B)
    precision, right = information.clone(), first[:, 0] @ information
    for s, subset in enumerate(subsets):
        H = rows(*subset, n=n)[0]
        precision += H.T @ H / SIGMA**2
        right = right + values[s, :, 0, subset] @ H / SIGMA**2
        A = torch.linalg.inv(precision)
        close(found.trajectory[s, :, 0], right @ A)
        close(found.variance[s], A.diagonal().expand(times, n))


@pytest.mark.parametrize("inflation", [1.0, 1.5])
@pytest.mark.parametrize("mode", ["persistence", "two-rounds", "sequence", "covariance"])
def test_the_method_in_a_race_is_the_function_on_what_was_recorded(mode, inflation):
    E, sweeps = 3, 2 if mode == "two-rounds" else 5
    values = normal(sweeps, K, E, 2)
    method = started(Origen(mode=mode, period=K, inflation=inflation), E)
    if mode == "two-rounds":
        analyses = swept(method, sweeps, lambda _sweep, _k: [0, 1], values)
        operators = torch.stack([rows(0), rows(1)])
        given = torch.stack([values[s, ..., s : s + 1] for s in range(sweeps)])
    else:
        analyses = swept(method, sweeps, alternating, values)
        operators = torch.stack([torch.cat([rows(*alternating(s, k)) for k in range(K)]) for s in range(sweeps)])
        seen = [torch.stack([values[s, k][:, alternating(s, k)] for k in range(K)]) for s in range(sweeps)]
        given = torch.stack(seen)
    truth = normal(K, E, 2, seed=3)
    found = reconstruct(mode, operators, given, SIGMA, method.setting.start, CORRELATED, inflation, truth)
    close(found.trajectory, analyses)
    close(found.variance[-1, -1].expand(E, 2), method.covariance.diagonal(dim1=-2, dim2=-1))
    close(found.error, (analyses - truth).square().mean((1, 3)).sqrt())


def test_the_same_observations_again_lead_to_them_and_not_to_the_truth():
    E, sweeps, n = 200, 400, 60
    theta = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    truth = torch.stack([theta.cos(), theta.sin()], -1)
    once = truth[:, None] + SIGMA * normal(n, E, 2)
    anew = truth[:, None] + SIGMA * normal(sweeps, n, E, 2, seed=1)
    B, first = 0.5 * torch.eye(2, dtype=torch.float64), vector(0.7, -0.4)
    H = [rows(s % 2) for s in range(sweeps)]
    again = reconstruct("covariance", H, [once[..., s % 2, None] for s in range(sweeps)], SIGMA, first, B, truth=truth)
    new = reconstruct("covariance", H, [anew[s][..., s % 2, None] for s in range(sweeps)], SIGMA, first, B, truth=truth)
    close(again.trajectory[-1], once, 1e-2)
    assert float(again.error[-1].mean()) == pytest.approx(SIGMA, rel=0.02)
    assert float(new.error[-1].mean()) == pytest.approx(SIGMA / 200**0.5, rel=0.02)
    stalled = reconstruct("sequence", H, [anew[s][..., s % 2, None] for s in range(sweeps)], SIGMA, first, B, truth=truth)
    gain = 0.5 / (0.5 + SIGMA**2)
    assert float(stalled.error[-100:].mean()) == pytest.approx(SIGMA * (gain / (2 - gain)) ** 0.5, rel=0.02)
    lagging = reconstruct("persistence", H[:3], [anew[s][..., s % 2, None] for s in range(3)], SIGMA, first, B, truth=truth)
    assert float(lagging.error[-1].mean()) > float(stalled.error[-1].mean())


def test_the_order_of_components_does_not_matter():
    n, sweeps = 3, 4
    root, order = normal(n, n), torch.tensor([2, 0, 1])
    B, first, values = root @ root.T + torch.eye(n).double(), normal(n, seed=1), normal(sweeps, K, 2, 2)
    H = [rows(s % 3, (s + 1) % 3, n=n) for s in range(sweeps)]
    for mode in ("persistence", "sequence", "covariance"):
        expected = reconstruct(mode, H, values, SIGMA, first, B).trajectory
        turned = reconstruct(mode, [h[..., order] for h in H], values, SIGMA, first[order], B[order][:, order]).trajectory
        close(turned, expected[..., order])


def test_a_sequence_that_does_not_fit_is_refused():
    B, first, values = CORRELATED, vector(0, 0), normal(3, K, 2, 1)
    H = rows(0).expand(3, 1, 1, 2)
    with pytest.raises(InputError, match="one of persistence, two-rounds, sequence, covariance; came 'cycling'"):
        reconstruct("cycling", H, values, SIGMA, first, B)
    with pytest.raises(InputError, match="same sweeps; came 2 and 3"):
        reconstruct("sequence", H[:2], values, SIGMA, first, B)
    with pytest.raises(InputError, match=r"came \(5, 2, 1\) and \(1, 2, 2\)"):
        reconstruct("sequence", rows(0, 1).expand(3, 1, 2, 2), values, SIGMA, first, B)
