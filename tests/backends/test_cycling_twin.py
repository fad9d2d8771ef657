"""The truth and its observations, which of them there are, and the record of what methods made of them."""

import math

import pytest
import torch

from backends.cycling.network import Network
from backends.cycling.record import CHUNK, DIVERGED_FOR, Record
from backends.cycling.twin import Twin
from backends.cycling.verification import NUMBERS
from backends.dynamics.lorenz63 import Lorenz63
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(), dtype=torch.float64)


def tensor(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


# --- records -----------------------------------------------------------------------------------------------------------------


def numbers_with(rmse: object, spread: float = 1.0) -> torch.Tensor:
    values = torch.zeros(len(rmse), len(NUMBERS), dtype=torch.float64)  # type: ignore[arg-type]
    values[:, NUMBERS.index("rmse_analysis")] = tensor(rmse)
    values[:, NUMBERS.index("spread_analysis")] = spread
    return values


def test_an_experiment_that_is_worse_than_the_climate_is_lost():
    record = Record(3, climate=2.0)
    for cycle in range(1, 4 * DIVERGED_FOR + 1):
        late = 3.0 if cycle > 2 * DIVERGED_FOR else 0.5
        record.add(cycle, numbers_with([0.5, late, 1.99]), None, {})
    assert record.good().tolist() == [True, False, True]
    assert record.diverged.tolist() == [0, 2 * DIVERGED_FOR + 1, 0]
    assert record.first_fault() == 2 * DIVERGED_FOR + 1


@pytest.mark.parametrize(
    ("rmse", "spread", "lost"), [(1.2, 0.3, True), (1.2, 0.5, False), (0.9, 0.1, False), (1.2, math.nan, False)]
)
def test_an_experiment_that_is_sure_of_a_wrong_state_is_lost(rmse, spread, lost):
    record = Record(1, climate=2.0)
    for cycle in range(1, DIVERGED_FOR + 1):
        record.add(cycle, numbers_with([rmse], spread), None, {})
    assert record.good().tolist() == [not lost]


def test_a_method_that_never_was_near_the_truth_is_not_lost():
    record = Record(1, climate=2.0, detects=False)
    for cycle in range(1, 2 * DIVERGED_FOR + 1):
        record.add(cycle, numbers_with([3.0]), None, {})
    assert record.first_fault() is None


def test_an_experiment_that_is_not_finite_is_lost_in_that_cycle():
    record = Record(2, climate=2.0)
    assert record.add(1, numbers_with([0.1, 0.2]), None, {}) is None
    bad = record.add(2, numbers_with([0.1, math.inf]), None, {})
    assert bad is not None
    assert bad.tolist() == [False, True]
    record.add(3, numbers_with([0.1, 0.3]), None, {})
    assert record.blown_up.tolist() == [0, 2]
    assert record.of("rmse_analysis")[1].isnan().tolist() == [False, True]
    record.end(4)
    assert record.blown_up.tolist() == [4, 2]


def test_an_experiment_is_judged_in_a_cycle_in_which_another_is_not_finite_any_more():
    record = Record(2, climate=2.0)
    for cycle in range(1, DIVERGED_FOR + 1):
        record.add(cycle, numbers_with([3.0, math.inf if cycle == DIVERGED_FOR else 0.5]), None, {})
    assert record.diverged.tolist() == [1, 0]
    assert record.blown_up.tolist() == [0, DIVERGED_FOR]


def test_a_record_grows_and_keeps_what_it_had():
    record = Record(1, climate=1e9)
    for cycle in range(1, CHUNK + 11):
        record.add(cycle, numbers_with([float(cycle)]), None, {"iterations": tensor([2.0 * cycle])})
    assert record.of("rmse_analysis")[:, 0].tolist() == [float(k) for k in range(1, CHUNK + 11)]
    assert record.of("rmse_analysis", CHUNK)[:, 0].tolist() == [float(k) for k in range(CHUNK + 1, CHUNK + 11)]
    assert len(record.extras["iterations"]) == record.cycles


def test_ranks_count_after_the_spin_up():
    record = Record(1, climate=1.0)
    record.spinup = 2
    for cycle in range(1, 6):
        record.add(cycle, numbers_with([0.0]), torch.tensor([[1, 2]]), {})
    assert record.ranks is not None
    assert record.ranks.tolist() == [[3, 6]]


# --- networks ----------------------------------------------------------------------------------------------------------------


def test_rules_of_what_is_observed():
    ring, small = Lorenz96(points=12), Lorenz63()
    assert Network().components(ring, 0).tolist() == list(range(12))
    assert Network("every", 5).components(ring, 3).tolist() == [0, 5, 10]
    assert [Network("alternate").components(small, k).tolist() for k in range(4)] == [[0], [1], [2], [0]]
    assert Network("chosen", chosen=(7, 2, 7)).components(ring, 0).tolist() == [2, 7]


def test_drawn_networks():
    ring = Lorenz96(points=12)
    once = [Network("random", 4, seed=3).components(ring, cycle).tolist() for cycle in range(5)]
    assert all(one == once[0] for one in once)
    assert once[0] == sorted(set(once[0]))
    assert len(once[0]) == 4
    assert once[0] != Network("random", 4, seed=4).components(ring, 0).tolist()
    changing = [tuple(Network("changing", 4, seed=3).components(ring, cycle).tolist()) for cycle in range(50)]
    assert len(set(changing)) > 40
    assert all(len(set(one)) == 4 for one in changing)
    assert {k for one in changing for k in one} == set(range(12))
    assert changing == [tuple(Network("changing", 4, seed=3).components(ring, cycle).tolist()) for cycle in range(50)]


def test_subsets_are_all_that_are_neither_empty_nor_everything():
    found = {tuple(Network("subsets").components(Lorenz63(), cycle).tolist()) for cycle in range(200)}
    assert found == {(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (Network("random", 13), "observations.count must lie between 1 and the 12 components of lorenz96; came 13"),
        (Network("chosen", chosen=(0, 12)), "must lie between 0 and 11; came 12"),
        (Network("chosen"), "came none"),
        (Network("subsets"), "lorenz96 has 12"),
        (Network(fields=("u",)), "lorenz96 has a single field; came 'u'"),
    ],
)
def test_networks_that_cannot_be(network, expected):
    with pytest.raises(InputError, match=expected.replace(".", r"\.")):
        network.components(Lorenz96(points=12), 0)


def test_an_operator_picks_the_components():
    H = Network("every", 4).operator(Lorenz96(points=12), 0, random(12))
    state = random(3, 12)
    assert torch.equal(H(state), state[:, ::4])


# --- the twin ----------------------------------------------------------------------------------------------------------------


def twin(network: Network, sigma: float = 1.0, noise: float = 1.0) -> Twin:
    model = Lorenz96(points=12)
    return Twin(model, network, 2, 2, sigma, noise, model.draw_start(3, seeded(5)), seeded(6))


def test_more_observations_and_other_assumptions_do_not_change_the_errors_of_others():
    whole, few, assumed, doubled = (
        twin(Network()),
        twin(Network("every", 5)),
        twin(Network(), sigma=3.0),
        twin(Network(), noise=2.0),
    )
    for _ in range(4):
        y, part, same, large = whole.advance(), few.advance(), assumed.advance(), doubled.advance()
        assert torch.equal(part.values, y.values[:, ::5])
        assert torch.equal(same.values, y.values)
        assert same.error.sigma.tolist() == [3.0] * 12
        assert torch.equal(whole.truth, doubled.truth)
        torch.testing.assert_close(large.values - doubled.truth, 2 * (y.values - whole.truth))
    assert len({tuple(row) for row in y.values.tolist()}) == 3


def test_a_network_that_is_changed_in_mid_run_leaves_truth_and_later_errors():
    whole, turned = twin(Network()), twin(Network())
    for cycle in range(6):
        if cycle == 3:
            turned.network = Network("chosen", chosen=(4, 9))
        y, part = whole.advance(), turned.advance()
    assert torch.equal(whole.truth, turned.truth)
    assert torch.equal(part.values, y.values[:, [4, 9]])


def test_the_truth_is_a_run_of_the_model_and_errors_have_their_size():
    one = twin(Network(), noise=0.0)
    start = one.truth
    for _ in range(3):
        y = one.advance()
        assert torch.equal(y.values, one.truth)
    torch.testing.assert_close(one.truth, one.dynamics.advance(start, 6))
    assert one.times == pytest.approx([0.1, 0.2, 0.3])
    assert (one.cycle, one.time) == (3, pytest.approx(0.3))
    noisy = twin(Network(), noise=0.7)
    errors = torch.cat([noisy.advance().values - noisy.truth for _ in range(200)])
    assert float(errors.std()) == pytest.approx(0.7, rel=0.05)
    assert abs(float(errors.mean())) < 0.04
