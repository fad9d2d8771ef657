"""The address follows what happens in a session, and is not looked up while nothing does; a real server in this process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from backends.fields.catalogue import Catalogue
from benchmarks.visitor import Visitor
from dashboard import address
from dashboard import server as server_module
from dashboard.analysis.page import AnalysisPage
from tests.dashboard.serving import PATIENCE, serving


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.02)


def test_the_address_follows_a_slider_and_is_left_alone_afterwards(tmp_path, monkeypatch):
    pages, looks, look = [], [], address.Address.look

    def remembered(*arguments, **named):
        pages.append(AnalysisPage(*arguments, **named))
        return pages[-1]

    def counted(self) -> None:
        looks.append(self)
        look(self)

    monkeypatch.setattr(server_module, "AnalysisPage", remembered)
    monkeypatch.setattr(address, "LOOK_EVERY", 20)
    monkeypatch.setattr(address.Address, "look", counted)

    async def visit(at: str) -> None:
        visitor = Visitor(at)
        await visitor.open()
        bar = pages[0].address.bar
        await until(lambda: "background_error.sigma=1.0&" in bar.wanted["query"])
        await visitor.move(1.23)
        await until(lambda: "background_error.sigma=1.23&" in bar.wanted["query"])
        before = -1
        async with asyncio.timeout(PATIENCE):  # what the last look has set off may take a while
            while before < (before := len(looks)):
                await asyncio.sleep(0.4)
        await visitor.leave()

    with serving(Catalogue(tmp_path)) as served, ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, visit(served.address)).result(PATIENCE)
