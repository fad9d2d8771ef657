"""States of few components in a race: the attractor and the cloud of members."""

import numpy as np
import pytest

from dashboard.plots.race.attractor import Attractor
from dashboard.plots.race.cloud import Cloud
from dashboard.plots.race.frame import METHOD_COLOURS
from dashboard.theme import TRUTH
from tests.dashboard.race_figures import ends, made, states

# Attractor ------------------------------------------------------------------------------------------------------------


def test_trails_members_and_heads_of_an_attractor():
    plot = Attractor(trail=100)
    plot.configure("xyz")
    truth = states()
    before, after = np.ones((5, 3)), np.zeros((5, 3))
    plot.show(truth, {"LETKF": truth + 0.1, "3D-Var": None}, "LETKF", before, after, {0: 0.5})
    np.testing.assert_allclose(plot._trails[""].data["c1"], truth[-100:, 1], atol=1e-6)
    assert plot._trails["3D-Var"].data["c0"].size == 0
    assert not plot._entries["3D-Var"].visible
    np.testing.assert_allclose(plot._heads.data["c2"][:2], [truth[-1, 2], truth[-1, 2] + 0.1], rtol=1e-5)
    assert plot._heads.data["color"] == [TRUTH, *METHOD_COLOURS[:2]]
    hollow, filled = (plot._clouds[name].glyph for name in ("before", "after"))
    assert hollow.fill_color is None
    assert filled.fill_color == hollow.line_color == METHOD_COLOURS[0]
    plot.show(truth, {"LETKF": truth, "3D-Var": truth}, "3D-Var", before, after)
    assert hollow.line_color == METHOD_COLOURS[1]
    plot.show(truth, {"LETKF": truth, "3D-Var": truth}, "3D-Var", None, None)
    assert plot._members["before"].data["c0"].size == 0
    assert not plot._member_entries["before"].visible


@pytest.mark.parametrize(
    ("observed", "path", "point"),
    [({0: 0.5, 1: -0.5, 2: 1.0}, 0, 1), ({0: 0.5, 2: 1.0}, 2, 0), ({1: 0.5}, 5, 0), ({}, 0, 0)],
)
def test_in_space_an_observation_is_a_point_a_line_or_a_frame(observed, path, point):
    plot = Attractor()
    plot.configure(("x", "y", "z"), limits=np.array([[-1, 1], [-2, 2], [0, 3.0]]))
    plot.show(states(), {}, observed=observed)
    assert len(plot._paths.data["c0"]) == path
    assert len(plot._points.data["c0"]) == point
    for component, value in observed.items():
        assert set(plot._paths.data[f"c{component}"]) | set(plot._points.data[f"c{component}"]) == {value}
    if path == 5:  # closed, along edges
        corners = np.column_stack([plot._paths.data[f"c{k}"] for k in range(3)])
        assert (corners[0] == corners[-1]).all()
        assert ((np.diff(corners, axis=0) != 0).sum(1) == 1).all()


def test_a_plane_shows_two_components_on_axes():
    plot = Attractor()
    plot.configure(("u", "v", "w"), units="m/s", limits=np.array([[-1, 1], [-2, 2], [0, 3.0]]))
    plot.show(states(), {"LETKF": states()}, observed={2: 1.5})
    plot.set_components(0, 2)
    figure = plot.figure
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("u [m/s]", "w [m/s]")
    assert ends(figure.x_range) + ends(figure.y_range) == (-1, 1, 0, 3)
    assert set(plot._trails[""].data) == {"c0", "c1"}
    np.testing.assert_allclose(plot._trails[""].data["c1"], states()[-200:, 2], rtol=1e-6)  # what had been shown is there
    np.testing.assert_allclose(plot._paths.data["c1"], [1.5, 1.5])
    np.testing.assert_allclose(sorted(plot._paths.data["c0"]), [-1, 1])
    with pytest.raises(ValueError, match="two or three different ones below 3"):
        plot.set_components(0, 3)
    with pytest.raises(ValueError, match="two or three"):
        plot.set_components(1, 1)


def test_the_direction_of_sight_outlives_the_figure():
    plot = made(Attractor)
    plot.set_view(120, 100)
    figure = plot.figure
    plot.configure(("x", "y", "z"))
    assert plot.figure is not figure
    np.testing.assert_allclose(plot._turning.angles, [120, 90])
    used = {glyph.x.expr.args["view"] for glyph in (r.glyph for r in plot.figure.renderers) if hasattr(glyph.x, "expr")}
    assert used == {plot._turning.view}


def test_two_components_make_a_plane_and_the_box_follows_the_states():
    plot = Attractor()
    plot.configure(("x", "v"))
    assert plot._components == (0, 1)
    plot.configure(("x", "y", "z"), backdrop=states())
    box = plot._turning.box.data
    assert box["centre"][2] - box["half"][2] <= 0
    assert box["centre"][2] + box["half"][2] >= states()[-1, 2]
    plot.show(states() + 5, {})
    box = plot._turning.box.data
    assert box["centre"][0] + box["half"][0] >= 6
    with pytest.raises(ValueError, match=r"expected \(any, 3\)"):
        plot.show(np.ones((4, 2)), {})


# Cloud ----------------------------------------------------------------------------------------------------------------


def test_a_cloud_before_and_after():
    plot = Cloud()
    plot.configure(("x", "y", "z"), units="m")
    random = np.random.default_rng(2)
    before, after = random.normal(size=(20, 3)), random.normal(size=(20, 3)) * 0.3
    plot.show(before, after, np.zeros(3), {1: 0.5, 2: 9.0})
    np.testing.assert_allclose(plot._members["before"].data["y"], before[:, 1], rtol=1e-6)
    np.testing.assert_allclose(plot._means["after"].data["x"], [after[:, 0].mean()], rtol=1e-4)
    np.testing.assert_allclose(plot._links.data["x1"], after[:, 0], rtol=1e-6)
    assert plot._lines[0].data == {"at": []}
    assert plot._lines[1].data == {"at": [0.5]}
    assert plot.figure.yaxis[0].axis_label == "y [m]"
    low, high = ends(plot.figure.x_range)
    assert low < before[:, 0].min() < before[:, 0].max() < high
    plot.set_plane(2, 0)
    np.testing.assert_allclose(plot._members["after"].data["x"], after[:, 2], rtol=1e-6)
    assert plot._lines[0].data == {"at": [9.0]}
    plot.show(before, after, linked=False, means=(np.ones(3), None))
    assert len(plot._links.data["x0"]) == 0
    np.testing.assert_allclose(plot._means["before"].data["x"], [1])


def test_a_cloud_that_drifts_keeps_its_axes_until_it_leaves_them():
    plot = made(Cloud)
    points = np.random.default_rng(3).normal(size=(50, 3))
    plot.show(points, points)
    old = ends(plot.figure.x_range)
    plot.show(points * 0.9 + 0.05, points)
    assert ends(plot.figure.x_range) == old
    plot.show(points + 30, points + 30)
    assert ends(plot.figure.x_range) != old
    broken = points.copy()
    broken[3] = np.nan
    plot.show(broken, None)
    assert np.isfinite(ends(plot.figure.x_range)).all()
    with pytest.raises(ValueError, match="two different components below 3"):
        plot.set_plane(1, 1)
    with pytest.raises(ValueError, match="before: shape"):
        plot.show(np.ones((4, 2)), None)
