"""ORIGEN with persistence and in cycling: closed forms, 3D-Var, the Kalman filter, Lorenz-63; bad input."""

import pytest
import torch

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.baselines import ThreeDVar
from backends.assimilation.methods.kalman import KalmanFilter
from backends.assimilation.methods.origen import Origen, inflated_covariance
from backends.cycling.climate import climate
from backends.cycling.cycling import Cycling
from backends.cycling.network import Network
from backends.cycling.twin import Twin
from backends.dynamics.circle import Circle
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.origen import CORRELATED, SIGMA, seeing, started, swept


def test_cycling_with_a_static_b_is_3d_var():
    model, B = Lorenz63(), torch.diag(vector(3, 5, 4)) + 0.5
    origen, other = started(Origen(mode="cycling", scale=0.4), 3, B, model), started(ThreeDVar(scale=0.4), 3, B, model)
    for cycle in range(4):
        background, expected = (method.forecast(model, 5, 0.0) for method in (origen, other))
        close(background.mean, expected.mean)
        close(background.variance, expected.variance)
        observed = seeing(normal(3, 2, seed=cycle), [0, 2], 3)
        analysis, expected = origen.analyse(observed), other.analyse(observed)
        close(analysis.mean, expected.mean)
        close(analysis.variance, expected.variance)


@pytest.mark.parametrize("update", [False, True])
def test_persistence_is_cycling_with_a_model_that_stands_still(update):
    moving, still = Circle(points=12), Circle(points=12, persistence=True)
    settings = {"covariance_update": update, "inflation": 1.3}
    one, other = started(Origen(mode="persistence", **settings), 2), started(Origen(mode="cycling", **settings), 2)
    for cycle in range(5):
        close(one.forecast(moving, 1, 0.0).mean, other.forecast(still, 1, 0.0).mean)
        observed = seeing(normal(2, 1, seed=cycle), [cycle % 2])
        close(one.analyse(observed).mean, other.analyse(observed).mean)


def test_persistence_with_a_static_b_is_an_exponential_mean_of_what_was_seen():
    values = normal(1, 9, 3, 2)
    b = 0.4
    gain = b / (b + SIGMA**2)
    method = started(Origen(mode="persistence", static="identity", scale=b), 3)
    analyses = swept(method, 1, lambda _sweep, _k: [0, 1], values)[0]
    for k in range(9):
        expected = (1 - gain) ** (k + 1) * method.setting.start
        for j in range(k + 1):
            expected = expected + gain * (1 - gain) ** (k - j) * values[0, j]
        close(analyses[k], expected)


def test_a_covariance_that_is_updated_without_inflation_is_that_of_kalman():
    model = Circle(points=12, persistence=True)
    one = started(Origen(mode="cycling", static="identity", covariance_update=True), 2)
    other = started(KalmanFilter(), 2, model=model)
    for cycle in range(6):
        one.forecast(model, 1, 0.0)
        other.forecast(model, 1, 0.0)
        observed = seeing(normal(2, 1, seed=cycle), [cycle % 2])
        analysis, expected = one.analyse(observed), other.analyse(observed)
        close(analysis.mean, expected.mean)
        close(analysis.variance, expected.variance)
        close(one.covariance, other.covariance)


def test_inflation_lies_between_what_was_learned_and_what_it_began_with():
    A, B = normal(4, 3, 3), normal(3, 3, seed=1)
    close(inflated_covariance(A, 1.0, B), A)
    close(inflated_covariance(A, 1e12, B), B.expand(4, 3, 3))
    close(inflated_covariance(A, 2.0, B), 0.5 * (A + B))
    # A scalar that is observed each time settles where b = a/λ + (1 − 1/λ) b₀ with a = b r/(b + r).
    b0, r, factor = 2.0, SIGMA**2, 1.4
    method = started(Origen(mode="persistence", static="identity", scale=b0, covariance_update=True, inflation=factor), 1)
    swept(method, 1, lambda _sweep, _k: [0, 1], normal(1, 80, 1, 2))
    b = float(method.forecast(method.setting.model, 1, 0.0).variance[0, 0])
    assert b == pytest.approx(b * r / (b + r) / factor + (1 - 1 / factor) * b0, rel=1e-9)
    assert r < b < b0


def test_covariances_stay_covariances():
    B = climate(Lorenz63(), torch.Generator().manual_seed(1)).covariance.dense()
    model, network = Lorenz63(), Network("subsets")
    for inflation in (1.0, 1.2):
        method = started(Origen(mode="persistence", covariance_update=True, inflation=inflation), 1, B, model)
        for cycle in range(600):
            method.forecast(model, 1, 0.0)
            seen = network.components(model, cycle).tolist()
            method.analyse(seeing(torch.zeros(1, len(seen)).double(), seen, 3, 2**0.5))
        covariance = method.covariance[0]
        close(covariance, covariance.T, 1e-12)
        assert (torch.linalg.eigvalsh(covariance) > 0).all()
        assert (torch.linalg.eigvalsh(B - covariance) > 0).all()


def test_random_subsets_of_lorenz_63_keep_it_near_the_truth():
    draw = torch.Generator().manual_seed(1)
    model, E, sigma = Lorenz63(), 16, 2**0.5
    found = climate(model, draw)
    twin = Twin(model, Network("subsets"), 25, 25, sigma, sigma, model.draw_start(E, draw), draw)
    setting = Setting(model, found.mean, found.covariance, model.start().expand(E, -1), torch.full((3,), 2.0).double())
    race = Cycling(twin, model, setting, [("origen", Origen(covariance_update=True, inflation=1.2))])
    for _ in range(220):
        race.step()
    record = race.contestants[0].record
    assert record.good().all()
    assert float(record.of("rmse_analysis", 50).mean()) < 2.5  # optimal interpolation 4.0, the climate 7.6


def test_another_scale_is_taken_over_at_once():
    method = started(Origen(mode="cycling"), 2)
    close(method.forecast(Circle(), 1, 0.0).variance, CORRELATED.diagonal().expand(2, 2))
    method.scale = 3.0
    close(method.forecast(Circle(), 1, 0.0).variance, 3 * CORRELATED.diagonal().expand(2, 2))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "spiral"}, r"mode of ORIGEN must be one of cycling, .*came 'spiral'"),
        ({"static": "none"}, r"climatology, identity; came 'none'"),
        ({"period": 0}, r"at least one cycle; came 0"),
        ({"scale": 0.0}, r"positive; came 0"),
        ({"inflation": 0.9}, r"at least 1; came 0\.9"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Origen(**settings)
