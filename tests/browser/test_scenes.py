"""All scenes in a real browser, one after another."""

import pytest
from playwright.sync_api import expect

from dashboard.scenes import needs, scene_address, scenes


@pytest.mark.reference
def test_scenes_run_from_start_to_end(visitor):
    """Each shows its words and its figures and no problem; what needs a training or a file that is not there says so."""
    for name, scene in scenes().items():
        page = visitor.open(f"/{scene_address(name)}")
        box = page.locator(".scene")
        expect(box.get_by_role("heading", name=scene.title)).to_be_visible()
        expect(box.locator(".katex")).to_have_count(len(scene.formulas))
        if needs(scene):
            expect(box.locator(".problem")).to_contain_text(needs(scene))
            continue
        if scene.page == "training":
            expect(page.get_by_role("button", name="Start a training")).to_be_enabled()
        else:
            expect(page.locator(".bk-Figure:visible").first).to_be_visible()
        assert page.locator(".problem:visible").count() == 0, name
