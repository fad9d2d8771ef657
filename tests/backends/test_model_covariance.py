"""The localised covariance of large states against dense matrices: products, roots, parts, and that it is a covariance."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.background_error.of_model import LENGTH, LENGTH_KM, localisation, localised_covariance
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import ShallowWater
from backends.errors import InputError
from tests.backends.domains import normal


def axis(points: int, periodic: bool) -> np.ndarray:
    """Return the correlations of an axis, element by element."""
    matrix = np.zeros((points, points))
    for i in range(points):
        for j in range(points):
            for image in range(-5, 6) if periodic else (0,):
                matrix[i, j] += math.exp(-0.5 * ((i - j) / points + image) ** 2 / LENGTH**2)
    return matrix / matrix[0, 0]


def on_sphere(model: ShallowWater) -> np.ndarray:
    """Return the correlations of all components of shallow water, by the haversine formula."""
    lat, lon = np.radians(model.latitudes.numpy()), np.radians(model.longitudes.numpy())
    phi, lam = (x.flatten() for x in np.meshgrid(lat, lon, indexing="ij"))
    half = np.sin((phi[:, None] - phi) / 2) ** 2 + np.cos(phi[:, None]) * np.cos(phi) * np.sin((lam[:, None] - lam) / 2) ** 2
    distance = 2 * 6371 * np.arcsin(np.sqrt(half.clip(0, 1)))
    return np.tile(np.exp(-0.5 * (distance / LENGTH_KM) ** 2), (3, 3))


@dataclass
class Case:
    """A model, what its covariances are tapered by, and states that vary from place to place."""

    model: Dynamics
    taper: np.ndarray
    states: Tensor

    @property
    def matrix(self) -> np.ndarray:
        return self.taper * np.cov(self.states.numpy().T)


def case_of(name: str) -> Case:
    if name == "torus":
        model: Dynamics = Kolmogorov(points=14)
        taper = np.kron(axis(14, True), axis(14, True))
    elif name == "plane":
        model = AdvectionDiffusion(nx=14, nz=10)
        taper = np.kron(axis(10, False), axis(14, True))
    elif name == "ring":
        model, taper = Lorenz96(points=30), axis(30, True)
    else:
        model = ShallowWater(truncation=4)
        taper = on_sphere(model)
    states = normal(12, model.size, seed=5).cumsum(1) + 3 * normal(12, 1, seed=6)
    return Case(model, taper, states)


@pytest.fixture(scope="module", params=["torus", "plane", "ring", "sphere"])
def case(request) -> Case:
    return case_of(request.param)


@pytest.fixture(scope="module", name="B")
def covariance(case) -> BackgroundError:
    return localised_covariance(case.model, case.states)


def close(actual: Tensor, expected: np.ndarray | Tensor, tolerance: float = 1e-11) -> None:
    expected = torch.as_tensor(expected)
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= tolerance * float(expected.abs().max())


def test_it_is_the_dense_covariance_times_the_taper(case, B):
    close(B.dense(), case.matrix)
    close(B.variance(), case.matrix.diagonal())
    x = normal(2, 3, case.model.size)
    close(B.apply(x), torch.as_tensor(x.numpy() @ case.matrix), 1e-10)


def test_parts_are_those_of_the_matrix(case, B):
    a = torch.tensor([case.model.size - 1, 0, 17, 0])
    b = torch.tensor([3, case.model.size - 2, 17])
    close(B.between(a, b), case.matrix[a][:, b])


def test_the_root_times_its_transpose_is_the_covariance(case, B):
    U = B.sqrt(torch.eye(B.control_size, dtype=torch.float64)).T
    # Of a Gaussian of great-circle distances some eigenvalues are negative by 1e-9 of the largest; the root leaves them out.
    close(U @ U.T, case.matrix, 1e-8)


def test_the_adjoint_of_the_root(case, B):
    v, x = normal(4, B.control_size), normal(4, case.model.size, seed=1)
    close((B.sqrt(v) * x).sum(-1), (v * B.sqrt_adjoint(x)).sum(-1), 1e-12)
    assert B.sqrt(v[0]).shape == (case.model.size,)


def test_it_is_positive_semidefinite_and_has_a_rank_that_the_sample_has_not(case, B):
    values = torch.linalg.eigvalsh(B.dense())
    assert float(values[0]) > -1e-8 * float(values[-1])
    rank = int((values > 1e-9 * values[-1]).sum())
    assert rank > len(case.states)
    # The sample covariance alone with the shorter way round, not summed over images, would not be one.
    if case.model.name == "kolmogorov":
        apart = np.abs(np.arange(14)[:, None] - np.arange(14))
        wrapped = np.exp(-0.5 * (np.minimum(apart, 14 - apart) / 14 / LENGTH) ** 2)
        assert np.linalg.eigvalsh(wrapped)[0] < -1e-5


def test_draws_have_the_covariance(case, B):
    draws = B.sample(4000, torch.Generator().manual_seed(0))
    estimate = draws.T @ draws / len(draws)
    # Elements have standard errors of at most √(2 / 4000) of the product of the standard deviations.
    sigma = B.variance().sqrt()
    assert float(((estimate - B.dense()) / torch.outer(sigma, sigma)).abs().max()) < 6 * math.sqrt(2 / 4000)


def test_precision_follows_the_states(case):
    single = localised_covariance(case.model, case.states.float())
    x = normal(case.model.size).float()
    for result in (single.apply(x), single.sqrt(single.sqrt_adjoint(x))):
        assert result.dtype == torch.float32
        close(result.double(), torch.as_tensor(case.matrix) @ x.double(), 1e-3)


def test_fields_at_one_place_keep_their_covariances():
    case = case_of("sphere")
    B, points = localised_covariance(case.model, case.states), case.model.size // 3
    here = torch.arange(points)
    sample = np.cov(case.states.numpy().T)
    for field in (1, 2):
        actual = B.between(here, here + field * points).diagonal()
        close(actual, sample[here, here + field * points])


def test_localisation_brings_a_sample_nearer_to_the_truth():
    # Waves of random phase on the torus: their true correlations are short, those of 30 states noisy everywhere.
    model = Kolmogorov(points=24)
    states = model.draw_start(2030, torch.Generator().manual_seed(0)) - model.start()
    truth = torch.cov(states[30:].T)
    few = torch.cov(states[:30].T)
    localised = localised_covariance(model, states[:30]).dense()
    assert float((localised - truth).norm()) < 0.6 * float((few - truth).norm())


def test_square_roots_of_large_grids_have_few_directions():
    L = localisation(Kolmogorov(), torch.zeros((), dtype=torch.float64))
    assert L.size == 4096
    assert L.control_size < 300
    x = normal(4096)
    close(L.sqrt(L.sqrt_adjoint(x)), L.apply(x), 1e-10)


def test_states_of_another_model_are_refused():
    with pytest.raises(InputError, match=r"states of kolmogorov must have shape \(K, 196\); came \(5, 40\)"):
        localised_covariance(Kolmogorov(points=14), normal(5, 40))


def test_a_long_ring_needs_no_matrix():
    C = localisation(Lorenz96(points=40_000), torch.zeros(1, dtype=torch.float64))
    assert C.control_size < 50
    close(C.variance(), np.ones(40_000), 1e-11)
    far = torch.tensor([0, 6000, 39_000])
    near = torch.tensor([0])
    # 0.15 of the ring is the length; images beyond the next one do not count.
    x = np.array([0, 6000, 39_000]) / 40_000 / 0.15
    expected = sum(np.exp(-0.5 * (x + k / 0.15) ** 2) for k in range(-3, 4))
    scale = sum(np.exp(-0.5 * (k / 0.15) ** 2) for k in range(-3, 4))
    close(C.between(far, near)[:, 0], expected / scale, 1e-10)
