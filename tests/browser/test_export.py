"""A picture that is exported is opened in the browser again: its texts are texts, and nothing of it is cut off."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

#: Texts of a picture, and those that reach beyond it.
TEXTS = """() => {
    const paper = document.documentElement.getBoundingClientRect()
    const texts = [...document.querySelectorAll("text")]
    const beyond = texts.filter((text) => {
      const box = text.getBoundingClientRect()
      const across = box.left < paper.left - 1 || box.right > paper.right + 1
      return across || box.top < paper.top - 1 || box.bottom > paper.bottom + 1
    })
    return [texts.map((text) => text.textContent), beyond.map((text) => text.textContent)]
}"""


def test_a_race_is_exported_as_a_drawing_with_texts(visitor, chromium, tmp_path):
    page = visitor.open("/cycling")
    page.get_by_role("button", name="One cycle").click()
    expect(page.locator('[data-role="where"]')).to_contain_text(re.compile(r"cycle\s*1"))
    expect(page.locator("table.race tr")).to_have_count(4)
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name=re.compile("^SVG|lines and texts")).click()
    handed_over = page.get_by_text(re.compile("Download cycling_lorenz96"))
    with page.expect_download() as download:
        handed_over.click()
    download.value.save_as(tmp_path / "race.svg")
    drawing = chromium.new_page()
    drawing.goto((tmp_path / "race.svg").as_uri())
    texts, beyond = drawing.evaluate(TEXTS)
    drawing.close()
    assert {"Errors against the truth", "RMSE", "cycle", "etkf", "Departures from the observations"} <= set(texts)
    assert beyond == []
