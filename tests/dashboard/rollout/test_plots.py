"""Figures of forecasts: frames that are exchanged, colours that are shared, curves with intervals."""

import numpy as np
import pytest
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, LinearColorMapper

from backends.experiments.cycling.layout import Layout
from backends.experiments.rollout.series import Series, Winds
from dashboard.plots.rollout.curves import FEW, LeadCurve, LeadCurves
from dashboard.plots.rollout.lines import LineFrames, Plume
from dashboard.plots.rollout.maps import MapFrames, Named
from dashboard.plots.rollout.meteogram import Meteogram
from dashboard.plots.rollout.phase import PhaseFrames
from dashboard.plots.rollout.reel import Reel, Strip, as_frames
from dashboard.plots.rollout.spectra import Spectra

LEADS = np.array([0.0, 1.0, 2.0])
VALID = ("0 h", "1 h", "2 h")
PLANE = Layout("plane", ("q",), ("g/kg",), (2, 3), (0.0, 3.0, 0.0, 2.0), ("x [km]", "z [km]"), True)


def strip(values: np.ndarray) -> Strip:
    return Strip(ColumnDataSource(data={"y": values[0]}), {"y": as_frames(values)})


# The reel -----------------------------------------------------------------------------------------------------------


def test_few_frames_are_given_to_the_browser_and_the_clock_exchanges_them():
    values = np.arange(12.0).reshape(3, 4)
    reel, shown = Reel(), strip(values)
    reel.load([shown], lead=2)
    assert reel.held
    assert reel.lead == 2
    np.testing.assert_array_equal(shown.source.data["y"], values[2])
    np.testing.assert_array_equal(np.stack(shown.store.data["y"]), values)
    (draw,) = reel.clock.js_property_callbacks["change:data"]
    assert draw.args["source"] is shown.source
    reel.go(1)  # the browser has done it
    np.testing.assert_array_equal(shown.source.data["y"], values[2])
    reel.clear()
    assert reel.clock.js_property_callbacks["change:data"] == []


def test_more_frames_than_fit_are_sent_one_by_one():
    values = np.arange(12.0).reshape(3, 4)
    reel, shown = Reel(most_bytes=47), strip(values)  # 12 numbers of 4 bytes
    reel.load([shown])
    assert not reel.held
    assert "y" not in shown.store.data
    reel.go(1)
    np.testing.assert_array_equal(shown.source.data["y"], values[1])
    reel.go(99)
    np.testing.assert_array_equal(shown.source.data["y"], values[2])


def test_what_is_not_finite_is_a_gap():
    frames = as_frames(np.array([[1.0, np.inf], [np.nan, 1e300]]))
    assert [frame.dtype for frame in frames] == [np.float32, np.float32]
    np.testing.assert_array_equal(np.isnan(frames), [[False, True], [True, True]])


# Pictures -----------------------------------------------------------------------------------------------------------


def test_lines_have_a_band_for_each_model_and_tell_which_point_was_clicked():
    tapped = []
    lines = LineFrames(on_tap=tapped.append)
    truth = np.arange(15.0).reshape(3, 5)
    (shown,) = lines.show(truth, {"a": Plume(truth + 1, truth, truth + 2), "b": Plume(truth, truth, truth)})
    assert set(shown.frames) == {"truth", "mean_0", "low_0", "high_0", "mean_1", "low_1", "high_1"}
    np.testing.assert_array_equal(shown.frames["high_0"][2], truth[2] + 2)
    assert [item.label.value for item in lines.figure.legend[0].items] == ["truth", "a", "b"]
    assert lines.figure.y_range.start <= 0
    assert lines.figure.y_range.end >= 14
    for x in (2.4, -3.0, 99.0):
        lines._tapped(Tap(lines.figure, x=x, y=0.0))
    assert tapped == [2, 0, 4]


def test_all_maps_of_a_row_share_their_colours_and_differences_are_symmetric():
    maps = MapFrames()
    truth = np.arange(18.0).reshape(3, 6)
    models = {"a": truth + 1, "b": truth - 2}
    apart = {label: values - truth for label, values in models.items()}
    shown = maps.show(PLANE, Named("q", "g/kg", "g/kg"), truth, models, (0.0, 17.0), 2.0, apart)
    assert len(shown) == 5
    images = [fig.select_one({"type": LinearColorMapper}) for fig in maps.figures.values()]
    assert len({mapper.id for mapper in images[:3]}) == 1
    assert len({mapper.id for mapper in images[3:]}) == 1
    assert [(mapper.low, mapper.high) for mapper in (images[0], images[3])] == [(0.0, 17.0), (-2.0, 2.0)]
    assert shown[3].frames["image"][1].shape == (2, 3)
    assert (shown[4].frames["image"][1] == -2).all()
    assert [fig.title.text for fig in maps.figures.values()] == ["truth", "a", "b", "a", "b"]


def test_paths_in_space_and_in_the_plane():
    rng = np.random.default_rng(0)
    truth, backdrop = rng.normal(size=(3, 3)), rng.normal(size=(50, 3))
    members = rng.normal(size=(3, 7, 3))
    phase = PhaseFrames()
    for components in ((0, 1, 2), (0, 2)):
        heads, cloud = phase.show(("x", "y", "z"), truth, {"a": truth + 1}, {"a": members}, backdrop, components)
        last = f"c{len(components) - 1}"
        np.testing.assert_allclose(heads.frames[last][1], [truth[1, 2], truth[1, 2] + 1], rtol=1e-6)
        np.testing.assert_allclose(cloud.frames[last][2], members[2, :, 2], rtol=1e-6)


# Curves -------------------------------------------------------------------------------------------------------------


def test_a_series_is_not_flattened_by_a_model_that_goes_astray():
    meteogram = Meteogram()
    truth = np.array([0.0, 1.0, 0.5])
    calm, wild = np.tile(truth, (5, 1)), np.tile([0.0, 1e6, np.nan], (5, 1))
    meteogram.show(LEADS, VALID, [Series("x", "K", truth, {"calm": calm, "wild": wild})], "h")
    (figure,) = meteogram.figures
    assert figure.y_range.end < 10
    assert figure.xaxis.axis_label == "lead time [h]"
    assert figure.yaxis.axis_label == "x [K]"
    assert [float(frame[0]) for frame in meteogram.strip(LEADS).frames["x"]] == [0.0, 1.0, 2.0]


def test_a_meteogram_has_a_figure_for_each_variable_and_arrows_below_the_wind():
    truth = np.array([1.0, 2.0, 3.0])
    models = {"a": np.tile(truth + 1, (5, 1))}
    blows = np.array([[1.0, 0.0, -1.0], [0.0, -2.0, 1.0]])  # to the east, to the south, to the north-west
    rain = np.array([np.nan, 0.5, 0.0])
    series = [
        Series("temperature", "°C", truth, models),
        Series("wind speed", "m/s", truth, models, winds=Winds(blows, {"a": -blows})),
        Series("rain in 1 h", "mm", rain, {"a": np.tile(rain, (5, 1))}, amounts=True),
    ]
    meteogram = Meteogram()
    meteogram.show(LEADS, VALID, series, "h", np.datetime64("2025-01-10T00:00"))
    assert len({fig.x_range.id for fig in meteogram.figures}) == 1
    assert [fig.xaxis.visible for fig in meteogram.figures] == [False, False, False, True]
    assert meteogram.figures[-1].xaxis.axis_label == "lead time [h], valid time [UTC]"
    arrows = [source.data for source in meteogram.arrows[1]._sources]
    np.testing.assert_allclose(np.rad2deg(arrows[0]["angle"]), [-90, -180, 45])  # turned to the left from north
    assert [part["row"][0] for part in arrows] == [1, 0]
    bars = meteogram.panels[2]._source.data
    assert meteogram.figures[-1].y_range.start == 0
    # Side by side between the leads before and of the amount, the truth first.
    edges = [bars[f"{edge}_{k}"][1] for k in (0, 1) for edge in ("left", "right")]
    np.testing.assert_allclose(edges, [0.1, 0.5, 0.5, 0.9])
    assert [part.drawn.keys() for part in meteogram._parts] == [{"truth", "a"}] * 4


def test_what_the_legend_hides_is_hidden_in_all_figures_of_a_meteogram():
    truth = np.array([1.0, 2.0, 3.0])
    meteogram = Meteogram()
    meteogram.show(LEADS, VALID, [Series(name, "", truth, {"a": np.tile(truth, (5, 1))}) for name in "xy"])
    (entry,) = [item for item in meteogram.figures[0].legend[0].items if item.label.value == "a"]
    linked = {callback.args["other"].id for callback in entry.renderers[0].js_property_callbacks["change:visible"]}
    assert linked == {renderer.id for renderer in meteogram.panels[1].drawn["a"]}


def test_curves_have_intervals_and_keep_within_what_makes_sense():
    curves = LeadCurves("skill", reference=0.0, within=(-100.0, 100.0))
    bad = LeadCurve(np.array([0.0, -50.0, -1e5]), np.full(3, -1e6), np.zeros(3))
    curves.show(LEADS, {"bad": bad, "none": LeadCurve(np.full(3, np.nan))}, "lead time", "%")
    assert curves.figure.yaxis.axis_label == "skill [%]"
    assert -160 < curves.figure.y_range.start <= -100
    assert curves.figure.y_range.end >= 0
    np.testing.assert_array_equal(curves._sources[0].data["low"], np.full(3, -1e6))
    assert not curves._notice.shown
    curves.show(LEADS, {"none": LeadCurve(np.full(3, np.nan))}, "lead time", "%")
    assert curves._notice.shown


@pytest.mark.parametrize("count", [FEW, 4 * FEW])
def test_models_are_told_apart_by_markers_however_many_leads_there_are(count):
    curves = LeadCurves("RMSE")
    values = np.arange(1.0, count + 1)
    curves.show(np.arange(count), {name: LeadCurve(values) for name in "ab"}, "lead time")
    first, second = (np.isfinite(source.data["dots"]) for source in curves._sources)
    assert first.any()
    assert second.any()
    assert first.all() == second.all() == (count == FEW)
    assert count == FEW or not (first & second).any()
    np.testing.assert_array_equal(curves._sources[0].data["dots"][first], values[first])


def test_where_a_model_ended_its_curve_has_a_mark_that_says_why():
    curves = LeadCurves("RMSE")
    lost = LeadCurve(np.array([1.0, 4.0, np.nan]), ended="its states stop being finite at step 2")
    curves.show(LEADS, {"lost": lost, "well": LeadCurve(np.ones(3))}, "lead time")
    assert curves._ends.data == {"lead": [1.0], "value": [4.0], "why": ["its states stop being finite at step 2"]}


@pytest.mark.parametrize("truth", [None, np.array([0.0, 3.0, 1.0])])
def test_the_truth_has_a_curve_where_it_has_such_a_number(truth):
    curves = LeadCurves("drift", with_truth=True)
    curves.show(LEADS, {"a": LeadCurve(np.array([0.0, 1.0, 2.0]))}, "lead time", "relative", truth)
    assert len(curves._truth.data["lead"]) == (0 if truth is None else 3)
    assert curves.figure.y_range.end >= (2 if truth is None else 3)


def test_powers_that_are_rounding_do_not_set_the_axis():
    spectra = Spectra()
    waves = np.array([1.0, 2.0, 3.0])
    spectra.show("lead 1", waves, np.array([1.0, 1e-2, 1e-30]), {"a": np.array([1.0, 0.0, np.nan])}, "wavenumber", "power")
    assert 1e-4 < spectra.figure.y_range.start < 1e-2
    assert spectra.figure.y_range.end > 1
    np.testing.assert_array_equal(np.isnan(spectra._sources[1].data["power"]), [False, True, True])
