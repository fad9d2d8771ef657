"""Logging in and out of a server that asks for a password, on the way to a page that an address names."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import new_context, running

pytestmark = pytest.mark.browser


def test_a_login_leads_to_the_page_that_was_asked_for_also_after_a_wrong_password(chromium, data, tmp_path):
    (tmp_path / "passwords.json").write_text(json.dumps({"ada": "countess"}))
    named = ("--basic-auth", str(tmp_path / "passwords.json"))
    with running(data, *named) as (_, address), new_context(chromium) as context:
        page = context.new_page()
        page.goto(f"{address}/analysis?case=xz-2d")
        for password in ("wrong", "countess"):
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
            if password == "wrong":
                expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        expect(page.get_by_text("RMSE background")).to_be_visible()
        # A moment later the page holds all of its state there.
        assert re.fullmatch(rf"{address}/analysis\?(v=1&case\.name|case)=xz-2d\b.*", page.url)
        page.get_by_role("link", name="Log out").click()
        expect(page.get_by_text("You have logged out.")).to_be_visible()
        page.goto(f"{address}/")
        expect(page.get_by_label("Password")).to_be_visible()
