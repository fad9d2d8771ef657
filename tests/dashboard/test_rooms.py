"""Pages in rooms without a browser: what followers see, what it costs, and what is their own."""

import pytest

from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.experiment import AnalysisExperiment
from dashboard import races
from dashboard.analysis import page as analysis
from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.page import CyclingPage
from dashboard.cycling.sections import FIRST
from dashboard.explore.page import ExplorePage
from dashboard.explore.views import VIEWS
from dashboard.races import RACES
from dashboard.rollout.page import RolloutPage
from dashboard.rollout.state import RolloutState
from dashboard.rooms.following import Following
from dashboard.rooms.holding import Holding, picture_of
from dashboard.rooms.registry import ROOMS

ORIGIN = "http://lab.example.org:5006"


@pytest.fixture(autouse=True)
def no_rooms_of_other_tests(monkeypatch):
    monkeypatch.setattr(ROOMS, "_rooms", {})
    monkeypatch.setattr(ROOMS, "_wrong", {})


def presenting(page, path="/analysis"):
    """Open a room from a page, and return both."""
    holding = Holding(path, page.address)
    holding._on_message({"open": True, "origin": ORIGIN})
    return holding, ROOMS.get(holding.button.state["code"])


def following(room, make, path="/analysis"):
    """Return a page that follows a room, and how it follows."""
    end = Following(room, path)
    page = make(end.query)
    end.move(page.address)
    page.wait() if hasattr(page, "wait") else None
    return page, end


@pytest.fixture
def analysing(catalogue):
    """Return a function that opens an Analysis page; all of them are closed after the test."""
    pages = []

    def opened(query="?v=1&case=periodic-1d"):
        pages.append(AnalysisPage(catalogue, query=query))
        pages[-1].wait()
        return pages[-1]

    yield opened
    for page in pages:
        page.close()


@pytest.fixture
def runs(monkeypatch):
    """Return a list that grows with each analysis that is computed."""
    computed, run = [], AnalysisExperiment.run
    monkeypatch.setattr(AnalysisExperiment, "run", lambda self, settings: computed.append(settings) or run(self, settings))
    return computed


@pytest.mark.parametrize("query", ["?v=1&case=periodic-1d", "?v=1&dataset=a.nc"], ids=["generated", "file"])
def test_many_followers_cost_the_analyses_of_one(analysing, runs, query):
    page = analysing(query)
    _, room = presenting(page)
    alone = len(runs)
    ends = [following(room, analysing) for _ in range(3)]
    assert len(runs) == alone
    assert room.followers == 3
    for sigma in (0.7, 0.9):
        page.state.b.sigma = sigma
        page.wait()
        page.address.look()
        for follower, _ in ends:
            follower.wait()
            assert follower.state.result is page.state.result
            assert follower.state.b.sigma == sigma
    assert len(runs) == alone + 2
    for _, end in ends:
        end.close()
    assert room.followers == 0


def test_tabs_move_too_and_the_address_of_a_follower_stays(analysing):
    page = analysing()
    _, room = presenting(page)
    follower, end = following(room, analysing)
    page.tabs.active = analysis.DIAGNOSTICS
    page.address.look()
    assert follower.tabs.active == analysis.DIAGNOSTICS
    assert follower.address.bar.wanted["query"] == ""
    assert end.bar.state["version"] == room.version == 1


def test_another_page_or_scene_sends_the_browser_there(analysing):
    page = analysing()
    holding, room = presenting(page)
    _, end = following(room, analysing)
    Holding("/", None)._on_message({"code": room.code, "secret": room.secret, "origin": ORIGIN})
    assert end.bar.state["go"] == f"/?room={room.code}"
    assert not Following(room, "/analysis").here
    other = analysing("?v=1&scene=single-observation")
    taken = Holding("/analysis", other.address)
    taken._on_message({"code": room.code, "secret": room.secret, "origin": ORIGIN})
    other.address.look()
    assert end.bar.state["go"] == f"/analysis?room={room.code}"
    assert "scene=single-observation" in Following(room, "/analysis").query
    holding.close()
    assert not room.away  # the next page has it


def test_a_page_takes_a_room_up_with_the_secret_alone(analysing):
    page = analysing()
    _, room = presenting(page)
    stranger = Holding("/", None)
    for said in ({"code": room.code, "secret": "?"}, {"code": "XXXXX", "secret": room.secret}, {"code": room.code}):
        stranger._on_message({**said, "origin": ORIGIN})
        assert stranger.button.state["code"] == ""
    stranger._on_message({"close": True})
    assert not room.closed
    assert room.shown.path == "/analysis"


def test_ones_own_copy_is_the_state_that_was_seen(analysing):
    page = analysing()
    _, room = presenting(page)
    _, end = following(room, analysing)
    page.state.o.sigma = 0.45
    page.wait()
    page.address.look()
    end._on_message({"own": True})
    path, _, query = end.bar.state["go"].partition("?")
    assert path == "/analysis"
    assert "room" not in query
    own = analysing(query)
    assert own.state.experiment == page.state.experiment


def test_a_closed_room_is_told_and_the_last_picture_stays(analysing):
    page = analysing()
    holding, room = presenting(page)
    follower, end = following(room, analysing)
    follower.wait()
    shown = follower.state.result
    assert holding.button.state["followers"] == 1
    holding.close()  # the presenter has left
    assert end.bar.state["is"] == "away"
    again = Holding("/analysis", page.address)
    again._on_message({"code": room.code, "secret": room.secret, "origin": ORIGIN})
    assert end.bar.state["is"] == "following"
    again._on_message({"close": True})
    assert end.bar.state["is"] == "closed"
    assert again.button.state["gone"]
    assert ROOMS.get(room.code) is None
    page.state.b.sigma = 0.5
    page.wait()
    page.address.look()
    assert follower.state.result is shown


def test_followers_look_at_the_race_of_the_presenter_and_leave_it_alone():
    page = CyclingPage()
    page.state.live.speed = 50.0
    page.transport.tick()
    assert page.transport.speed.value == 50.0
    _, room = presenting(page, "/cycling")
    follower, end = following(room, lambda query: CyclingPage(query=query, room=room), "/cycling")
    live = page.state.live
    assert follower.state.live is live
    assert (live.speed, follower.transport.speed.value) == (50.0, 50.0)
    page.tabs.active = 1  # before it has been started, any settings would begin another race
    page.address.look()
    assert follower.tabs.active == 1
    assert RACES.get(live.key) is live
    follower.state.network.sigma = 3.0
    assert RACES.get(live.key) is live
    page.state.network.sigma = 0.5  # a new race, as it has not been started
    page.address.look()
    assert follower.state.live is page.state.live is not live
    assert follower.state.network.sigma == 0.5
    assert page.state.live.speed == 50.0
    page.state.chosen = 2
    page.address.look()
    assert follower.state.chosen == 2
    end._on_message({"own": True})
    assert "race=" not in end.bar.state["go"]
    assert "shown=2" in end.bar.state["go"]
    assert "observations.sigma=0.5" in end.bar.state["go"]
    RACES.drop(page.state.live)
    page.close()
    follower.close()


def test_followers_step_through_times_with_the_presenter_and_share_the_maps(catalogue):
    page = ExplorePage(catalogue, query="?v=1&dataset=a.nc")
    page.content()
    page.wait()
    _, room = presenting(page, "/explore")
    follower, _ = following(room, lambda query: ExplorePage(catalogue, query=query), "/explore")
    opened = []
    follower.state.param.watch(lambda event: opened.append(event.new), "opened")
    time = page.state.time_axis.name
    for index in (2, 1):
        page.state.choose(time, index)
        page.wait()
        page.state.set_limits(250.0, 290.0 + index)
        page.address.look()
        follower.wait()
        assert follower.state.picture is page.state.picture
        assert follower.controls.player.value == index
        assert (follower.state.low, follower.state.high) == (250.0, 290.0 + index)
    page.state.usual_limits()
    page.views.tabs.active = 1 + list(VIEWS).index("Statistics")
    page.address.look()
    assert (follower.state.low, follower.state.high) == (page.state.low, page.state.high)
    assert follower.views.tabs.active == page.views.tabs.active
    assert not opened  # all of this without opening it anew
    page.state.pick(40.0, 4.0)
    page.wait()
    page.address.look()
    follower.wait()
    assert follower.state.picked == page.state.picked
    for part in (page, follower):
        part.wait()
        part.close()


def test_many_followers_of_a_rollout_cost_the_forecasts_of_one(tmp_path, monkeypatch):
    computed, run = [], RolloutState._run
    monkeypatch.setattr(RolloutState, "_run", lambda self, *asked: computed.append(asked) or run(self, *asked))
    page = RolloutPage(tmp_path)
    _, room = presenting(page, "/rollout")
    pages = [following(room, lambda query: RolloutPage(tmp_path, query), "/rollout")[0] for _ in range(2)]
    page.state.form.section.param.update(steps=4, members=2, starts=2, seed=3)
    page.state.run()
    page.state.wait()
    page.address.look()
    for follower in pages:
        follower.state.wait()
        assert follower.state.view is page.state.view is not None
    assert len(computed) == 1
    asked = []
    pages[0].state.param.watch(lambda event: asked.append(event.new), "running")
    page.play.player.go(2)
    page.address.look()
    assert [follower.play.player.lead for follower in pages] == [2, 2]
    assert not asked  # nothing is run for it
    late, _ = following(room, lambda query: RolloutPage(tmp_path, query), "/rollout")
    late.state.wait()
    assert late.play.player.lead == 2
    pages.append(late)
    assert len(computed) == 1
    for part in (page, *pages):
        part.close()


def test_all_who_look_at_a_race_share_one_picture_of_each_cycle(monkeypatch):
    made, view = [], races.view
    monkeypatch.setattr(races, "view", lambda *asked: made.append(asked) or view(*asked))
    live = RACES.create(CyclingSettings.model_validate(FIRST))
    live.race  # noqa: B018, waits until it has been made
    first = [live.look(0, 400, 0) for _ in range(5)]
    assert all(seen is first[0] for seen in first)
    assert live.look(1, 400, 0) is not first[0]
    assert len(made) == 2
    live.race.step()
    assert live.look(0, 400, 0).cycle == 1
    live.race.change(live.settings.model_copy(update={"spinup": 7}))
    live.look(0, 400, 0)
    assert len(made) == 4
    RACES.drop(live)


def test_the_link_has_the_name_under_which_the_presenter_knows_the_server(analysing):
    holding, room = presenting(analysing())
    assert holding.button.state["link"] == f"{ORIGIN}/join?room={room.code}"
    assert holding.button.state["qr"].startswith("data:image/svg+xml")
    assert picture_of("a") != picture_of("b")
