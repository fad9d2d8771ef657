"""The registry of rooms: codes, limits, who may move a room, when it ends, and its links."""

import pytest

from backends.errors import InputError
from dashboard.rooms import registry
from dashboard.rooms.holding import join_link
from dashboard.rooms.registry import LENGTH, LETTERS, MOST_WRONG, WITHIN, Rooms, Shown


class Watcher:
    """An end of a room that counts."""

    def __init__(self):
        self.woken = 0

    def wake(self, _wait):
        self.woken += 1


def test_a_code_is_read_out_without_mistakes_and_found_however_it_is_typed():
    rooms = Rooms()
    room = rooms.open(Shown("/analysis"))
    assert len(room.code) == LENGTH
    assert set(room.code) <= set(LETTERS)
    assert not set(LETTERS) & set("AEIOUL")  # no words, and nothing like 1 and 0
    typed = f" {room.code[:2].lower()}-{room.code[2:]} "
    assert rooms.find(typed, "here") is room
    with pytest.raises(InputError, match="there is none with this code"):
        rooms.find("BBBBBB", "here")


def test_codes_are_not_guessed():
    now = 0.0
    rooms = Rooms(lambda: now)
    room = rooms.open(Shown("/"))
    for _ in range(MOST_WRONG):
        with pytest.raises(InputError, match="there is none"):
            rooms.find("XXXXXXX", "there")
    with pytest.raises(InputError, match="wrong codes came from your network"):
        rooms.find(room.code, "there")
    assert rooms.find(room.code, "elsewhere") is room
    now = WITHIN + 1
    assert rooms.find(room.code, "there") is room


def test_nobody_but_the_presenter_moves_a_room():
    room = Rooms().open(Shown("/"))
    stranger, presenter = Watcher(), Watcher()
    assert not room.hold(stranger, room.code)
    assert not room.hold(stranger, "")
    assert room.away
    assert room.hold(presenter, room.secret)
    assert not room.away
    room.close()
    assert not room.hold(presenter, room.secret)


def test_rooms_and_followers_are_limited(monkeypatch):
    monkeypatch.setattr(registry, "MOST_ROOMS", 2)
    monkeypatch.setattr(registry, "MOST_FOLLOWERS", 1)
    rooms = Rooms()
    room = rooms.open(Shown("/"))
    rooms.open(Shown("/"))
    with pytest.raises(InputError, match="2 rooms are open"):
        rooms.open(Shown("/"))
    first = Watcher()
    room.join(first)
    with pytest.raises(InputError, match=f"follow room {room.code} already"):
        room.join(Watcher())
    room.leave(first)
    room.join(Watcher())


def test_a_room_ends_when_its_presenter_has_been_away_for_long(monkeypatch):
    rooms, presenter, follower = Rooms(), Watcher(), Watcher()
    room = rooms.open(Shown("/"))
    room.hold(presenter, room.secret)
    room.join(follower)
    room.let_go(presenter)
    assert follower.woken == 1
    assert rooms.get(room.code) is room
    monkeypatch.setattr(registry, "AWAY", -1.0)
    assert rooms.get(room.code) is None
    assert room.closed
    assert follower.woken == 2


def test_what_is_shown_again_wakes_nobody():
    room, follower = Rooms().open(Shown("/analysis", "", (("tab", "b"),))), Watcher()
    room.join(follower)
    room.show(Shown("/analysis", "", (("tab", "b"),)))
    assert (room.version, follower.woken) == (0, 0)
    room.show(Shown("/analysis"))
    assert (room.version, follower.woken) == (1, 1)


@pytest.mark.parametrize("origin", ["", "javascript:alert(1)", "http://", "ftp://a", "http://[", "http://" + "a" * 300])
def test_what_is_no_address_of_a_server_is_refused(origin):
    with pytest.raises(InputError, match="must begin with http"):
        join_link(origin)
