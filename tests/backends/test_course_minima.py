"""The exact minima of the lecture's two cases, which its published arrays fix."""

import numpy as np
import pytest
import torch

from backends.assimilation.analysis import Problem
from backends.assimilation.closed_form import observation_space, state_space
from backends.assimilation.control_space import Stopping, conjugate_gradients, lbfgs
from backends.assimilation.gauss_newton import gauss_newton
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

#: Each with where it stops, and how near that is to the minimum: in the state, and in J, which is flat there.
ITERATIVE = {
    "conjugate gradients": (conjugate_gradients, Stopping(1000, 1e-9), 1e-6, 1e-9),
    "Gauss-Newton": (gauss_newton, Stopping(20, 1e-9), 1e-6, 1e-9),
    "L-BFGS": (lbfgs, Stopping(2000, 1e-6), 1e-4, 1e-5),
}


def arrays(path) -> dict[str, torch.Tensor]:
    with np.load(path) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


@pytest.fixture(scope="module")
def one(real_data):
    """Return a function from the floor and the kind of B to the problem on the line, and the truth."""
    a = arrays(real_data / "course-1d.npz")
    line = PeriodicLine(256)
    where = line.coordinates()[a["observation_index"]]
    R = ObservationError(torch.full((20,), float(a["sigma_o"]), dtype=torch.float64))
    H, y = LinearOperator(line.interpolation(where)), Observations(a["observations"], where)

    def make(floor: float, periodised: bool) -> tuple[Problem, torch.Tensor]:
        c = Correlation("gaussian", float(a["length"]))
        B = CirculantBackgroundError(line, c, float(a["sigma_b"]), floor, periodised)
        return Problem(a["background"], y, H, B, R, torch.ones(20, dtype=torch.bool)), a["truth"]

    return make


@pytest.fixture(scope="module")
def two(real_data):
    """Return a function from the floor, its kind and σ_o to the problem on the plane, and the truth."""
    a = arrays(real_data / "course-2d.npz")
    plane = VerticalPlane(a["x_km"], a["z_km"])
    where = torch.stack([plane.x[a["observation_ix"]], plane.z[a["observation_iz"]]], 1)
    H, y = LinearOperator(plane.interpolation(where)), Observations(a["observations"], where)
    lengths = [Correlation("gaussian", float(a[name])) for name in ("length_x_km", "length_z_km")]

    def make(floor: float, kind: str, sigma_o: float) -> tuple[Problem, torch.Tensor]:
        R = ObservationError(torch.full((140,), sigma_o, dtype=torch.float64))
        B = KroneckerBackgroundError(plane, *lengths, float(a["sigma_b"]), floor, kind)
        return Problem(a["background"].flatten(), y, H, B, R, torch.ones(140, dtype=torch.bool)), a["truth"].flatten()

    return make


def rmse(state: torch.Tensor, truth: torch.Tensor) -> float:
    return float((state - truth).square().mean().sqrt())


def test_the_line_with_the_plain_b_of_the_wrapped_distance(one):
    case, truth = one(0.0, periodised=False)
    for solve in (observation_space, state_space):
        result = solve(case)
        norms = [float(v.norm()) for v in (result.increment, result.innovation, result.residual)]
        assert norms == pytest.approx([3.2115007757, 1.2554606802, 0.2794113947], abs=1e-9)
        assert rmse(case.background, truth) == pytest.approx(0.232653, abs=5e-7)
        assert rmse(result.mean, truth) == pytest.approx(0.085747, abs=5e-7)


def test_the_line_with_its_eigenvalues_floored(one):
    case = one(1e-5, periodised=False)[0]
    for solve in (observation_space, state_space):
        result = solve(case)
        assert [float(v) for v in (result.j, result.jb, result.jo)] == pytest.approx(
            [48.949412, 33.820472, 15.128940], abs=1e-6
        )


def test_the_line_with_a_covariance(one):
    case, truth = one(0.0, periodised=True)
    result = observation_space(case)
    assert float(result.j) == pytest.approx(50.082411, abs=1e-6)
    assert rmse(result.mean, truth) == pytest.approx(0.083904, abs=5e-7)


PLANES = {
    "B + 1e-6 I": ("added", 0.01, (117.8305,), 0.0173405),
    "floor, σ_o 0.1": ("spectral", 0.1, (69.95265, 66.13038, 3.82227), 0.0387125),
    "floor, σ_o 0.01": ("spectral", 0.01, (74.6825,), 0.0262425),
}


def plane_case(two, kind: str, sigma_o: float) -> tuple[Problem, torch.Tensor]:
    if kind == "spectral":
        return two(1e-5, kind, sigma_o)
    largest = float(two(0.0, "added", sigma_o)[0].background_error.spectrum().eigenvalues[0])
    return two(1e-6 / largest, kind, sigma_o)


@pytest.mark.parametrize("name", PLANES)
def test_the_plane(two, name):
    kind, sigma_o, costs, error = PLANES[name]
    case, truth = plane_case(two, kind, sigma_o)
    assert rmse(case.background, truth) == pytest.approx(0.892262, abs=5e-7)
    result = observation_space(case)
    decimals = [5e-5 if len(costs) == 1 else 5e-6] * len(costs)
    for value, expected, tolerance in zip((result.j, result.jb, result.jo), costs, decimals, strict=False):
        assert float(value) == pytest.approx(expected, abs=tolerance)
    assert rmse(result.mean, truth) == pytest.approx(error, abs=5e-8)


@pytest.mark.parametrize("solver", ITERATIVE)
@pytest.mark.parametrize("name", ["line", *PLANES])
def test_iterative_solvers_reach_the_minima(one, two, name, solver):
    case = one(1e-5, periodised=False)[0] if name == "line" else plane_case(two, *PLANES[name][:2])[0]
    solve, stopping, of_state, of_cost = ITERATIVE[solver]
    exact, result = observation_space(case), solve(case, stopping)
    assert float((result.mean - exact.mean).norm() / exact.increment.norm()) < of_state
    assert float(result.j) == pytest.approx(float(exact.j), rel=of_cost)
    assert result.iterations < stopping.iterations
    assert float(result.history.j[0]) == pytest.approx(float(case.observation_cost(case.innovation())), rel=1e-12)
