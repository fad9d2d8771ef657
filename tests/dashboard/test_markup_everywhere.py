"""Text of users is never markup: a walk over all panes of all pages, nested ones too, and over their tabs."""

from collections.abc import Iterable
from html import unescape

import panel as pn
import pytest

from backends.fields.catalogue import Catalogue
from dashboard import scenes as scene_panels
from dashboard.analysis.page import VIEWS as ANALYSIS_VIEWS
from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.page import VIEWS as CYCLING_VIEWS
from dashboard.cycling.page import CyclingPage
from dashboard.explore.observations import file_state
from dashboard.explore.observations.view import VIEWS as OBSERVATION_VIEWS
from dashboard.explore.page import ExplorePage
from dashboard.explore.views import VIEWS as EXPLORE_VIEWS
from dashboard.home import HomePage
from dashboard.rollout.page import VIEWS as ROLLOUT_VIEWS
from dashboard.rollout.page import RolloutPage
from dashboard.scenes import ScenePanel, gallery, scenes
from dashboard.training.page import TrainingPage
from tests.backends.observation_files import feedback
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.helpers import LATITUDE, LONGITUDE, SCRIPT
from tests.dashboard.rollout.pages import SMALL, run
from tests.files import dataset, write

#: As long as the name of a file may be, and without what separates folders.
NAME = SCRIPT.replace("/", "")
CSV = f"station,lat,lon,time,{SCRIPT},type\n" + "\n".join(
    f"{SCRIPT},{40 + k},{k},2021-05-16T{12 + k % 3}:00,{10 + k},{SCRIPT}" for k in range(12)
)


def shown(parts: Iterable[pn.viewable.Viewable]) -> str:
    """Return the markup of all panes, however deep they lie, and check that none of it is a user's."""
    panes = [pane for part in parts for pane in part.select(pn.pane.HTML)]
    texts = [text for pane in panes if isinstance(text := pane.object, str)]
    for text in texts:
        assert "<script" not in text
        assert "<img src=x" not in text
    # Panel's other panes of text would take markup, too; the pages have none of these.
    assert not [pane for part in parts for pane in part.select((pn.pane.Markdown, pn.pane.Str, pn.pane.Alert))]
    return " ".join(texts)


def of(content) -> list[pn.viewable.Viewable]:
    return [*content.main, *content.sidebar]


@pytest.fixture
def tricky(tmp_path):
    """A folder with a field all of whose texts are markup, its name, too."""
    data = dataset(LATITUDE, LONGITUDE, comment=SCRIPT, history=SCRIPT)
    data["t"].attrs.update(long_name=SCRIPT, units=SCRIPT, standard_name=SCRIPT, note=SCRIPT)
    write(tmp_path / f"{NAME}.nc", data.expand_dims(kind=[SCRIPT]))
    return tmp_path


def test_the_walk_finds_markup_that_lies_deep():
    with pytest.raises(AssertionError):
        shown([pn.Column(pn.Row(pn.Column(pn.pane.HTML(SCRIPT))))])


def test_names_and_attributes_of_files_on_the_home_page(tricky):
    feedback(tricky / f"{NAME} observed.nc")
    page = HomePage(Catalogue(tricky), dark=False)
    page.wait()
    assert f"{NAME}.nc" in unescape(shown(of(page.content())))


def test_names_and_attributes_of_fields(tricky):
    page = ExplorePage(Catalogue(tricky), f"{NAME}.nc")
    content = page.content()
    page.wait()
    page.state.pick(40.0, 0.0)
    page.wait()
    for name in EXPLORE_VIEWS:
        open_tab(page, name)
        assert SCRIPT in unescape(shown(of(content)))
    page.close()


def test_names_and_columns_of_observations(tmp_path, monkeypatch):
    from backends.observations.readers import read

    monkeypatch.setattr(file_state, "table_for_maps", lambda path, progress, wanted, columns: read(path, progress))
    (tmp_path / f"{NAME}.csv").write_text(CSV.replace(f",{SCRIPT},type", ",T [°C],type"))
    page = ExplorePage(Catalogue(tmp_path), f"{NAME}.csv")
    content = page.content()
    for _ in range(4):
        page.state.wait()
    page.state.observations.show_row(0)
    for tab in range(len(OBSERVATION_VIEWS)):
        page.observations.tabs.active = tab
        for _ in range(2):
            page.state.wait()
        assert SCRIPT in unescape(shown(of(content)))
    page.state.observations.ask()  # what the columns are
    page.state.wait()
    assert SCRIPT in unescape(shown([page.opening.columns.pane]))
    page.close()


def test_names_and_attributes_in_analyses(tricky):
    page = AnalysisPage(Catalogue(tricky), f"{NAME}.nc")
    content = page.content()
    page.wait()
    for tab in range(len(ANALYSIS_VIEWS)):
        page.tabs.active = tab
        page.wait()
        assert SCRIPT in unescape(shown(of(content)))
    page.close()


def test_what_files_of_experiments_name_on_the_cycling_page():
    page = CyclingPage()
    content = page.content()
    page.state.take(f"kind: cycling\ntitle: '{SCRIPT}'\nmethods: [{{name: etkf, label: '{SCRIPT[:40]}'}}]\ncycles: 200\n")
    page.state.live.advance_one()
    for tab in range(len(CYCLING_VIEWS)):
        page.tabs.active = tab
        page.tick()
        page.state.wait()
        shown(of(content))
    assert SCRIPT[:40] in unescape(shown(of(content)))
    page.close()


def test_what_files_of_experiments_name_on_the_rollout_page(tmp_path):
    page = RolloutPage(tmp_path)
    content = page.content()
    page.state.take(SMALL.replace("{name: perfect}", f"{{name: perfect, label: '{SCRIPT[:59]}'}}"))
    run(page)
    for tab in range(len(ROLLOUT_VIEWS)):
        page.tabs.active = tab
        shown(of(content))
    assert SCRIPT[:59] in unescape(shown(of(content)))
    page.close()


def test_addresses_of_records_on_the_training_page(tmp_path):
    page = TrainingPage(tmp_path)
    content = page.content()
    page.state.run = SCRIPT
    page.state.problem = SCRIPT
    assert SCRIPT in unescape(shown(of(content)))
    page.close()


def test_texts_of_scenes(monkeypatch, tmp_path):
    name = next(iter(scenes()))
    texts = {"title": SCRIPT, "chapter": SCRIPT, "text": SCRIPT, "questions": (SCRIPT,)}
    known = {**scenes(), name: scenes()[name].model_copy(update=texts)}
    monkeypatch.setattr(scene_panels, "scenes", lambda: known)
    assert unescape(shown([ScenePanel(name, lambda *_: None, lambda _: "/").pane])).count(SCRIPT) == 4
    cards = gallery(lambda _: f"/?x={SCRIPT}", tmp_path)
    shown([pn.pane.HTML(cards)])
    assert SCRIPT in unescape(cards)
