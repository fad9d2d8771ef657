"""Memory that is asked for before a computation begins, and the lack of it told in one sentence."""

import numpy as np
import psutil
import pytest
import torch

from backends.errors import InputError
from backends.experiments import experiment as analyses
from backends.experiments import repeat
from backends.experiments.cycling.race import HELD_AT_ONCE, Race
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.rollout import prepare as rollouts
from backends.experiments.run import from_yaml
from backends.experiments.training.job import run_job as train
from backends.jobs.context import LocalContext
from backends.memory import GIB, ask, gradients_ask, is_lack, lack_is_told, most
from tests.backends.experiments import LINE, NOWHERE, experiment, settings, summary


def race(**changes):
    values = {
        "dynamics": {"name": "lorenz96"}, "repeat": 10, "precision": "double", "cycles": 5, "spinup": 0,
        "methods": [{"name": "etkf", "members": 20}],
    }  # fmt: skip
    return CyclingSettings.model_validate({**values, **changes})


def test_a_race_that_would_not_fit_is_refused_before_it_begins(monkeypatch):
    needed = HELD_AT_ONCE * 20 * 10 * 40 * 8  # copies, members, experiments, variables of Lorenz-96, bytes
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{needed / GIB!r}")
    Race(race())
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{(needed - 1) / GIB!r}")
    with pytest.raises(InputError, match=r"20 members of 40 variables in 10 experiments need .* GiB of memory; .* Take fewer"):
        Race(race())


def test_a_rollout_that_would_not_fit_is_refused_before_any_member_is_drawn(monkeypatch):
    yaml = """
        {kind: rollout, start: {name: testbed, dynamics: {name: lorenz96}}, models: [{name: perfect}, {name: persistence}],
         steps: 4, members: 20, starts: 10}
    """
    needed = (rollouts.HELD_AT_ONCE + 2) * 20 * 10 * 40 * 8  # copies and models, members, starts, variables, bytes
    monkeypatch.setenv("ASSIMILAB_DEVICE", "cpu")
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{needed / GIB!r}")
    rollouts.prepare(from_yaml(yaml), NOWHERE)
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{(needed - 1) / GIB!r}")
    monkeypatch.setattr(rollouts, "starts_of", None)
    with pytest.raises(InputError, match=r"2 models, 20 members of 40 variables from 10 starts need .* Take fewer members"):
        rollouts.prepare(from_yaml(yaml), NOWHERE)


def test_an_analysis_of_too_many_observations_is_refused(monkeypatch):
    asked = settings(case=LINE, observations={"count": 50})
    line = experiment(**LINE)
    monkeypatch.setattr(analyses, "MANY", 49)
    needed = analyses.HELD_AT_ONCE * 50 * 50 * 8
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{needed / GIB!r}")
    line.run(asked)
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{(needed - 1) / GIB!r}")
    with pytest.raises(InputError, match=r"the matrices of 50 observations need .* Take fewer observations"):
        line.run(asked)


def test_draws_are_solved_in_smaller_blocks_where_there_is_less_memory_with_the_same_scores(monkeypatch):
    sizes = []
    plain = repeat._batch

    def counted(experiment, settings, first, which):
        sizes.append(len(which))
        return plain(experiment, settings, first, which)

    monkeypatch.setattr(repeat, "_batch", counted)
    asked = {"case": LINE, "observations": {"count": 20}, "repeat": 10}
    wide = summary(**asked)
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{3 * 20 * 20 * 8 * repeat.COPIES / GIB!r}")
    narrow = summary(**asked)
    assert sizes == [10, 3, 3, 3, 1]
    for name in ("rmse_analysis", "j", "rmse_analysis_se"):
        assert narrow[name] == pytest.approx(wide[name], rel=1e-5)


def test_a_training_whose_batch_would_not_fit_is_refused_in_its_first_step(monkeypatch):
    yaml = """
        {kind: training, task: aivar-1d, iterations: 2, points: 40, observations: {count: [5, 20]}, batch: 64,
         network: {name: mlp, width: 16}}
    """
    monkeypatch.setenv("ASSIMILAB_MEMORY", "0.00001")
    with pytest.raises(InputError, match=r"64 samples at once need more than the .* for the gradient alone. Take a smaller"):
        train(yaml, NOWHERE, LocalContext())
    monkeypatch.setenv("ASSIMILAB_MEMORY", "1")
    assert train(yaml, NOWHERE, LocalContext())["iterations"] == 2


def test_what_is_kept_for_a_gradient_is_counted_once_and_changes_nothing(monkeypatch):
    x = torch.linspace(0, 1, 1000, dtype=torch.float64, requires_grad=True)  # 8,000 bytes

    def gradient():
        (grad,) = torch.autograd.grad((x * x).exp().sum(), x)  # keeps x, twice, and the exponentials
        return grad

    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{16_000 / GIB!r}")
    with gradients_ask("these", ""):
        watched = gradient()
    torch.testing.assert_close(watched, gradient(), rtol=0, atol=0)
    monkeypatch.setenv("ASSIMILAB_MEMORY", f"{15_999 / GIB!r}")
    with pytest.raises(InputError, match="these need more than"), gradients_ask("these", ""):
        gradient()


def test_without_a_setting_it_is_a_part_of_what_is_free(monkeypatch):
    monkeypatch.delenv("ASSIMILAB_MEMORY", raising=False)
    monkeypatch.setenv("ASSIMILAB_DEVICE", "cpu")
    assert 0 < most() < psutil.virtual_memory().total
    ask(most() // 2, "these", "")
    with pytest.raises(InputError, match="these need"):
        ask(psutil.virtual_memory().total, "these", "")
    for text in ("much", "0", "-3", "nan"):
        monkeypatch.setenv("ASSIMILAB_MEMORY", text)
        with pytest.raises(InputError, match="ASSIMILAB_MEMORY: must be a positive number of GiB; came"):
            most()


@pytest.mark.parametrize("take", [torch.zeros, np.ones, bytearray])
def test_the_lack_of_memory_is_a_sentence_whoever_tells_it(take):
    with pytest.raises(InputError, match="there is not enough memory for this"), lack_is_told():
        take(2**48)


def test_other_faults_are_left_as_they_are():
    assert is_lack(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_lack(RuntimeError("shapes do not match"))
    with pytest.raises(ZeroDivisionError), lack_is_told():
        _ = 1 / 0
