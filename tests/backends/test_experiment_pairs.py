"""Settings as pairs of keys and texts: there and back, and what is left out because it is wrong."""

import pytest

from backends.errors import InputError
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.pairs import read, to_pairs
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.sections import Section
from backends.experiments.settings import AnalysisSettings
from tests.dashboard.helpers import SCRIPT


class Needing(Section):
    """A section with a key that must be given."""

    path: str


def test_pairs_are_dotted_keys_and_yaml():
    tree = {"case": {"name": "field", "time": "2019-03-16", "level": None}, "methods": [{"name": "free"}, {"members": 8}]}
    tree |= {"places": [[0.1, 2], [0.25, 3]], "title": "5", "none": [], "on": True, "word": "no", "two": "a\nb"}
    assert to_pairs(tree) == (
        ("case.name", "field"), ("case.time", "2019-03-16"), ("case.level", "null"),
        ("methods.0.name", "free"), ("methods.1.members", "8"),
        ("places", "[[0.1,2],[0.25,3]]"), ("title", '"5"'), ("none", "[]"), ("on", "true"), ("word", "no"), ("two", '"a\\nb"'),
    )  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        AnalysisSettings(),
        AnalysisSettings.model_validate(
            {
                "case": {"name": "field", "path": "b c&d=e.nc", "variable": "t", "time": "2019-03-16T12:00", "level": 850},
                "observations": {"places": [[0.1, 1e-9], [-3, 4]], "placement": "clicked", "innovation": 1.0},
            }
        ),
        CyclingSettings.model_validate(
            {
                "title": SCRIPT,
                "observations": {"components": [0, 5, 7]},
                "methods": [{"name": "free"}, {"name": "letkf", "localization": {"radius": 3}}, {"name": "free", "label": "7"}],
            }
        ),
        RolloutSettings.model_validate(
            {"models": [{"name": "perfect"}, {"name": "wrong", "model": {"forcing": 7.0}}], "start": {"name": "testbed"}}
        ),
    ],
    ids=["defaults", "field", "race", "rollout"],
)
def test_settings_come_back_as_they_were(settings):
    found = read(to_pairs(settings.tree()), type(settings))
    assert found.settings == settings
    assert not found.faults


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        (("observations.count", "many"), "observations.count: must be a whole number; came 'many'"),
        (("observations.count", SCRIPT), f"observations.count: must be a whole number; came {SCRIPT!r}"),
        (("observations.cuont", "3"), "there is no key 'observations.cuont'; did you mean 'observations.count'?"),
        (("sigma", "3"), "there is no key 'sigma'; did you mean 'background_error.sigma' or 'observations.sigma'?"),
        (("observations.count.more", "3"), "observations.count: must be a whole number; came {'more': 3}"),
        (("case", "3"), "case: cannot stand beside a value of the key above or below it"),
        (("case.points", "30"), "case.points: must be at least 40; came 30"),
        (("background_error.sigma", "2"), "background_error.sigma: is given twice; the first counts"),
        (("observations.places", "[[0.5]"), "observations.places: '[[0.5]' is not YAML at line 1"),
        (("observations.places", "[[0.5]]"), "observations.places are used where placement is 'clicked'"),
        (("observations.placement", "case"), "observations.placement: 'case' is for the course's cases"),
        (("..", "1"), "'..' is no key"),
        (("a." * 9 + "a", "1"), "is no key"),
        (("case.length", ".inf"), "case.length: must be a finite number"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_counts(pair, fault):
    right = (("case.name", "periodic-1d"), ("case.points", "60"), ("background_error.sigma", "1.5"))
    right = tuple(other for other in right if other[0] != pair[0] or pair[0] == "background_error.sigma")
    found = read((*right, pair), AnalysisSettings)
    assert len(found.faults) == 1
    assert fault in found.faults[0]
    assert found.settings.background_error.sigma == 1.5
    assert found.settings.observations.count == 100
    assert found.given == tuple(key for key, _ in right)


def test_a_wrong_entry_of_a_list_is_named_by_its_own_number():
    pairs = [("methods.0.name", "free"), ("methods.3.name", "none"), ("methods.7.name", "etkf"), ("methods.7.members", "x")]
    found = read(pairs, CyclingSettings)
    assert [method.name for method in found.settings.methods] == ["free", "etkf"]
    assert [fault.partition(":")[0] for fault in found.faults] == ["methods.3.name", "methods.7.members"]


def test_settings_that_cannot_be_without_a_key_say_so():
    with pytest.raises(InputError, match="path is missing"):
        read([("path", "3")], Needing)


def test_few_characters_do_not_become_millions_of_values():
    bomb = "[&a [" + "x," * 1500 + "x]" + ",*a" * 1500 + "]"
    found = read([("observations.placement", "clicked"), ("observations.places", bomb)], AnalysisSettings)
    assert "refers to another value by *" in found.faults[0]
