"""The export of observations: the script makes the picture and the numbers of the page."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

from backends.pictures.drawing import LinePanel, NamedBars
from tests.backends.pictures.scripts import WAYS
from tests.dashboard.explore.pages import CSV, opened, wait
from tests.dashboard.helpers import export, text_of

NASTY = 'a"; print(1) #.csv'


@WAYS
def test_the_script_of_an_uploaded_file_makes_what_the_page_shows_against_a_field(stations, tmp_path, way):
    page = stations
    page.state.upload(NASTY, CSV.encode())
    wait(page)
    page.observations.compare.datasets.value = "a.nc"
    page.observations.compare.wait()
    wait(page)
    state = page.state.observations
    state.choose_colour("background")
    state.choose(start=np.datetime64("2021-05-16T12:00", "s"), end=np.datetime64("2021-05-16T13:00", "s"))
    wait(page)
    state.choose(box=(-1.0, 8.5, 30.0, 60.0))
    wait(page)
    script, picture = export(page.observations, "py").decode(), export(page.observations, "svg")
    (tmp_path / "stations.csv").unlink()
    (tmp_path / NASTY).write_text(CSV)
    way(script, tmp_path, "out.svg", "out.nc", "out.csv", "out.parquet")
    assert (tmp_path / "out.svg").read_bytes() == picture
    chosen = [0, 1, 3, 4, 6, 7]  # within the box, and in the first two of three hours
    with (tmp_path / "out.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert [row[head.index("station")] for row in rows] == [f"S{k}" for k in chosen]
    assert rows[1][head.index("time (UTC)")] == "2021-05-16T13:00:00Z"
    with xr.open_dataset(tmp_path / "out.nc") as data:
        np.testing.assert_allclose(data["value"], 283.15 + np.array(chosen), rtol=1e-6)
        assert data["value"].attrs["units"] == "K"
        np.testing.assert_allclose(data["innovation"], data["value"] - data["background"], rtol=1e-6)
        assert np.isfinite(data["innovation"]).all()
        assert data["time"].values[1] == np.datetime64("2021-05-16T13:00")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["station"].to_pylist() == [f"S{k}" for k in chosen]
    np.testing.assert_allclose(table["value"].to_numpy(), 283.15 + np.array(chosen), rtol=1e-6)


def test_departures_of_a_file_are_drawn_and_summed_up(folder):
    page = opened(folder, "ekf.nc")
    panels = page.observations.export._snapshot().exhibit().drawing().panels
    names = [panel.title for panel in panels if isinstance(panel, LinePanel | NamedBars)]
    assert {"By report type", "Through time", "Value", "O−B"} <= set(names)
    shown = next(panel for panel in panels if panel.title == "O−B")
    found = page.state.observations.overview
    np.testing.assert_array_equal(shown.bars[0].top, found.histograms["background"][1])
    head, *rows = csv.reader(export(page.observations, "statistics.csv").decode().splitlines())
    whole = next(row for row in rows if row[:4] == ["O−B", "all", "", ""])
    assert float(whole[head.index("mean")]) == pytest.approx(0.5)  # the first guess of the file is 0.5 below its observations
    page.state.close()


def test_where_nothing_is_shown_nothing_is_exported(stations):
    stations.state.observations.overview = None
    stations.observations.export.items["png"].clicks += 1
    assert "There are no observations yet" in text_of(stations.observations.export._problem)
