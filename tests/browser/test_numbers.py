"""How figures write numbers: the code that the browser is given, run in a browser."""

import numpy as np
import pytest

from dashboard.plots.numbers import linear_numbers, logarithmic_numbers, reading
from dashboard.plots.surface import LiveSurface
from dashboard.theme import number

pytestmark = pytest.mark.browser

CALL = "([names, code, values]) => new Function(...names, code)(...values)"


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


def run(page, model, given: dict) -> str:
    arguments = {**model.args, **given}
    return page.evaluate(CALL, [list(arguments), model.code, list(arguments.values())])


def ticks(page, formatter, values: list[float]) -> list[str]:
    return [run(page, formatter, {"tick": v, "index": k, "ticks": values}) for k, v in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0, 40_000, 80_000, 120_000], ["0", "40,000", "80,000", "120,000"]),
        ([1000, 1200], ["1000", "1200"]),
        ([-1e-5, 0, 1.2e-5], ["−1.0·10⁻⁵", "0", "1.2·10⁻⁵"]),
        ([0.1, 0.2, 0.1 + 0.2], ["0.1", "0.2", "0.3"]),
        ([270, 272.5], ["270.0", "272.5"]),
        ([0, 5e9, 1e10], ["0", "0.5·10¹⁰", "1.0·10¹⁰"]),
        ([101_325, 101_330], ["101,325", "101,330"]),
        ([273.15], ["273.15"]),
        ([-1e-17, 1], ["0", "1"]),
    ],
)
def test_ticks_of_a_linear_scale_share_decimals_and_power(page, values, texts):
    assert ticks(page, linear_numbers(), values) == texts


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, 10, 1000, 10_000], ["1", "10", "1000", "10,000"]),
        ([0.01, 0.02, 0.05], ["0.01", "0.02", "0.05"]),
        ([1e-5, 5e-4, 1], ["10⁻⁵", "5·10⁻⁴", "10⁰"]),
    ],
)
def test_ticks_of_a_logarithmic_scale_are_all_in_full_or_none(page, values, texts):
    assert ticks(page, logarithmic_numbers(), values) == texts


@pytest.mark.parametrize("value", [273.1, -0.25, 0.0, 101_325.0, 1.2e-5, -3.4e8, 0.001, 9999.0, 12_345.0, 1.25e-12])
def test_the_pointer_reads_what_the_page_writes(page, value):
    assert run(page, reading("", digits=4), {"value": value}) == number(value)


def test_the_pointer_reads_missing_values_and_units(page):
    assert run(page, reading("K"), {"value": None}) == "missing"
    assert run(page, reading("<b>"), {"value": 1.5}) == "1.5 <b>"


def test_a_value_may_have_a_name(page):
    assert run(page, reading("km", name="<i>L</i>"), {"value": 120_000}) == "<i>L</i> = 120,000 km"


def test_the_tuning_surface_reads_scores_and_settings(page):
    surface = LiveSurface()
    scores = np.array([[1.0, 2.0], [0.25, 4e-5]])
    surface.show(scores, [100.0, 120_000.0], [0.5, 1.0], (0, 2), "RMSE", "K", "L [km]", "σ_b")
    assert run(page, surface._reading, {"value": 4e-5}) == "4·10⁻⁵ K"
    assert [run(page, formatter, {"value": 120_000.0}) for formatter in surface._settings] == [
        "L [km] = 120,000", "σ_b = 120,000",
    ]  # fmt: skip
    assert surface.figure.xaxis[0].major_label_overrides == {0: "100", 1: "120,000"}
