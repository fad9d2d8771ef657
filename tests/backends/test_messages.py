"""The table of a GRIB file's messages, and the way from a row to its field."""

import numpy as np
import pytest

from backends.errors import InputError
from backends.fields.messages import messages
from backends.fields.readers import open_dataset
from tests.backends.damage import LATITUDE, LONGITUDE, grib
from tests.files import known, regional

FIELD = known(LATITUDE[::-1], LONGITUDE)


@pytest.fixture
def several(tmp_path):
    """Four hypercubes that cfgrib gives the same name: at the surface, at two heights above it, and as a mean."""
    path = tmp_path / "several.grib"
    parts = [
        grib(tmp_path / "a", steps=3, shortName="t", typeOfLevel="surface"),
        grib(tmp_path / "b", steps=2, shortName="t", typeOfLevel="isobaricInhPa", level=850),
        grib(tmp_path / "c", steps=1, shortName="t", typeOfLevel="isobaricInhPa", level=500),
        grib(tmp_path / "d", steps=1, shortName="t", typeOfLevel="surface", dataDate=20200105),
    ]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_a_row_says_what_the_header_says(tmp_path):
    rows = messages(open_dataset(grib(tmp_path / "a.grib", 2, packingType="grid_ccsds")))
    assert [row.step for row in rows] == ["0", "6", "12"]
    row = rows[1]
    assert (row.short_name, row.name, row.level_type, row.level) == ("2t", "2 metre temperature", "heightAboveGround", 2)
    assert (row.start, row.step_type, row.grid, row.points) == ("2020-01-01T00:00", "instant", "regular_ll", 16 * 21)
    assert (row.packing, row.edition) == ("grid_ccsds", 2)
    assert sum(row.bytes for row in rows) == (tmp_path / "a.grib").stat().st_size


@pytest.mark.parametrize("edition", [1, 2])
def test_a_row_leads_to_its_field(edition, tmp_path):
    opened = open_dataset(grib(tmp_path / "a.grib", edition))
    for k, row in enumerate(messages(opened)):
        np.testing.assert_allclose(opened.field(row.variable, row.selection).values, FIELD + k, rtol=1e-4)


def test_hypercubes_of_one_name_can_all_be_chosen(several):
    opened = open_dataset(several)
    rows = messages(opened)
    assert len(rows) == 7
    shown = {(row.variable, *sorted(row.selection.items())) for row in rows}
    assert len(shown) == 7
    assert {row.variable for row in rows} == set(opened.variables)
    for row, step in zip(rows, [0, 1, 2, 0, 1, 0, 0], strict=True):
        field = opened.field(row.variable, row.selection)
        np.testing.assert_allclose(field.values, FIELD + step, rtol=1e-4)
        assert field.variable.attributes["GRIB_typeOfLevel"] == row.level_type


def test_a_message_that_another_hides_leads_nowhere(tmp_path):
    content = grib(tmp_path / "a.grib", steps=1).read_bytes()
    (tmp_path / "a.grib").write_bytes(2 * content)
    rows = messages(open_dataset(tmp_path / "a.grib"))
    assert [row.variable for row in rows] == ["t2m", None]


def test_a_file_without_messages_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.nc is NetCDF; only GRIB files consist of messages"):
        messages(open_dataset(regional(tmp_path / "a.nc")))


def test_every_message_of_the_real_files_leads_to_a_field_of_its_own(real_data):
    for name in ("ecmwf-open-data-2024-01-01.grib2", "era5-levels-members.grib"):
        rows = messages(open_dataset(real_data / name))
        assert len({(row.variable, *sorted(row.selection.items())) for row in rows if row.variable}) == len(rows)
