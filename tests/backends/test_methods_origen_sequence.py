"""ORIGEN over the same times again and again: where errors stall or fall, two rounds, changes on the way."""

import math

import pytest
import torch

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.origen import Origen, of_component
from backends.background_error.dense import DenseBackgroundError
from backends.cycling.cycling import Cycling
from backends.cycling.network import Network
from backends.cycling.twin import Twin
from backends.dynamics.circle import Circle
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal, vector
from tests.backends.ensembles import close
from tests.backends.origen import SIGMA, K, alternating, seeing, started, swept


def test_a_static_b_stalls_where_its_gain_says():
    E, b, sweeps = 4000, 0.4, 25
    gain = b / (b + SIGMA**2)
    truth = normal(K, 1, 2, seed=9)
    values = truth + SIGMA * normal(sweeps, K, E, 2)
    method = started(Origen(mode="sequence", period=K, static="identity", scale=b), E)
    errors = swept(method, sweeps, lambda _sweep, _k: [0, 1], values) - truth
    first = method.setting.start[0] - truth[:, 0]
    for m in (1, 2, 4, 25):
        variance = SIGMA**2 * gain / (2 - gain) * (1 - (1 - gain) ** (2 * m))
        found, error = errors[m - 1], (variance / E) ** 0.5
        assert ((found.mean(1) - (1 - gain) ** m * first).abs() < 5 * error).all()
        assert ((found.var(1) / variance - 1).abs() < 5 * (2 / E) ** 0.5).all()
    assert float(errors[-1].square().mean().sqrt()) > 0.8 * SIGMA


def test_all_observations_count_alike_where_b_is_updated():
    E, b, sweeps = 3, 0.7, 12
    values = normal(sweeps, K, E, 2)
    method = started(Origen(mode="covariance", period=K, static="identity", scale=b), E)
    analyses = swept(method, sweeps, alternating, values)
    for k in range(K):
        for i in range(2):
            seen = [values[s, k, :, i] for s in range(sweeps) if (s + k) % 2 == i]
            variance = 1 / (1 / b + len(seen) / SIGMA**2)
            close(analyses[-1, k, :, i], variance * (method.setting.start[:, i] / b + sum(seen) / SIGMA**2))
    # The next pass finds what the last one left.
    background = method.forecast(method.setting.model, 1, 0.0)
    close(background.mean, analyses[-1, 0])
    close(background.variance, torch.full((E, 2), 1 / (1 / b + 6 / SIGMA**2), dtype=torch.float64))


def test_the_error_falls_with_the_root_of_the_number_of_observations():
    E, b = 2000, 1.0
    truth = normal(K, 1, 2, seed=9)
    method = started(Origen(mode="covariance", period=K, static="identity", scale=b), E)
    values = truth + SIGMA * normal(64, K, E, 2)
    errors = (swept(method, 64, lambda _sweep, _k: [0, 1], values) - truth).square().mean((1, 2, 3)).sqrt()
    bias = (method.setting.start[0] - truth[:, 0]).square().mean()
    for m in (4, 16, 64):
        variance = 1 / (1 / b + m / SIGMA**2)
        expected = (variance**2 * (bias / b**2 + m / SIGMA**2)) ** 0.5
        assert float(errors[m - 1]) == pytest.approx(float(expected), rel=0.02)
        assert float(errors[m - 1]) == pytest.approx(SIGMA / m**0.5, rel=0.15)


def test_two_rounds_take_in_one_component_after_the_other():
    E, b = 3, 0.5
    gain = b / (b + SIGMA**2)
    values = normal(4, K, E, 2)
    method = started(Origen(mode="two-rounds", period=K, static="identity", scale=b), E)
    analyses = swept(method, 4, lambda _sweep, _k: [0, 1], values)
    x1, x2 = method.setting.start.unbind(-1)
    for k in range(K):
        x1 = x1 + gain * (values[0, k, :, 0] - x1)  # persistence: each time begins where the one before ended
        close(analyses[0, k], torch.stack([x1, x2], -1))
        close(analyses[1, k], torch.stack([x1, x2 + gain * (values[1, k, :, 1] - x2)], -1))
    close(analyses[3], analyses[1])  # nothing is taken in any more


def test_observations_of_one_component():
    share = vector(0.3, 0.7, 0.6, 0.4, 1, 0, 0.2, 0.8).reshape(4, 2)
    operator = LinearOperator(Rows(2, torch.tensor([[0, 1], [0, 1], [1, 0], [1, 0]]), share))
    observed = Observed(normal(3, 4), operator, ObservationError(vector(1, 2, 3, 4)))
    some = of_component(observed, 0)
    close(some.values, observed.values[:, [1, 3]])
    close(some.error.sigma, vector(2, 4))
    close(some.operator.dense(), observed.operator.dense()[[1, 3]])
    assert len(of_component(observed, 2)) == 0


def test_a_turn_of_the_circle_in_a_race():
    points, sigma, E, passes = 11, 0.1, 12, 40
    model = Circle(points=points)
    draw = torch.Generator().manual_seed(2)
    twin = Twin(model, Network("alternate"), 1, 1, sigma, sigma, model.start().expand(E, 2), draw)
    B = DenseBackgroundError(0.5 * torch.eye(2, dtype=torch.float64))
    setting = Setting(model, torch.zeros(2).double(), B, model.start().expand(E, 2), torch.full((2,), 0.01).double())
    modes = ("cycling", "persistence", "two-rounds", "sequence", "covariance")
    race = Cycling(twin, model, setting, [(mode, Origen(mode=mode, period=points)) for mode in modes])
    for _ in range(passes * points):
        race.step()
    error = {c.label: float(c.record.of("rmse_analysis", (passes - 2) * points).mean()) for c in race.contestants}
    # In an odd number of times the components alternate from pass to pass: 20 observations of each.
    assert error["covariance"] < 1.2 * sigma / 20**0.5
    assert 0.7 * sigma < error["sequence"] < 1.1 * sigma
    assert error["persistence"] > 1.5 * sigma
    assert error["two-rounds"] > error["sequence"]


def test_another_period_or_mode_begins_the_table_anew():
    method = started(Origen(mode="covariance", period=3, static="identity"), 2)
    swept(method, 4, lambda _sweep, _k: [0, 1], normal(4, 3, 2, 2))
    method.period = 4
    background = method.forecast(method.setting.model, 1, 0.0)
    close(background.mean, method.setting.start)
    close(background.variance, torch.ones(2, 2).double())
    method.analyse(seeing(normal(2, 1), [0]))
    method.mode = "sequence"
    close(method.forecast(method.setting.model, 1, 0.0).mean, method.setting.start)


def test_experiments_that_are_out_do_not_disturb_the_others():
    values = normal(3, K, 3, 2)
    method, alone = (started(Origen(mode="covariance", period=K), E) for E in (3, 2))
    broken = values.clone()
    broken[1, 2, 0] = math.inf
    means = []
    for sweep in range(3):
        for k in range(K):
            method.forecast(method.setting.model, 1, 0.0)
            mean = method.analyse(seeing(broken[sweep, k], [0, 1])).mean
            bad = ~torch.isfinite(mean).all(-1)
            means.append(mean[1:])
            if bad.any():
                assert bad.tolist() == [True, False, False]
                assert (sweep, k) == (1, 2)
                method.replace(bad)
                close(method.state[0], vector(9, 9))
    close(torch.stack(means).unflatten(0, (3, K)), swept(alone, 3, lambda _sweep, _k: [0, 1], values[:, :, 1:]))
    assert torch.isfinite(method.forecast(method.setting.model, 1, 0.0).mean).all()


def test_tables_that_are_too_large_are_refused():
    B = torch.eye(500, dtype=torch.float64)
    model = Circle()
    model.size = 500
    with pytest.raises(InputError, match="table of 600 covariances of 500 components in 1 experiments is too large"):
        started(Origen(mode="covariance", period=600), 1, B, model)
