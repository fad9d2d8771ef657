"""Pictures and films of forecasts: drawn as pixels, written, and opened again."""

import json
import shutil
import subprocess
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from backends.errors import InputError
from backends.experiments.cycling.layout import Layout
from dashboard import movie
from dashboard.plots.rollout.film import Film, line_film, map_film, phase_film
from dashboard.plots.rollout.lines import Plume
from dashboard.plots.rollout.maps import Named
from dashboard.rollout import films
from dashboard.rollout.page import ARCHIVE, PLAY, RolloutPage
from dashboard.theme import DIVERGING
from tests.dashboard.helpers import text_of
from tests.dashboard.rollout.pages import OTHERS

SMALL = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz96, points: 12}}
models: [{name: perfect}, {name: persistence}]
steps: 6
members: 4
starts: 2
"""
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
TITLES = ["lead 0", "lead 1"]
PLANE = Layout("plane", ("q",), ("g/kg",), (2, 3), (0.0, 3.0, 0.0, 2.0), ("x [km]", "z [km]"), True)


@pytest.fixture
def page(tmp_path):
    page = RolloutPage(tmp_path)
    page.state.take(SMALL)
    page.tabs.active = ARCHIVE
    page.state.run()
    page.state.wait()
    yield page
    page.close()


def drawn(page: RolloutPage, kind: str) -> bytes:
    part = page.archive.films
    part.format.value, part.pixels.value = kind, "960"
    part._on_draw(None)
    part.wait()
    assert text_of(part._problem) == ""
    return part.download.file.getvalue()


# Frames -------------------------------------------------------------------------------------------------------------


def test_colours_of_a_map_are_those_of_its_values():
    q = np.array([[-1.0, 0, 0, 0, 0, 1.0], [1.0, 0, 0, 0, 0, np.nan]])
    film = map_film(PLANE, Named("q", "g/kg", "g/kg"), q, {"a": q}, (-1, 1), 1.0, {"a": 0 * q}, None, TITLES, 960)
    first, second = film.frame(0), film.frame(1)
    lowest, highest = (np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) for colour in (DIVERGING[0], DIVERGING[-1]))

    def has(frame: np.ndarray, colour: np.ndarray) -> int:
        return int((np.abs(frame.astype(int) - colour) <= 1).all(-1).sum())

    assert first.shape == (film.size[1], film.size[0], 3)
    assert film.size[0] == 960
    assert film.size[1] % 2 == 0
    # Beside the bars, which show all colours, the lowest value fills two cells of the first picture and none of the second.
    bars = has(second, lowest)
    assert has(first, lowest) > bars + 2000
    assert has(first, highest) == pytest.approx(has(second, highest), rel=0.05)
    assert has(second, np.array([221, 221, 221])) > 2000  # what is missing
    np.testing.assert_array_equal(film.frame(0), first)  # nothing stays from another lead


def line() -> Film:
    x = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    return line_film(x, {"a": Plume(x, x - 1, x + 1)}, "x", "K", "point", TITLES, 640)


def phase(components: int) -> Film:
    path = np.random.default_rng(0).normal(size=(2, components))
    members = {"a": np.repeat(path[:, None], 3, 1)}
    backdrop = np.random.default_rng(1).normal(size=(50, components))
    return phase_film("xyz"[:components], path, {"a": path + 0.5}, members, backdrop, TITLES, 640)


@pytest.mark.parametrize("make", [line, lambda: phase(2), lambda: phase(3)], ids=["line", "plane of phases", "space"])
def test_other_leads_look_otherwise_and_nothing_of_them_stays(make):
    film = make()
    first = film.frame(0)
    assert (film.frame(1) != first).any(-1).sum() > 200
    np.testing.assert_array_equal(film.frame(0), first)


# Files --------------------------------------------------------------------------------------------------------------


@needs_ffmpeg
def test_a_film_has_the_frames_size_and_rate_that_were_asked_for(page, tmp_path):
    page.play.player.clock.period = 200
    (tmp_path / "a.mp4").write_bytes(drawn(page, "MP4"))
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(tmp_path / "a.mp4")],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    (stream,) = json.loads(said)["streams"]
    size = page.play.film(page.state.view)(960).size
    assert (stream["codec_name"], stream["pix_fmt"], stream["nb_read_frames"]) == ("h264", "yuv420p", "7")
    assert (stream["width"], stream["height"], stream["r_frame_rate"]) == (*size, "5/1")


def test_a_gif_shows_one_lead_after_the_other(page):
    page.play.player.clock.period = 200
    page.archive.films.leads.value = "every 2nd"
    gif = Image.open(BytesIO(drawn(page, "GIF")))
    film = page.play.film(page.state.view)(960)
    assert (gif.n_frames, gif.size, gif.info["duration"]) == (4, film.size, 200)
    for number in (0, 3):
        gif.seek(number)
        apart = np.abs(np.asarray(gif.convert("RGB")).astype(int) - film.frame(2 * number))
        assert np.median(apart) == 0  # the paper stays white
        assert (apart.max(-1) > 60).mean() < 0.01  # a palette of 256 colours has hardly any far from what was meant


def test_a_picture_is_that_of_the_lead_that_is_shown(page):
    page.tabs.active = PLAY
    page.play.player.go(4)
    shown = np.asarray(Image.open(BytesIO(drawn(page, "PNG, the lead shown"))))
    film = page.play.film(page.state.view)(960)
    np.testing.assert_array_equal(shown, film.frame(4))
    assert page.archive.films.download.filename == "rollout.png"


def test_without_the_program_only_the_rest_is_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(movie.shutil, "which", lambda _name: None)
    page = RolloutPage(tmp_path)
    assert page.archive.films.format.options == ["GIF", "PNG, the lead shown"]
    assert "apt install ffmpeg" in page.archive.films._missing.object
    with pytest.raises(InputError, match=r"need the program ffmpeg"):
        movie.write_mp4(iter([]), (2, 2), 1, tmp_path / "a.mp4")
    page.close()


@needs_ffmpeg
def test_what_the_program_says_is_told(tmp_path):
    frames = (np.zeros((3, 3, 3), np.uint8) for _ in range(2))
    with pytest.raises(InputError, match="ffmpeg could not write the film"):
        movie.write_mp4(frames, (3, 3), 5, tmp_path / "a.mp4")  # H.264 with these colours wants even sizes


def test_too_much_is_refused_and_a_film_can_be_stopped(page, monkeypatch):
    part = page.archive.films
    part.format.value = "GIF"
    monkeypatch.setattr(films, "MOST_GIF_PIXELS", 1_000_000)
    part._on_draw(None)
    part.wait()
    assert "7 frames of 1280 × 540" in text_of(part._problem)
    monkeypatch.setattr(films, "MOST_FRAMES", 6)
    part._on_draw(None)
    part.wait()
    assert "may have 6 frames; came 7" in text_of(part._problem)
    monkeypatch.undo()
    monkeypatch.setattr(Film, "frame", lambda film, lead: part._stop.set() or np.zeros((4, 4, 3), np.uint8))
    part.pixels.value = "960"
    part._on_draw(None)
    part.wait()
    assert "topped after" in text_of(part._problem)
    assert (part.draw.label, part.drawing) == ("Draw", False)


def test_films_of_earlier_forecasts_are_not_offered_beside_newer_ones(page):
    part = page.archive.films
    drawn(page, "PNG, the lead shown")
    assert part.download.visible
    earlier = page.state.view
    page.state.take(OTHERS)
    page.state.run()
    page.state.wait()
    assert page.state.view is not earlier
    assert not part.download.visible
    leads = range(0, 1)
    part._on_drawn(films.Wanted(earlier, page.play.film(earlier), "png", 960, leads, 5.0), ("rollout.png", b""))  # it was late
    assert not part.download.visible
