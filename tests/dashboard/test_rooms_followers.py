"""Many who follow one presenter on a real server: all see each picture, and it is computed once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from backends.fields.catalogue import Catalogue
from benchmarks.room import Follower, Presenter
from dashboard.analysis.shared import ANALYSES
from dashboard.rooms.registry import ROOMS
from tests.dashboard.serving import PATIENCE, serving

FOLLOWERS = 5


def test_the_device_computes_once_what_a_room_full_of_followers_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(ROOMS, "_rooms", {})

    async def lecture(at: str) -> None:
        presenter = Presenter(at)
        await presenter.open()
        await presenter.open_room()
        followers = [Follower(at, f"/join?room={presenter.code}") for _ in range(FOLLOWERS)]
        await asyncio.gather(*(follower.open() for follower in followers))
        for value in (1.234, 1.235):
            before = ANALYSES.usage()
            await presenter.move(value)
            for follower in followers:
                follower.expect(presenter.moves[-1])
            async with asyncio.timeout(PATIENCE):
                while any(visitor.lost and not visitor.fault for visitor in (presenter, *followers)):
                    await asyncio.sleep(0.02)
            after = ANALYSES.usage()
            assert after.misses - before.misses == 1
            assert after.hits - before.hits == FOLLOWERS
        for visitor in (presenter, *followers):
            assert not visitor.fault
            assert all(move.own for move in visitor.moves)
            await visitor.leave()

    with serving(Catalogue(tmp_path)) as served, ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, lecture(served.address)).result(PATIENCE)
