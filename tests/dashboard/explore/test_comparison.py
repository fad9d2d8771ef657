"""Comparison and ensemble of the Explore page without a browser."""

from threading import Event

import numpy as np
import pytest
import xarray as xr

from backends.fields.catalogue import Catalogue
from dashboard.explore import comparison
from dashboard.explore.comparison import DATASET, MEAN, MONTH, ComparisonView
from dashboard.explore.ensemble import EnsembleView
from dashboard.explore.page import ExplorePage
from tests.dashboard.helpers import image, text_of
from tests.files import dataset, write

GRID = np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0)


def opened(folder, name, tab):
    page = ExplorePage(Catalogue(folder), name)
    page.state.wait()
    page.views.tabs.active = tab
    page.views.wait()
    return page, page.views.chosen()


def test_a_time_is_compared_with_another_the_mean_and_another_file(tmp_path):
    write(tmp_path / "a.nc", dataset(*GRID))
    celsius = dataset(np.arange(28.0, 63.0, 1.0), np.arange(-25.0, 26.0, 1.0))
    celsius["t"] = (celsius.t - 274.15).assign_attrs(units="degC", long_name="Temperature")
    write(tmp_path / "b.nc", celsius)
    page, view = opened(tmp_path, "a.nc", 1)
    assert isinstance(view, ComparisonView)
    view.choice.value = 3
    view.wait()
    np.testing.assert_allclose(image(view.difference), -3, rtol=1e-4)
    assert "mean −3 K, RMS 3 K, same grid" in view._titles[2].object
    low, high = view.difference._mapper.low, view.difference._mapper.high
    assert low == -high
    assert (view.first._mapper.low, view.first._mapper.high) == (view.second._mapper.low, view.second._mapper.high)
    view.kind.value = f"{MEAN} time"
    view.wait()
    np.testing.assert_allclose(image(view.difference), -1.5, rtol=1e-3)
    page.state.choose("time", 2)
    page.state.wait()
    view.wait()
    np.testing.assert_allclose(image(view.difference), 0.5, rtol=1e-3)
    view.kind.value = DATASET
    view.choice.value = "b.nc"
    view.wait()
    assert "bilinear" in view._titles[2].object
    np.testing.assert_allclose(image(view.difference), 1, atol=0.01)
    assert view.table(view._asked, view.found).startswith("latitude,longitude,first,second,difference\n30,-20,")
    page.close()


def test_a_time_is_compared_with_the_mean_of_its_calendar_month(tmp_path):
    data = dataset(*GRID)  # one kelvin warmer each time
    times = np.array(["2019-01-05", "2019-01-20", "2019-07-05", "2020-01-10"], "datetime64[ns]")
    write(tmp_path / "a.nc", data.assign_coords(time=times))
    page, view = opened(tmp_path, "a.nc", 1)
    assert list(view.kind.options)[:3] == ["another time", "mean over all times", "mean of its calendar month"]
    view.kind.value = f"{MONTH} time"
    view.wait()
    assert not view.choice.visible
    np.testing.assert_allclose(image(view.difference), 0 - (0 + 1 + 3) / 3, rtol=1e-4)
    assert "mean of 3 times in January, 2019 to 2020" in view._titles[1].object
    page.state.choose("time", 2)
    page.state.wait()
    view.wait()
    np.testing.assert_allclose(image(view.difference), 0, atol=1e-4)  # the only July
    page.close()


def test_a_file_of_one_month_has_no_other_months(tmp_path):
    write(tmp_path / "a.nc", dataset(*GRID))
    page, view = opened(tmp_path, "a.nc", 1)
    assert "mean of its calendar month" not in view.kind.options
    page.close()


def test_what_cannot_be_compared_says_why(tmp_path):
    write(tmp_path / "a.nc", dataset(*GRID))
    later = dataset(*GRID)
    write(tmp_path / "b.nc", later.assign_coords(time=later.time + np.timedelta64(365, "D")))
    page, view = opened(tmp_path, "a.nc", 1)
    view.kind.value = DATASET
    view.choice.value = "b.nc"
    view.wait()
    assert "Temperature is not there at 2020-01-01 00:00 UTC" in text_of(view._problem)
    assert not view.body.visible
    page.close()


def test_the_ensemble_is_shown_as_mean_spread_probability_and_stamps(tmp_path):
    members = xr.concat([dataset(*GRID) + k for k in (-1.0, 0.0, 4.0)], "number").assign_coords(number=[0, 1, 2])
    members["t"].attrs.update(units="K", long_name="Temperature")
    write(tmp_path / "e.nc", members)
    page, view = opened(tmp_path, "e.nc", 2)
    assert isinstance(view, EnsembleView)
    np.testing.assert_allclose(image(view.spread), np.std([-1, 0, 4], ddof=1), rtol=1e-3)
    assert len(view.stamps) == 3
    np.testing.assert_allclose(image(view.stamps[2]) - image(view.mean), 3, rtol=1e-3)
    assert {(s._mapper.low, s._mapper.high) for s in view.stamps} == {(view.mean._mapper.low, view.mean._mapper.high)}
    view.threshold.value = float(image(view.mean)[3, 4])
    assert image(view.share)[3, 4] == pytest.approx(100 / 3, rel=1e-5)
    view.side.value = "below"
    assert image(view.share)[3, 4] == pytest.approx(200 / 3, rel=1e-5)
    page.close()


def test_a_file_without_members_says_so(tmp_path):
    write(tmp_path / "a.nc", dataset(*GRID))
    page, view = opened(tmp_path, "a.nc", 2)
    assert "Temperature has no members" in text_of(view._problem)
    page.close()


def test_a_difference_does_not_stay_under_the_name_of_another(tmp_path, monkeypatch):
    write(tmp_path / "a.nc", dataset(*GRID))
    page, view = opened(tmp_path, "a.nc", 1)
    assert view.body.visible
    let_come, compare = Event(), comparison.compare

    def later(*given):
        assert let_come.wait(10)
        return compare(*given)

    monkeypatch.setattr(comparison, "compare", later)
    view.choice.value = 1
    assert not view.body.visible
    assert view.csv.disabled
    assert "Comparing" in text_of(view._waiting)
    let_come.set()
    view.wait()
    assert view.body.visible
    assert not view._waiting.visible
    np.testing.assert_allclose(image(view.difference), -1, rtol=1e-4)
    let_come.clear()
    page.state.choose("time", 2)
    page.state.wait()
    assert view.body.visible  # the same comparison at another time: its caption says which is drawn
    let_come.set()
    view.wait()
    np.testing.assert_allclose(image(view.difference), 1, rtol=1e-4)
    page.close()
