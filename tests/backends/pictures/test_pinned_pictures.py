"""A pinned analysis beside the current one as it is kept: both, their difference, and the script that makes them again."""

import numpy as np
import pytest
import xarray as xr

from backends.errors import InputError
from backends.experiments.pictures import states
from backends.experiments.prepare import prepare
from backends.experiments.run import from_yaml
from backends.fields.catalogue import Catalogue
from backends.pictures.pinned import pinned, pinned_script
from backends.pictures.save import save
from tests.backends.pictures.scripts import run_here

CASES = {
    "line": "kind: analysis\ncase: {name: periodic-1d}\nbackground_error: {sigma: 1.0}\nobservations: {count: 12}\n",
    "plane": "kind: analysis\ncase: {name: xz-2d}\nbackground_error: {sigma: 1.0}\nobservations: {count: 12}\n",
}


def made(text, folder):
    settings = from_yaml(text)
    prepared = prepare(settings.case, Catalogue(folder))
    return prepared, prepared.experiment.run(settings)


@pytest.mark.parametrize("frame", CASES)
def test_the_script_makes_both_analyses_and_their_difference_again(frame, tmp_path):
    text = CASES[frame]
    _, before = made(text, tmp_path)
    prepared, current = made(text.replace("sigma: 1.0", "sigma: 0.2"), tmp_path)
    exhibit = pinned(prepared, before, current)
    for ending in ("png", "csv"):
        save(exhibit, tmp_path / f"own.{ending}")
    run_here(pinned_script(before.settings, current.settings, "both"), tmp_path, "out.png", "out.csv", "out.nc")
    for ending in ("png", "csv"):
        assert (tmp_path / f"out.{ending}").read_bytes() == (tmp_path / f"own.{ending}").read_bytes()
    first, second = (states(outcome)["analysis"] for outcome in (before, current))
    assert np.abs(second - first).max() > 0.01
    with xr.open_dataset(tmp_path / "out.nc") as data:
        for name, values in {"pinned": first, "current": second, "difference": second - first}.items():
            np.testing.assert_allclose(data[name].values.ravel(), values, rtol=1e-6, atol=1e-6)


def test_colours_of_both_are_shared_and_those_of_the_difference_lie_evenly_about_zero(tmp_path):
    _, before = made(CASES["plane"], tmp_path)
    prepared, current = made(CASES["plane"].replace("sigma: 1.0", "sigma: 0.2"), tmp_path)
    first, second, apart = pinned(prepared, before, current).drawing().panels
    assert first.limits == second.limits
    assert apart.limits[0] == -apart.limits[1] != 0


def test_analyses_of_other_cases_are_not_compared(tmp_path):
    _, line = made(CASES["line"], tmp_path)
    prepared, plane = made(CASES["plane"], tmp_path)
    with pytest.raises(InputError, match="of another case"):
        pinned(prepared, line, plane)
