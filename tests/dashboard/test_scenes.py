"""Scenes: every file is right and opens on its page with its settings; buttons change keys; faults are sentences."""

import html
import re

import pytest

from backends.errors import InputError
from backends.experiments.pairs import to_pairs
from backends.experiments.scenes import load_scenes
from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.page import CyclingPage
from dashboard.home import HomePage
from dashboard.races import RACES
from dashboard.rollout.page import RolloutPage
from dashboard.scenes import PICTURES, ScenePanel, gallery, needs, scene_address, scenes
from dashboard.training.page import TrainingPage
from tests.dashboard.helpers import SCRIPT

#: What the files of these scenes need is not on every machine.
WITH_FILES = {"real-synop", "real-radiosondes"}
RIGHT = {
    "title": "A scene", "chapter": "One", "order": 1, "page": "analysis", "settings": {"observations": {"count": 3}},
    "text": "Look.",
}  # fmt: skip


def opened(name, tmp_path):
    query = scene_address(name).partition("?")[2]
    if scenes()[name].page == "training":
        return TrainingPage(tmp_path, query=query)
    if scenes()[name].page == "rollout":
        return RolloutPage(tmp_path, query=query)
    page = CyclingPage(query=query) if scenes()[name].page == "cycling" else AnalysisPage(Catalogue(tmp_path), query=query)
    if scenes()[name].page == "analysis":
        page.content()
        page.wait()
    return page


def labels(page) -> set[str]:
    """Return the labels of all controls of a page whose scene has opened its groups."""
    shown = page.content()
    page.address.scene.open_groups(shown.sidebar)
    return {control.label for part in (*shown.sidebar, *shown.main) for control in part.select(lambda o: hasattr(o, "label"))}


def closed(page):
    if isinstance(page, CyclingPage):
        RACES.drop(page.state.live)
    page.close()


@pytest.mark.parametrize("name", list(scenes()))
def test_every_scene_opens_on_its_page(name, tmp_path):
    page = opened(name, tmp_path)
    assert page.address.faults == () or name in WITH_FILES
    assert page.state.problem == "" or name in WITH_FILES
    if name in WITH_FILES:  # which file is missing is said
        assert needs(scenes()[name]) in page.address.scene._lacking.object
        assert "data folder" in page.state.problem
    else:
        page.address.look()
        shown = dict(page.address._written)
        for key, text in scenes()[name].pairs:
            if key == "run":  # forecasts take longer than a test may
                continue
            assert shown.get(key, text) == text
        assert set(scenes()[name].spotlight) <= labels(page)
    assert scenes()[name].spotlight
    for button, change in zip(page.address.scene.tries, scenes()[name].try_next, strict=True):
        if name not in WITH_FILES:
            button.clicks += 1
            assert page.address.faults == ()
            if page.state.__class__.__name__ == "AnalysisState":
                page.state.wait()
                page.address.look()
                assert set(to_pairs(change.set)) <= set(page.address._written)
    closed(page)


def test_a_button_changes_a_key_and_another_goes_back(tmp_path):
    page = opened("single-observation", tmp_path)
    assert page.state.o.innovation == 1.0
    assert page.state.result.case.domain is not None
    page.address.scene.tries[1].clicks += 1
    page.wait()
    assert (page.state.b.length, page.state.o.innovation) == (0.16, 1.0)
    page.state.m.huber = 3.0
    page.address.apply(page.address.scene.scene.pairs, True)
    page.wait()
    assert (page.state.b.length, page.state.m.huber) == (0.08, 0.0)
    page.address.look()
    assert "scene=single-observation" in page.address.bar.wanted["query"]
    page.address.scene.leave()
    assert not page.address.scene.pane.visible
    page.close()


def test_a_scene_opens_the_groups_that_it_speaks_of_before_its_settings_come(tmp_path):
    page = AnalysisPage(Catalogue(tmp_path), query="v=1&scene=spectrum-floor")
    page.address.scene.open_groups(page.content().sidebar)
    page.wait()
    controls = page.error_controls
    assert (controls.background_error.toggle.value, controls.method.toggle.value) == (True, False)
    assert (controls.floor.value, page.state.b.floor) == (1e-10, 1e-10)
    page.state.b.floor = 0.3  # between the steps of the slider
    assert controls.floor.value == 0.3
    page.close()


def test_a_scene_that_is_none_is_said(tmp_path):
    page = AnalysisPage(Catalogue(tmp_path), query=f"v=1&scene={SCRIPT}")
    page.wait()
    assert page.address.scene is None
    assert "&lt;script" in page.address._said.object
    assert page.state.result is not None
    page.close()


def test_the_home_page_lists_them(tmp_path):
    page = HomePage(Catalogue(tmp_path), dark=True)
    text = page._scenes.object
    for name, scene in scenes().items():
        assert f'href="{scene.page}?v=1&amp;scene={name}&amp;theme=dark"' in text
        assert scene.line in scene.text
    for name in WITH_FILES:  # the folder is empty
        assert f"put {needs(scenes()[name])} into the data folder" in text
    page._listing.close()


def test_a_lecture_begins_with_the_first_scene(tmp_path):
    text = gallery(scene_address, tmp_path)
    first = re.search(r'A first lecture: open <a href="([^"]+)">', text)
    assert html.unescape(first[1]) == scene_address(next(iter(scenes())))
    assert text.count(f'href="{first[1]}"') == 2


def test_a_scene_that_has_its_file_needs_nothing(tmp_path):
    file = needs(scenes()["real-synop"])
    assert f"put {file} into" in gallery(scene_address, tmp_path)
    (tmp_path / file).write_bytes(b"")
    assert f"put {file} into" not in gallery(scene_address, tmp_path)


def test_a_scene_without_its_file_says_so_instead_of_an_empty_page_and_leads_on(tmp_path):
    page = AnalysisPage(Catalogue(tmp_path), query="v=1&scene=real-radiosondes")
    shown, scene = page.content(), page.address.scene
    assert shown.main == shown.sidebar == []
    said = scene._lacking.object
    assert scene._lacking.visible
    assert "temp-radiosondes.bufr" in said
    assert html.escape(str(tmp_path)) in said
    names = list(scenes())  # the next scene but one has no file either way
    assert html.escape(scene_address(names[names.index("real-synop") + 1])) in said
    assert not any(button.visible for button in scene.tries)
    page.close()


@pytest.mark.reference  # decoding the files takes a while
@pytest.mark.parametrize("name", sorted(WITH_FILES))
def test_a_scene_of_real_data_lights_controls_that_are_there(name, real_data):
    page = AnalysisPage(Catalogue(real_data), query=scene_address(name).partition("?")[2])
    page.state.wait()
    assert page.state.problem == ""
    assert set(scenes()[name].spotlight) <= labels(page)
    page.close()


def test_a_scene_with_its_file_is_shown(tmp_path):
    (tmp_path / "temp-radiosondes.bufr").write_bytes(b"")
    box = ScenePanel("real-radiosondes", lambda *_: None, scene_address)
    assert not box.lacks(tmp_path)
    assert not box._lacking.visible
    assert needs(box.scene) not in box._text[0].object  # it is there: nothing is needed


def test_the_text_of_a_scene_makes_room_for_its_pictures_and_comes_back():
    box = ScenePanel("lorenz63-race", lambda *_: None, scene_address)
    box.fold.clicks += 1
    assert (box._text.visible, box.pane.visible, box.fold.label) == (False, True, "Show text")
    box.fold.clicks += 1
    assert (box._text.visible, box.fold.label) == (True, "Hide text")


def test_pictures_are_small():
    sizes = [path.stat().st_size for path in PICTURES.glob("*.webp")]
    assert sizes
    assert max(sizes) <= 40_000
    assert sum(sizes) <= 1_200_000


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"page": "home"}, "a.yaml: page: must be 'explore', 'analysis', 'cycling', 'training' or 'rollout'; came 'home'"),
        ({"order": "first"}, "a.yaml: order: must be a whole number; came 'first'"),
        ({"txet": "x"}, "a.yaml: there is no key 'txet'; did you mean 'text'?"),
        ({"title": None}, "a.yaml: title: must be a text"),
    ],
)
def test_faults_of_files_are_sentences(tmp_path, change, fault):
    import json

    (tmp_path / "a.yaml").write_text(json.dumps(RIGHT | change))
    with pytest.raises(InputError) as problem:
        load_scenes(tmp_path)
    assert str(problem.value).startswith(fault)


def test_two_scenes_cannot_have_one_place(tmp_path):
    import json

    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(json.dumps(RIGHT))
    with pytest.raises(InputError, match=r"b.yaml: order: a.yaml has the place 1 already"):
        load_scenes(tmp_path)
