"""What ensemble methods are made of: functions of matrices, tapers, rotations, inflation."""

import math

import pytest
import torch

from backends.assimilation.methods.ensemble_space import Gram, standardised
from backends.assimilation.methods.inflation import inflated, ones_complement, relaxed, rotated, rotation
from backends.assimilation.methods.localisation import HALF_SUPPORT, Neighbourhood, taper
from backends.assimilation.methods.matrix_functions import inverse_and_root
from backends.dynamics.lorenz96 import Lorenz96
from tests.backends.domains import normal
from tests.backends.ensembles import SIZES, close, ensemble, moments, observing
from tests.backends.references import gaspari_cohn


def test_the_taper_is_that_of_gaspari_and_cohn():
    distance = torch.linspace(0, 12, 50, dtype=torch.float64)
    expected = torch.from_numpy(gaspari_cohn(2 * distance.numpy() / (HALF_SUPPORT * 2 * 3.0)))
    close(taper(distance, 3.0), expected, 1e-12)
    assert (taper(distance, math.inf) == 1).all()


@pytest.mark.parametrize("radius", [1.0, 2.5, 40.0, math.inf])
def test_neighbours_are_those_of_all_pairs(radius):
    model, places = Lorenz96(points=17), torch.tensor([2, 3, 3, 9, 16])
    near = Neighbourhood().find(model, places, radius)
    found = torch.zeros(17, 5, dtype=torch.float64).scatter_add(1, near.index, near.weight)
    expected = torch.ones(17, 5, dtype=torch.float64)
    if math.isfinite(radius):
        for i in range(17):
            for j, place in enumerate(places.tolist()):
                apart = min(abs(i - place), 17 - abs(i - place))
                expected[i, j] = float(gaspari_cohn(apart / (HALF_SUPPORT * radius)))
    close(found, expected, 1e-12)
    assert near.count == int((expected > 0).sum(1).max())


def test_neighbours_are_found_anew_for_another_radius_or_network():
    model, found = Lorenz96(points=17), Neighbourhood()
    places = torch.tensor([2, 9])
    first = found.find(model, places, 2.0)
    assert found.find(model, places.clone(), 2.0) is first
    assert found.find(model, places, 1.0).weight.sum() < first.weight.sum()
    assert found.find(model, torch.tensor([2]), 1.0).index.max() == 0


@pytest.mark.parametrize(("p", "N"), [*SIZES, (4, 4)])
def test_functions_of_the_gram_matrix(p, N):
    Y, x = normal(3, N, p, seed=30), normal(3, N, 2, seed=31)
    A = Y @ Y.mT + 2 * torch.eye(N, dtype=torch.float64)
    close(Gram.of(Y).apply(lambda s2: 1 / (s2 + 2), x), torch.linalg.solve(A, x))
    root = Gram.of(Y).apply(lambda s2: (s2 + 2).sqrt(), x)
    close(root.mT @ root, x.mT @ A @ x)


def test_standardised_deviations_are_in_units_of_the_error():
    members, observed = ensemble(2, 6), observing(5, 2)
    mean, X, Y, d = standardised(members, observed)
    H = observed.operator.dense()
    close(mean[:, 0], members.mean(1))
    close(X + mean, members)
    close(Y * observed.error.sigma, X @ H.T)
    close(d * observed.error.sigma, observed.values - members.mean(1) @ H.T)


@pytest.mark.parametrize("count", [4, 150])
@pytest.mark.parametrize("top", [0.0, 1e-3, 1.0, 1e2, 1e4, 1e8, 1e12])
def test_inverse_and_root_of_a_matrix(count, top):
    shift, N = 6.0, 9
    Q = torch.linalg.qr(normal(count, N, N, seed=40))[0]
    # Some eigenvalues zero, as where there are fewer observations than members; the largest decides the condition.
    eigenvalues = top * torch.cat([torch.zeros(3, dtype=torch.float64), torch.logspace(-6, 0, N - 3, dtype=torch.float64)])
    S = (Q * eigenvalues) @ Q.mT
    v = normal(count, N, 2, seed=41)
    inverse, root = inverse_and_root(0.5 * (S + S.mT), shift, v)
    close(inverse, (Q / (eigenvalues + shift)) @ Q.mT @ v, 1e-11 + 1e-16 * top)
    close(root, (Q / (eigenvalues + shift).sqrt()) @ Q.mT @ v, 1e-11 + 1e-16 * top)


def test_a_matrix_that_is_not_finite_is_an_error_of_linear_algebra():
    S = torch.eye(3, dtype=torch.float64).repeat(120, 1, 1)
    S[7, 0, 0] = math.nan
    with pytest.raises(torch.linalg.LinAlgError, match="not finite"):
        inverse_and_root(S, 1.0, normal(120, 3, 1))


def test_rotations_are_orthogonal_and_keep_mean_and_covariance():
    E, N = 4, 7
    turn = rotation(E, N, normal(1), torch.Generator().manual_seed(1))
    unit = torch.eye(N, dtype=torch.float64)
    close(turn @ turn.mT, unit.expand(E, -1, -1), 1e-13)
    close(turn.sum(-1), torch.ones(E, N, dtype=torch.float64), 1e-13)
    members = ensemble(E, N)
    one, other = moments(members), moments(rotated(members, torch.Generator().manual_seed(2)))
    close(one[0], other[0])
    close(one[1], other[1])
    basis = ones_complement(N, torch.float64, torch.device("cpu"))
    close(basis.T @ basis, unit[1:, 1:], 1e-13)
    close(basis.sum(0), torch.zeros(N - 1, dtype=torch.float64), 1e-13)


def test_no_rotation_is_favoured():
    E, N = 20_000, 4
    turn = rotation(E, N, normal(1), torch.Generator().manual_seed(1))
    error = turn.std(0) / E**0.5
    assert ((turn.mean(0) - 1 / N).abs() < 5 * error).all()
    basis = ones_complement(N, torch.float64, torch.device("cpu"))
    squares = (basis.T @ turn @ basis).square()
    assert ((squares.mean(0) - 1 / (N - 1)).abs() < 5 * squares.std(0) / E**0.5).all()


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_relaxation_moves_the_spread_towards_that_of_the_background(share):
    background, analysis = ensemble(3, 8, seed=60), ensemble(3, 8, seed=70)
    result = relaxed(analysis, background, share)
    close(result.mean(1), analysis.mean(1))
    close(result.std(1), (1 - share) * analysis.std(1) + share * background.std(1))


def test_inflation_multiplies_deviations():
    members = ensemble(3, 8)
    result = inflated(members, 1.3)
    close(result.mean(1), members.mean(1))
    close(result.var(1), 1.69 * members.var(1))
