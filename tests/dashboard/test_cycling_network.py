"""The card of a trained network among the methods of a race."""

import pytest
import torch

from backends.experiments.training.trained import runs_of
from backends.learning.state import pack
from dashboard.cycling.method_controls import MethodControls
from dashboard.cycling.state import CyclingState


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path))
    return tmp_path


def keep(home, run, task):
    folder = home / "checkpoints" / run
    folder.mkdir(parents=True)
    (folder / "newest").write_bytes(pack({"a": torch.zeros(1)}, {"task": task}))


def card_of_a_network():
    state = CyclingState()
    controls = MethodControls(state)
    state.add_method("network")
    section = state.methods[-1]
    _, card = controls._cards[id(section)]
    state.close()
    return section, card


def test_without_a_training_it_says_where_to_train_one(home):
    keep(home, "abcd01", "aivar-1d")
    section, card = card_of_a_network()
    assert section.run == ""
    assert any("None has been trained yet" in str(getattr(part, "object", "")) for part in card)


def test_the_newest_training_is_chosen_and_others_are_offered(home):
    keep(home, "abcd01", "ai-particle-filter")
    keep(home, "abcd02", "aivar-1d")
    keep(home, "abcd03", "ai-particle-filter")
    (home / "checkpoints" / "abcd04").mkdir()
    (home / "checkpoints" / "abcd04" / "newest").write_bytes(b"damaged")
    runs = list(runs_of("ai-particle-filter"))
    assert sorted(runs) == ["abcd01", "abcd03"]
    section, card = card_of_a_network()
    assert section.run == runs[0]
    (choice,) = [part for part in card if getattr(part, "label", "") == "Training run"]
    assert list(choice.options.values()) == runs
