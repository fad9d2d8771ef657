"""What axe-core finds in the parts of pages, and that all is reached by the keyboard; whole pages are in test_pages."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

#: Findings that keep somebody from using a page, by axe-core's own judgement.
GRAVE = {"serious", "critical"}
AXE = Axe()
STATIONS = "station,lat,lon,time,T [°C],error\n" + "\n".join(
    f"S{k},{40 + k},{k},2021-05-16T{12 + k % 3}:00,{10 + k},0.5" for k in range(12)
)


def findings(page: Page) -> list[str]:
    """Return the grave findings of axe-core as lines: rule, element, what is wrong."""
    page.mouse.move(720, 2)
    found = AXE.run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}: {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
        if rule["impact"] in GRAVE
    ]


def settled(page: Page) -> list[str]:
    """Return what is still found when tooltips and buttons have faded, which have too little contrast on their way."""
    for _ in range(30):
        if not (found := findings(page)):
            break
        page.wait_for_timeout(300)
    return found


#: What has the focus, and whether it or the field that it lies in is marked by a line.
FOCUSED = """() => {
  let at = document.activeElement
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  const lined = (part) => {
    const style = getComputedStyle(part)
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || part.matches(".Mui-focused")
  }
  const marked = lined(at) || (at.closest(".Mui-focused") !== null) || (at.parentElement !== null && lined(at.parentElement))
  return [at.getAttribute("aria-label") ?? at.textContent.trim(), marked, at === document.body]
}"""


def test_everything_is_reached_by_tab_and_seen_there(visitor):
    page = visitor.open("/analysis?case=periodic-1d")
    expect(page.get_by_role("button", name="Help")).to_be_visible()
    expect(page.get_by_role("slider", name="σ_b", exact=True)).to_be_visible()
    page.wait_for_timeout(1000)  # what comes in between would begin anew
    reached = []
    for _ in range(70):
        page.keyboard.press("Tab")
        name, marked, ended = page.evaluate(FOCUSED)
        if ended:
            break
        assert marked, name
        reached.append(name)
    for name in ("Explore", "Present", "Copy link", "σ_b", "σ_o", "Analysis"):
        assert name in reached
    assert any(name.startswith("Help") for name in reached)
    assert any(name.startswith("Export") for name in reached)


def test_axe_in_a_scene_with_the_menu_of_exports_and_the_keys(visitor):
    page = visitor.open("/analysis?v=1&scene=correlation-length")
    page.wait_for_function("() => location.search.includes('case.name')")
    page.get_by_role("button", name=re.compile("^Export")).click()
    expect(page.get_by_role("button", name=re.compile("^PNG"))).to_be_visible()
    assert settled(page) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert settled(page) == []


@pytest.mark.reference
def test_axe_on_observations_in_the_dark(visitor, data):
    (data / "stations.csv").write_text(STATIONS)
    page = visitor.open("/explore?dataset=stations.csv&theme=dark")
    expect(page.get_by_role("heading", name=re.compile("Temperature"))).to_be_visible()
    for tab in ("Counts", "Departures", "Suspicious"):
        page.get_by_role("tab", name=tab).click()
        assert settled(page) == []


TABS = {
    "/analysis": ("B", "Diagnostics", "Convergence", "Tuning surface", "Compare", "Network", "File"),
    "/explore?dataset=a.nc": ("Compare", "Zonal mean", "Section", "Profile", "Hovmöller", "Regions", "Statistics", "Chunks"),
    "/cycling": ("Diagnostics", "Long runs", "File"),
    "/training": ("Runs", "File"),
    "/rollout": ("Skill", "File"),
}


@pytest.mark.reference
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", TABS)
def test_axe_on_all_tabs(visitor, path, theme):
    page = visitor.open(f"{path}{'&' if '?' in path else '?'}theme={theme}")
    for tab in TABS[path]:
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(1500)
        assert (tab, settled(page)) == (tab, [])


#: The class of what has the focus, wherever in the page it lies.
FOCUS = """() => {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  return `${at?.className} ${at?.getAttribute("aria-label") ?? at?.textContent}`
}"""


def test_a_way_past_the_header_to_the_scenes_and_back_from_help(visitor):
    page = visitor.open("/?theme=light&v=1&x=1")
    help_button = page.get_by_role("button", name="Help")
    expect(page.locator("#scenes")).to_be_visible()
    expect(page.locator("#loader")).to_be_hidden()
    page.get_by_role("link", name="Skip to the scenes").focus()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    assert "card" in page.evaluate(FOCUS)
    help_button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take the tour")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => ({FOCUS})().includes('Help')")
