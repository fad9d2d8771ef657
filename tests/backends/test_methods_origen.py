"""ORIGEN against what its gains add up to: closed forms of each mode, least squares, and filters that it must agree with."""

import math

import pytest
import torch
from torch import Tensor

from backends.assimilation.methods.base import Setting
from backends.assimilation.methods.baselines import ThreeDVar
from backends.assimilation.methods.estimate import Observed
from backends.assimilation.methods.kalman import KalmanFilter
from backends.assimilation.methods.origen import Origen, inflated_covariance, of_component
from backends.assimilation.methods.reconstruction import reconstruct
from backends.background_error.dense import DenseBackgroundError
from backends.cycling.climate import climate
from backends.cycling.cycling import Cycling
from backends.cycling.network import Network
from backends.cycling.twin import Twin
from backends.dynamics.base import Dynamics
from backends.dynamics.circle import Circle
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.observing.errors import ObservationError
from backends.observing.operators import LinearOperator
from tests.backends.domains import normal, vector

SIGMA, K = 0.3, 5
#: A B with correlations.
CORRELATED = torch.tensor([[0.8, 0.3], [0.3, 0.5]], dtype=torch.float64)


def started(method, experiments: int, B: Tensor = CORRELATED, model: Dynamics | None = None):
    """Return the method after its start at (0.7, −0.4, …)."""
    n = len(B)
    start = torch.linspace(0.7, -0.4, n, dtype=torch.float64).expand(experiments, n)
    setting = Setting(model or Circle(), torch.full((n,), 9.0).double(), DenseBackgroundError(B), start, torch.ones(n).double())
    method.start(setting, torch.Generator().manual_seed(1))
    return method


def seeing(values: Tensor, components: list[int], n: int = 2, sigma: float = SIGMA) -> Observed:
    """Return observations (E, p) of single components."""
    index = torch.tensor(components)[:, None]
    operator = LinearOperator(Rows(n, index, torch.ones_like(index, dtype=values.dtype)))
    return Observed(values, operator, ObservationError(torch.full((len(components),), sigma, dtype=values.dtype)))


def rows(*components: int, n: int = 2) -> Tensor:
    """Return H (1, p, n) of single components."""
    return torch.eye(n, dtype=torch.float64)[list(components)][None]


def swept(method, sweeps: int, which, values: Tensor) -> Tensor:
    """Return the analyses (sweeps, K, E, n) of passes over K times; which(sweep, k) lists the components that are seen."""
    means = []
    for sweep in range(sweeps):
        for k in range(values.shape[1]):
            method.forecast(method.setting.model, 1, 0.0)
            seen = which(sweep, k)
            means.append(method.analyse(seeing(values[sweep, k][:, seen], seen)).mean)
    return torch.stack(means).unflatten(0, (sweeps, -1))


def alternating(sweep: int, k: int) -> list[int]:
    return [(sweep + k) % 2]


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> None:
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.abs().max())))


# Persistence and cycling.


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


# The same times again and again.


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


# The function and the method.


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


def test_the_order_of_components_does_not_matter():
    n, sweeps = 3, 4
    root, order = normal(n, n), torch.tensor([2, 0, 1])
    B, first, values = root @ root.T + torch.eye(n).double(), normal(n, seed=1), normal(sweeps, K, 2, 2)
    H = [rows(s % 3, (s + 1) % 3, n=n) for s in range(sweeps)]
    for mode in ("persistence", "sequence", "covariance"):
        expected = reconstruct(mode, H, values, SIGMA, first, B).trajectory
        turned = reconstruct(mode, [h[..., order] for h in H], values, SIGMA, first[order], B[order][:, order]).trajectory
        close(turned, expected[..., order])


# Changes on the way, and bad input.


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


def test_another_scale_is_taken_over_at_once():
    method = started(Origen(mode="cycling"), 2)
    close(method.forecast(Circle(), 1, 0.0).variance, CORRELATED.diagonal().expand(2, 2))
    method.scale = 3.0
    close(method.forecast(Circle(), 1, 0.0).variance, 3 * CORRELATED.diagonal().expand(2, 2))


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


def test_a_sequence_that_does_not_fit_is_refused():
    B, first, values = CORRELATED, vector(0, 0), normal(3, K, 2, 1)
    H = rows(0).expand(3, 1, 1, 2)
    with pytest.raises(InputError, match="one of persistence, two-rounds, sequence, covariance; came 'cycling'"):
        reconstruct("cycling", H, values, SIGMA, first, B)
    with pytest.raises(InputError, match="same sweeps; came 2 and 3"):
        reconstruct("sequence", H[:2], values, SIGMA, first, B)
    with pytest.raises(InputError, match=r"came \(5, 2, 1\) and \(1, 2, 2\)"):
        reconstruct("sequence", rows(0, 1).expand(3, 1, 2, 2), values, SIGMA, first, B)


def test_tables_that_are_too_large_are_refused():
    B = torch.eye(500, dtype=torch.float64)
    model = Circle()
    model.size = 500
    with pytest.raises(InputError, match="table of 600 covariances of 500 components in 1 experiments is too large"):
        started(Origen(mode="covariance", period=600), 1, B, model)
