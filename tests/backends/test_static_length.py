"""B with a length of its own: against matrices made element by element, and changed in mid-run."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.base import Method, Setting
from backends.assimilation.methods.baselines import ThreeDVar
from backends.assimilation.methods.envar import Hybrid
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.four_dvar import FourDVar, WeakFourDVar
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.of_model import gaussian_covariance
from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.base import Dynamics
from backends.dynamics.circle import Circle
from backends.dynamics.kolmogorov import Kolmogorov
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.dynamics.shallow_water import ShallowWater
from backends.errors import InputError
from backends.experiments.cycling.race import Race, needs_restart
from backends.geometry.domain import Rows
from backends.geometry.sphere import Points
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal
from tests.backends.references import great_circle
from tests.backends.test_cycling_changes import changed
from tests.backends.test_cycling_files import settings

RING, LENGTH = 12, 1.7


def axis(points: int, spacing: float, length: float, periodic: bool) -> np.ndarray:
    """Return exp(−d²/2L²) between points of an axis, of a periodic one summed over images, element by element."""
    matrix = np.zeros((points, points))
    for i in range(points):
        for j in range(points):
            for image in range(-60, 61) if periodic else (0,):
                matrix[i, j] += math.exp(-0.5 * (((i - j) + image * points) * spacing / length) ** 2)
    return matrix / matrix[0, 0]


def on_sphere(model: ShallowWater, length: float) -> np.ndarray:
    """Return the correlations of h, u and v, each correlated with itself alone."""
    latitude, longitude = torch.meshgrid(model.latitudes, model.longitudes, indexing="ij")
    places = Points(latitude.flatten(), longitude.flatten())
    return np.kron(np.eye(3), np.exp(-0.5 * (great_circle(places, places) / length) ** 2))


#: A model, a length in its unit, and the correlations.
CASES: dict[str, Callable[[], tuple[Dynamics, float, np.ndarray]]] = {
    "ring, points": lambda: (Lorenz96(points=RING), LENGTH, axis(RING, 1, LENGTH, True)),
    "ring, long": lambda: (Lorenz96(points=RING), 30.0, axis(RING, 1, 30.0, True)),
    "line of length 1": lambda: (Advection(points=10, waves=2), 0.13, axis(10, 0.1, 0.13, True)),
    "torus": lambda: (Kolmogorov(points=14), 2.5, np.kron(axis(14, 1, 2.5, True), axis(14, 1, 2.5, True))),
    "plane, km": lambda: (
        AdvectionDiffusion(nx=14, nz=10, width=1.4, height=0.4),
        0.15,
        np.kron(axis(10, 0.04, 0.15, False), axis(14, 0.1, 0.15, True)),
    ),
    "sphere, km": lambda: (ShallowWater(truncation=4), 1500.0, on_sphere(ShallowWater(truncation=4), 1500.0)),
}


@pytest.fixture(params=CASES)
def case(request) -> tuple[Dynamics, float, np.ndarray]:
    return CASES[request.param]()


def variances(n: int) -> Tensor:
    return 0.2 + normal(n, seed=1).square()


def close(actual: Tensor, expected: object, tolerance: float = 1e-7) -> None:
    wanted = torch.as_tensor(expected)
    assert actual.shape == wanted.shape
    assert float((actual - wanted).abs().max()) <= tolerance * float(wanted.abs().max())


# --- the covariance ----------------------------------------------------------------------------------------------------------


def test_it_is_the_matrix_made_by_hand(case):
    model, length, C = case
    D = variances(model.size)
    B = gaussian_covariance(model, D, length)
    matrix = D.sqrt().diag() @ torch.as_tensor(C) @ D.sqrt().diag()
    close(B.dense(), matrix)
    close(B.variance(), D)
    x, v = normal(3, model.size), normal(3, B.control_size, seed=2)
    close(B.apply(x), x @ matrix)
    close(B.sqrt(B.sqrt_adjoint(x)), x @ matrix)
    close((B.sqrt(v) * x).sum(-1), (v * B.sqrt_adjoint(x)).sum(-1), 1e-10)


@pytest.mark.parametrize("length", [1e-12, 0.3, 1.0, 4.0, 11.0, 100.0, 1e12])
@pytest.mark.parametrize(
    "make", [lambda: Lorenz96(points=RING), lambda: Kolmogorov(points=14), lambda: Advection(points=10, waves=2)]
)
def test_it_is_positive_semidefinite_whatever_the_length(make, length):
    B = gaussian_covariance(make(), variances(make().size), length).dense()
    values = torch.linalg.eigvalsh(B)
    assert float(values[0]) > -1e-13 * float(values[-1])
    close(B, B.T, 1e-15)


def test_with_the_shorter_way_round_it_would_not_be():
    apart = np.abs(np.arange(RING)[:, None] - np.arange(RING))
    wrapped = np.exp(-0.5 * (np.minimum(apart, RING - apart) / 4.0) ** 2)
    assert np.linalg.eigvalsh(wrapped)[0] < -1e-3


@pytest.mark.parametrize("length", [100.0, 1000.0, 3000.0])
def test_on_the_sphere_it_is_positive_semidefinite(length):
    model = ShallowWater(truncation=5)
    values = torch.linalg.eigvalsh(gaussian_covariance(model, torch.ones(model.size).double(), length).dense())
    assert float(values[0]) > -1e-9 * float(values[-1])


def test_a_large_state_needs_no_matrix():
    model = Kolmogorov(points=128)
    B = gaussian_covariance(model, variances(model.size), 6.0)
    assert B.control_size < model.size
    x = normal(model.size)
    close(B.sqrt(B.sqrt_adjoint(x)), B.apply(x), 1e-10)


def test_precision_follows_the_climate_and_a_place_that_never_varies_stays():
    D = variances(RING).float()
    D[3] = 0.0
    B = gaussian_covariance(Lorenz96(points=RING, dtype=torch.float32), D, LENGTH)
    x = normal(RING).float()
    assert B.apply(x).dtype == torch.float32
    assert bool(B.dense().isfinite().all())
    assert float(B.apply(x)[3].abs()) < 1e-18


@pytest.mark.parametrize(
    ("model", "length", "reason"),
    [
        (Lorenz63(), 2.0, "lorenz63 has no distances between its components"),
        (Circle(), 2.0, "circle has no distances between its components"),
        (Lorenz96(points=RING), 0.0, "length L of B must be a positive number; came 0"),
        (Lorenz96(points=RING), math.nan, "length L of B must be a positive number; came nan"),
        (ShallowWater(truncation=4), 3001.0, "above 0 and at most 3000 km; came 3001 km"),
    ],
)
def test_lengths_that_cannot_be_are_explained(model, length, reason):
    with pytest.raises(InputError, match=reason):
        gaussian_covariance(model, variances(model.size), length)


# --- in the methods ----------------------------------------------------------------------------------------------------------

MODEL = Lorenz96(points=RING)
METHODS: dict[str, Callable[..., Method]] = {
    "3dvar": lambda **fields: ThreeDVar(scale=0.3, **fields),
    "4dvar": lambda **fields: FourDVar(scale=0.3, inner=60, outer=8, tolerance=1e-10, **fields),
    "4dvar, window": lambda **fields: FourDVar(scale=0.3, window=2, inner=60, outer=8, tolerance=1e-10, **fields),
    "weak-4dvar": lambda **fields: WeakFourDVar(scale=0.3, window=2, inner=60, outer=8, tolerance=1e-10, **fields),
    "hybrid": lambda **fields: Hybrid(scale=0.3, members=6, radius=1.5, static_weight=0.6, **fields),
}


def climate() -> Tensor:
    root = normal(RING, RING, seed=4)
    return root @ root.T / RING + 0.1 * torch.eye(RING).double()


def of_length(length: float) -> Tensor:
    sigma = climate().diagonal().sqrt()
    return torch.as_tensor(axis(RING, 1, length, True)) * torch.outer(sigma, sigma)


def setting(B: Tensor) -> Setting:
    n = torch.ones(RING).double()
    return Setting(MODEL, MODEL.start(), DenseBackgroundError(B), 4 + 2 * normal(2, RING, seed=5), n)


def started(method: Method, given: Setting) -> Method:
    method.start(given, torch.Generator().manual_seed(6))
    return method


def observed(seed: int) -> Observed:
    index = torch.arange(0, RING, 3)[:, None]
    H = LinearOperator(Rows(RING, index, torch.ones(index.shape).double()))
    return Observed(4 + 2 * normal(2, len(index), seed=seed), H, ObservationError(torch.full((len(index),), 0.7).double()))


def run(method: Method, cycles: int, first: int = 20) -> Tensor:
    """Return the last analysis of some cycles of 2 steps."""
    for cycle in range(first, first + cycles):
        method.forecast(MODEL, 2, 0.0)
        mean = method.analyse(observed(cycle)).mean
    return mean


def test_3dvar_is_the_closed_form_with_that_matrix():
    method = started(ThreeDVar(scale=0.3, length=LENGTH), setting(climate()))
    background, seen = method.forecast(MODEL, 2, 0.0), observed(20)
    analysis = method.analyse(seen)
    B, H, R = 0.3 * of_length(LENGTH), seen.operator.dense(), seen.error.sigma.square().diag()
    A = torch.linalg.inv(torch.linalg.inv(B) + H.T @ torch.linalg.inv(R) @ H)
    K = A @ H.T @ torch.linalg.inv(R)
    close(analysis.mean, background.mean + (seen.values - background.mean @ H.T) @ K.T, 1e-9)
    assert analysis.variance is not None
    assert background.variance is not None
    close(analysis.variance, A.diagonal().expand(2, -1), 1e-9)
    close(background.variance, B.diagonal().expand(2, -1), 1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_a_length_is_a_climate_that_has_it(name):
    ours = started(METHODS[name](length=LENGTH), setting(climate()))
    theirs = started(METHODS[name](), setting(of_length(LENGTH)))
    plain = started(METHODS[name](), setting(climate()))
    found = run(ours, 3)
    close(found, run(theirs, 3), 1e-7)
    assert float((found - run(plain, 3)).abs().max()) > 0.05


@pytest.mark.parametrize("changes", [{"length": LENGTH}, {"scale": 1.2}, {"length": LENGTH, "scale": 1.2}])
@pytest.mark.parametrize("name", ["3dvar", "4dvar", "hybrid"])
def test_a_change_in_mid_run_is_a_new_method_that_begins_there(name, changes):
    method = started(METHODS[name](), setting(climate()))
    run(method, 3)
    here = method.state
    fresh = METHODS[name]()
    for key, value in changes.items():
        setattr(fresh, key, value)
    begin = setting(climate())
    started(fresh, replace(begin, start=here) if name != "hybrid" else begin)
    fresh.state = here
    for key, value in changes.items():
        setattr(method, key, value)
    close(run(method, 2, first=40), run(fresh, 2, first=40), 1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_lengths_may_change_to_and_fro(name):
    method = started(METHODS[name](length=5.0), setting(climate()))
    method.length = LENGTH  # type: ignore[attr-defined]
    close(run(method, 1), run(started(METHODS[name](length=LENGTH), setting(climate())), 1), 1e-12)
    method = started(METHODS[name](length=LENGTH), setting(climate()))
    method.length = None  # type: ignore[attr-defined]
    close(run(method, 1), run(started(METHODS[name](), setting(climate())), 1), 1e-12)


# --- in races ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["3dvar", "4dvar", "weak-4dvar", "hybrid"])
def test_a_race_takes_a_length_in_mid_run_and_marks_it(name):
    asked = settings(methods=[{"name": name}], dynamics={"name": "lorenz96", "points": RING})
    plain, turned = Race(asked), Race(asked)
    plain.step()
    turned.step()
    other = changed(asked, methods=[{"name": name, "length": 2.5}])
    assert needs_restart(asked, other) == ""
    turned.change(other)
    without, with_it = plain.step().steps[0], turned.step().steps[0]
    assert without is not None
    assert with_it is not None
    assert float((without.analysis.mean - with_it.analysis.mean).abs().max()) > 1e-4
    turned.change(asked)
    assert [(mark.cycle, mark.text) for mark in turned.marks] == [
        (1, f"{name}: B length 2.5"), (2, f"{name}: B length of the climate"),
    ]  # fmt: skip
    turned.step()


def test_a_length_where_there_are_no_distances_changes_nothing():
    asked = settings(methods=[{"name": "3dvar"}], dynamics={"name": "lorenz63"}, observations={"every": 25})
    race = Race(asked)
    race.step()
    other = changed(asked, methods=[{"name": "3dvar", "length": 1.0}], observations={"every": 25, "sigma": 2.0})
    with pytest.raises(InputError, match="lorenz63 has no distances"):
        race.change(other)
    assert (race.settings, race.marks, race.cycling.twin.sigma) == (asked, [], 1.0)
    race.step()
    with pytest.raises(InputError, match="lorenz63 has no distances"):
        Race(other)


def test_a_length_in_a_file_must_be_positive():
    with pytest.raises(InputError, match="length"):
        settings(methods=[{"name": "3dvar", "length": 0.0}])
