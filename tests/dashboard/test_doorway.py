"""Who comes first is served first, and who is inside is served before."""

import asyncio
import time

from dashboard.doorway import Doorway


def test_visitors_enter_one_at_a_time_in_the_order_of_coming():
    async def come() -> list[str]:
        way, events = Doorway(), []

        async def visit(number: int) -> None:
            async with way.entered():
                events.append(f"{number} enters")
                await asyncio.sleep(0.002 * (4 - number))  # the later ones are faster
                events.append(f"{number} is inside")

        await asyncio.gather(*map(visit, range(4)))
        return events

    assert asyncio.run(come()) == [f"{number} {what}" for number in range(4) for what in ("enters", "is inside")]


def test_whoever_fails_to_enter_lets_the_next_one_in():
    async def come() -> None:
        way = Doorway()

        async def stumble() -> None:
            async with way.entered():
                raise ValueError("the page cannot be made")

        first, second = asyncio.ensure_future(stumble()), asyncio.ensure_future(stumble())
        done = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 10)
        assert [str(problem) for problem in done] == ["the page cannot be made"] * 2
        async with way.entered():
            pass

    asyncio.run(come())


def test_whoever_is_called_off_at_the_door_lets_the_next_one_in():
    async def come() -> None:
        way = Doorway()

        async def visit() -> None:
            async with way.entered():
                pass

        async with way.entered():
            turned_away = [asyncio.ensure_future(visit()) for _ in range(2)]
            last = asyncio.ensure_future(visit())
            await asyncio.sleep(0)
            turned_away[0].cancel()  # while it waits
            await asyncio.sleep(0)
        turned_away[1].cancel()  # when it is its turn
        await asyncio.wait_for(last, 10)

    asyncio.run(come())


def test_whoever_has_gone_holds_up_nobody():
    async def come() -> None:
        loop, way, served = asyncio.get_running_loop(), Doorway(latest=60.0), []
        loop.call_soon(served.append, "who is inside")
        async with way.entered(lambda: False):
            assert served == []  # nothing else was waited for

    asyncio.run(come())


def test_whoever_is_inside_is_served_before_but_not_for_ever():
    async def come() -> None:
        loop, done = asyncio.get_running_loop(), []

        def work(times: int) -> None:  # as long as two looks
            time.sleep(0.02)
            done.append(times)
            if times > 1:
                loop.call_soon(work, times - 1)

        loop.call_soon(work, 5)
        async with Doorway(latest=60.0).entered():
            assert done == [5, 4, 3, 2, 1]
        loop.call_soon(work, 1000)
        begun = time.monotonic()
        async with Doorway(latest=0.1).entered():
            assert time.monotonic() - begun >= 0.1
            assert len(done) < 1000
        loop.stop()

    loop = asyncio.new_event_loop()
    task = loop.create_task(come())
    loop.run_forever()
    task.result()
