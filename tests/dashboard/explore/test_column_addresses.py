"""What a person has said of the columns of a CSV file is in the address, and another page asks nobody again."""

import numpy as np
import pytest

from backends.observations.columns import Columns
from dashboard.address import query_of
from tests.dashboard.explore.pages import opened, wait

#: A file whose header says nothing, with a name that has dots and signs.
ODD = "who,a.1,b,when,c & d\n" + "\n".join(f"S{k},{40 + k},{k},2021-05-16T12:00,{10 + k}" for k in range(6))
SAID = Columns(
    {"latitude": "a.1", "longitude": "b", "time": "when", "station": "who"}, {"c & d": "air_temperature"}, {"c & d": "degC"}
)


@pytest.fixture
def odd(folder):
    (folder / "odd.csv").write_text(ODD)
    return folder


@pytest.fixture
def answered(odd):
    """A page whose visitor was asked, and has answered."""
    page = opened(odd, "", "?v=1&dataset=odd.csv")
    assert page.state.observations.question is not None
    page.state.observations.answer(SAID)
    wait(page)
    yield page
    page.close()


def test_columns_that_were_said_are_in_the_address(odd, answered):
    query = query_of(answered.address.now())
    other = opened(odd, "", query)
    state = other.state.observations
    assert not other.address.faults
    assert state.question is None
    assert state.columns == SAID
    np.testing.assert_allclose(state.table.value, np.arange(6) + 283.15)
    assert query_of(other.address.now()) == query
    other.close()


def test_columns_that_a_person_says_take_the_place_of_those_of_an_address_and_back_brings_them(odd, answered):
    query = query_of(answered.address.now())
    other = opened(odd, "", query)
    state = other.state.observations
    kelvin = Columns(SAID.roles, SAID.variables, {"c & d": "K"})
    state.ask()
    wait(other)
    state.answer(kelvin)
    wait(other)
    np.testing.assert_allclose(state.table.value, np.arange(6) + 10.0)
    other.address.look()  # as the page does a few times a second
    assert query_of(other.address.now()) != query
    other.address.travel(query)
    wait(other)
    np.testing.assert_allclose(state.table.value, np.arange(6) + 283.15)
    assert query_of(other.address.now()) == query
    other.close()


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("[[latitude,a.1],[longitude,east],[air_temperature,b]]", "there is no column east"),
        ("[[latitude,a.1],[longitude,b],[air_temperature,b,furlong]]", "furlong"),
    ],
)
def test_columns_that_do_not_fit_are_asked_about_with_the_reason(odd, columns, says):
    page = opened(odd, "", f"?v=1&dataset=odd.csv&columns={columns}")
    state = page.state.observations
    assert state.question is not None
    assert says in state.open_problem
    page.close()


def test_columns_that_are_no_columns_are_said(odd):
    page = opened(odd, "", "?v=1&dataset=odd.csv&columns=[[latitude]]")
    assert any(fault.startswith("columns") for fault in page.address.faults)
    assert page.state.observations.question is not None
    page.close()


def test_columns_that_were_guessed_are_not_in_the_address(folder):
    (folder / "plain.csv").write_text("lat,lon,t2m\n40,1,280\n41,2,281\n")
    page = opened(folder, "", "?v=1&dataset=plain.csv")
    assert "columns" not in query_of(page.address.now())
    page.close()
