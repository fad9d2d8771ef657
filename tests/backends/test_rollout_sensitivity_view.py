"""Sensitivity as pages show it: boxes, the part of the start, and the places that are named."""

from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout.layout import layout_of_world
from backends.experiments.rollout.prepare import Prepared, prepare
from backends.experiments.rollout.sensitivity import Question, bounds_of, components, ranges_of, sensitivity_of
from backends.experiments.rollout.settings import RolloutSettings

PLANE = {"name": "advection-diffusion", "nx": 26, "nz": 10}


def prepared(dynamics: dict, **changes: object) -> Prepared:
    tree = {
        "kind": "rollout", "start": {"name": "testbed", "dynamics": dynamics},
        "steps": 20, "every": 10, "members": 3, "starts": 2,
    }  # fmt: skip
    return prepare(RolloutSettings.model_validate({**tree, **changes}), Path())


@pytest.fixture(scope="module")
def plane() -> Prepared:
    return prepared(PLANE)


def test_a_box_holds_the_cells_whose_middles_lie_in_it(plane):
    layout = layout_of_world(plane.world)  # cells of 0.05 km by 0.036 km
    ranges = ranges_of(layout, ((0.10, 0.26), (0.0, 0.1)))
    assert ranges == ((0, 3), (2, 5))  # middles at 0.125, 0.175, 0.225 and 0.018, 0.054, 0.09
    np.testing.assert_allclose(bounds_of(layout, ranges), ((0.10, 0.25), (0.0, 0.108)))
    assert ranges_of(layout, bounds_of(layout, ranges)) == ranges
    assert ranges_of(layout, ((0.71, 0.71), (0.36, 0.36))) == ((9, 10), (14, 15))  # no middle: the cell
    assert ranges_of(layout, ((-5, 5), (-5, 5))) == ((0, 10), (0, 26))
    for outside in (((1.4, 1.5), (0, 0.1)), ((0.3, 0.2), (0, 0.1))):
        with pytest.raises(InputError, match=r"x \[km\]: the box must lie within 0 to 1.3"):
            ranges_of(layout, outside)
    with pytest.raises(InputError, match=r"bounds along x \[km\] and z \[km\]; came 1"):
        ranges_of(layout, ((0, 1),))
    chosen = components(layout, 0, ranges).nonzero().flatten().tolist()
    assert chosen == [26 * row + column for row in (0, 1, 2) for column in (2, 3, 4)]


def test_of_a_linear_model_errors_of_the_start_are_the_whole_error(plane):
    layout = layout_of_world(plane.world)
    question = Question(0, 1, None, 20, 0, ((2, 6), (8, 14)))
    got = sensitivity_of(plane, layout, question)
    start = plane.ensemble[1].mean(0).numpy() - plane.starts.states[1].numpy()
    np.testing.assert_allclose(got.start_error, start)
    assert got.rmse > 0
    assert got.from_start == pytest.approx(got.rmse, rel=1e-9)
    box = got.error.reshape(10, 26)[2:6, 8:14]
    assert got.rmse == pytest.approx(float(np.sqrt((box**2).mean())))
    other = sensitivity_of(plane, layout, Question(0, 1, 2, 20, 0, ((2, 6), (8, 14))))
    np.testing.assert_allclose(other.start_error, plane.ensemble[1, 2].numpy() - plane.starts.states[1].numpy())


def test_the_gradient_is_that_of_the_rmse():
    lorenz = prepared({"name": "lorenz96", "points": 12}, members=1)
    layout = layout_of_world(lorenz.world)
    question = Question(0, 0, None, 20, 0, ((3, 6),))
    got = sensitivity_of(lorenz, layout, question)

    def rmse(component: int, by: float) -> float:
        lorenz.ensemble[0, 0, component] += by
        try:
            return sensitivity_of(lorenz, layout, question).rmse
        finally:
            lorenz.ensemble[0, 0, component] -= by

    apart = [(rmse(k, 1e-5) - rmse(k, -1e-5)) / 2e-5 for k in range(12)]
    np.testing.assert_allclose(got.gradient, apart, rtol=1e-5, atol=1e-8)


def test_places_are_the_largest_first_and_apart(plane):
    layout = layout_of_world(plane.world)
    got = sensitivity_of(plane, layout, Question(0, 0, None, 10, 0, ((2, 6), (8, 14))))
    (places,) = got.places
    size = np.abs(got.gradient)
    assert places[0] == size.argmax()
    assert list(size[list(places)]) == sorted(size[list(places)], reverse=True)
    assert size[list(places)].min() >= 0.1 * size.max()
    field = size.reshape(10, 26)
    for place in places:
        row, column = divmod(place, 26)
        columns = [(column + by) % 26 for by in (-1, 0, 1)]
        assert field[max(row - 1, 0) : row + 2, columns].max() == size[place]  # a summit, not the side of another
    for k, a in enumerate(places):
        for b in places[:k]:
            across = abs(a % 26 - b % 26)
            assert min(across, 26 - across) > 2 or abs(a // 26 - b // 26) > 1


def test_few_numbers_are_asked_for_one_by_one():
    butterfly = prepared({"name": "lorenz63"}, steps=40, models=[{"name": "perfect"}, {"name": "climatology"}])
    layout = layout_of_world(butterfly.world)
    got = sensitivity_of(butterfly, layout, Question(0, 0, None, 40, 2, ()))
    assert got.rmse == pytest.approx(abs(got.error[2]))
    assert sorted(got.places[0]) == [0, 1, 2]
    none = sensitivity_of(butterfly, layout, Question(1, 0, None, 40, 2, ()))
    assert none.rmse > 0
    assert not none.gradient.any()
    assert none.places == ((),)


def test_without_an_error_there_is_nothing_to_be_sensitive_to():
    line = prepared({"name": "advection-1d", "points": 20, "waves": 3}, members=1, perturbation={"name": "none"})
    got = sensitivity_of(line, layout_of_world(line.world), Question(0, 0, None, 10, 0, ((3, 6),)))
    assert got.rmse < 1e-12
    assert not got.gradient.any() or np.isfinite(got.gradient).all()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": 3}, "the model must be from 0 to 2; came 3"),
        ({"start": 2}, "the start must be from 0 to 1; came 2"),
        ({"member": 3}, "the member must be from 0 to 2; came 3"),
        ({"lead": 30}, "the lead must be from 1 to 20; came 30"),
        ({"field": 1}, "the states have φ, numbers 0 to 0; came 1"),
        ({"ranges": ((0, 11), (0, 4))}, "must lie within 0 to 10"),
    ],
)
def test_what_is_not_there_is_said(plane, changes, sentence):
    question = {"model": 0, "start": 0, "member": None, "lead": 10, "field": 0, "ranges": ((0, 2), (0, 2)), **changes}
    with pytest.raises(InputError, match=sentence):
        sensitivity_of(plane, layout_of_world(plane.world), Question(**question))
