"""Observations on the Explore page in a real browser: opened, a report, compared with a field."""

import re

import pytest
from playwright.sync_api import expect

from scripts.journeys import until
from tests.browser.waiting import click, wait_for_maps

pytestmark = pytest.mark.browser


def test_from_a_file_of_stations_over_a_report_and_a_field_to_their_analysis(visitor, data):
    rows = [f"S{k},{40 + k % 5},{4 + k // 5},2020-01-01T06:00,{10 + k}" for k in range(25)]
    (data / "stations.csv").write_text("station,lat,lon,time,T [°C]\n" + "\n".join(rows))
    page = visitor.open("/explore?dataset=stations.csv")
    expect(page.get_by_role("heading", name="Temperature [K]")).to_be_visible()  # a process starts
    expect(page.get_by_text("25 observations")).to_be_visible()
    expect(page.get_by_text("choose a field under “Compare with”")).to_be_visible()
    # The station in the middle of five by five lies in the middle of the frame.
    until(lambda: click(page, 0.47, 0.5), page.get_by_text(re.compile("Station S")))
    page.get_by_role("tab", name="Departures").click()
    expect(page.get_by_text("This file has no model equivalents")).to_be_visible()
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("menuitem", name="a.nc").click()
    expect(page.get_by_text("O−B against a.nc")).to_be_visible()
    expect(page.get_by_role("rowheader", name="O−B")).to_be_visible()
    page.get_by_role("link", name="Analyse over this field").click()
    page.wait_for_url(re.compile(r"/analysis\?.*case\.name=observed-field"))
    expect(page.locator(".facts").first).to_contain_text("observations25")
    expect(page.get_by_text("25 observations of temperature are used, all that the file has.")).to_be_visible()
    wait_for_maps(page, 4)
