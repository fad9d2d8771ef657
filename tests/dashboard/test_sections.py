"""Sections of settings as a page holds them: made once for the same values, and anew for others."""

import pytest

from backends.errors import InputError
from backends.experiments.settings import OF_REAL, ObservationSettings
from dashboard.sections import section_state


@pytest.fixture
def section():
    return section_state(ObservationSettings, count=20)


def test_a_section_is_made_once_for_the_same_values(section):
    whole, part = section.settings(), section.settings(OF_REAL)
    assert section.settings() is whole
    assert section.settings(OF_REAL) is part
    assert whole.model_fields_set == set(section.KEYS)
    assert part.model_fields_set == OF_REAL


@pytest.mark.parametrize("only", [None, {"count"}])
def test_who_is_told_of_a_change_is_given_the_section_with_it(section, only):
    seen = []
    section.param.watch(lambda _event: seen.append(section.settings(only).count), "count")
    section.settings(only)
    section.count = 30
    section.param.update(count=40, seed=3)
    assert seen == [30, 40]
    assert section.settings().seed == 3


def test_a_value_that_equals_the_last_one_may_still_be_wrong(section):
    section.count = 1
    section.settings()
    section.count = True
    with pytest.raises(InputError, match="must not be true or false"):
        section.settings()
    section.count = -1
    with pytest.raises(InputError, match="number of observations"):
        section.settings()
    section.count = 5
    assert section.settings().count == 5
