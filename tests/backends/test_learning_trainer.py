"""Training: it goes on from its state as if it had never stopped, and says what is wrong."""

import pytest
import torch

from backends.errors import InputError
from backends.learning.gallery import Map, Panel, Series, from_json, to_json
from backends.learning.state import pack, unpack
from backends.learning.trainer import Schedule, Trainer, load_weights, weights_of
from backends.learning.variational.line import LineDraws
from backends.learning.variational.networks import IncrementNetwork
from backends.learning.variational.pictures import line_pictures
from backends.learning.variational.task import AIVar


def trainer(width=16, iterations=40, rate=1e-3):
    torch.manual_seed(0)
    task = AIVar("aivar-1d", IncrementNetwork(40, width), LineDraws(40, count=(5, 20)), 8, False, line_pictures)
    return Trainer(task, Schedule(rate, iterations), seed=3)


def test_a_training_that_goes_on_is_one_that_never_stopped():
    whole = trainer()
    losses = [whole.step()["loss"] for _ in range(40)]
    first = trainer()
    begun = [first.step()["loss"] for _ in range(17)]
    second = trainer()
    second.restore(first.state())
    assert begun + [second.step()["loss"] for _ in range(23)] == pytest.approx(losses, rel=1e-6)
    assert second.iteration == 40
    assert second.progress == 1
    for mine, theirs in zip(second.task.network.parameters(), whole.task.network.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-8)


def test_it_learns():
    training = trainer(64, 300)
    before = training.task.validate()
    for _ in range(300):
        training.step()
    after = training.task.validate()
    assert after["cost_gap_median"] < 0.5 * before["cost_gap_median"]
    assert after["j_3dvar"] == before["j_3dvar"] < after["j_network"]


def test_a_loss_that_is_not_finite_ends_it_with_the_weights_before():
    training = trainer()
    training.step()
    kept = training.state()
    with torch.no_grad():
        weight = next(training.task.network.parameters())
        value = weight[0, 0].clone()
        weight[0, 0] = float("nan")
    with pytest.raises(InputError, match="loss became nan at iteration 2"):
        training.step()
    with torch.no_grad():
        weight[0, 0] = value
    (tensors, facts), (before, known) = unpack(training.state()), unpack(kept)
    assert facts == known
    assert all(torch.equal(tensors[name], before[name]) for name in before if name != "generator")


def test_the_rate_falls_along_a_cosine():
    schedule = Schedule(1e-2, 100)
    assert schedule.rate(0) == 1e-2
    assert schedule.rate(0.5) == pytest.approx(1e-2 * 0.505)
    assert schedule.rate(1) == pytest.approx(1e-4)
    assert Schedule(1, 100, 10.0).progress(20, 9.0) == 0.9
    with pytest.raises(InputError, match="needs an end"):
        Schedule(1, None, None)


def test_a_damaged_checkpoint_is_named():
    content = trainer().state()
    for damaged in (content[:100], b"", b"x" * 300):
        with pytest.raises(InputError, match="cannot be read; it is damaged"):
            trainer().restore(damaged)


def test_weights_alone_are_no_checkpoint():
    training = trainer()
    with pytest.raises(InputError, match="which has no 'generator'; one can be fine-tuned"):
        training.restore(weights_of(training.task))
    line_search = Trainer(trainer().task, Schedule(1.0, 10, optimiser="lbfgs"), 1)
    with pytest.raises(InputError, match="of the optimiser 'adam'; expected 'lbfgs'"):
        line_search.restore(training.state())


def test_weights_of_another_shape_or_task_are_named():
    small = unpack(weights_of(trainer(8).task))
    with pytest.raises(InputError, match=r"layers.0.weight of the network have shape \(8, 120\); expected \(16, 120\)"):
        load_weights(trainer(16).task, *small)
    with pytest.raises(InputError, match="of the task 'other'; expected 'aivar-1d'"):
        load_weights(trainer(8).task, small[0], {"task": "other"})
    with pytest.raises(InputError, match="has no weights 'more'"):
        load_weights(trainer(8).task, small[0] | {"network.more": torch.zeros(1)}, small[1])


def test_tensors_and_facts_come_back():
    tensors, facts = unpack(pack({"a": torch.arange(3), "b": torch.ones(2, 2).double().T}, {"n": "1"}))
    assert facts == {"n": "1"}
    assert tensors["a"].tolist() == [0, 1, 2]
    assert tensors["b"].dtype == torch.float64


def test_pictures_come_back_and_are_rounded():
    panel = Panel(
        "a case", "x", "y",
        (Series.of("truth", "truth", torch.arange(3), torch.tensor([1 / 3, -2.0, 1e-9])),),
        (Map.of("field", torch.eye(2), (0, 0, 1, 2)),),
    )  # fmt: skip
    (back,) = from_json(to_json((panel,)))
    assert back == panel
    assert back.series[0].y == (0.33333, -2.0, 1e-9)
    for damaged in ("{", "[1]", '[{"title": 1}]'):
        with pytest.raises(InputError, match="cannot be read"):
            from_json(damaged)


def test_the_gallery_shows_truth_exact_and_network():
    panels = trainer().task.gallery()
    assert [s.role for s in panels[0].series] == ["truth", "background", "observations", "exact", "network"]
    assert panels[-1].log == "xy"
