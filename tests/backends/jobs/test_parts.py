"""Parts of jobs without a server: tasks, wishes, thinning, checkpoints, names."""

import math

import pytest

from backends.errors import InputError
from backends.jobs.context import Cancelled, Checkpoint, LocalContext
from backends.jobs.job import Point
from backends.jobs.recorded import allowed, parameters_of, tags_of
from backends.jobs.task import KINDS, resolve
from backends.jobs.thinning import Thinning
from backends.jobs.worker import Control, Order, WorkerContext
from tests.backends.jobs import tasks

pytestmark = pytest.mark.jobs


def test_tasks_come_from_the_program_alone():
    assert all(place.startswith("backends.") for place in KINDS.values())
    assert resolve("math:sqrt") is math.sqrt


def context(sent, control=None):
    return WorkerContext(Order("a", "t", "", "", "", "nowhere"), control or Control(), sent.append, lambda: None)


def test_a_cancelled_task_is_told_by_its_next_report():
    control = Control()
    given = context([], control)
    given.report(1, 5)
    control.tell(1, "cancel")
    with pytest.raises(Cancelled):
        given.report(2, 5)


def test_a_wish_that_was_overtaken_is_ignored():
    control = Control()
    control.tell(2, "run")
    control.tell(1, "pause")
    assert control.wish == "run"


def test_thinning_keeps_all_of_few_and_the_last_of_many():
    few = Thinning(10)
    assert [few.keep(k, 10, {"a": k}) for k in (1, 1, 2)] == [{"a": 1}, {"a": 1}, {"a": 2}]
    many = Thinning(10)
    # Validation comes every hundredth step, in the middle of a stretch of which other values have been kept.
    values = {k: {"loss": k} | ({"validation": k} if k % 100 == 57 else {}) for k in range(1000)}
    kept = {k: many.keep(k, 1000, of) for k, of in values.items()}
    assert [k for k, of in kept.items() if "loss" in of] == list(range(0, 1000, 100))
    assert [k for k, of in kept.items() if "validation" in of] == list(range(57, 1000, 100))
    assert many.rest() == [Point(999, {"loss": 999})]
    assert many.rest() == []


def test_a_task_runs_without_a_server(tmp_path):
    heard = []
    local = LocalContext(tmp_path / "out", lambda *report: heard.append(report))
    assert tasks.counting("{to: 2}", tmp_path, local)["counted"] == 2
    assert heard[-1] == (2, 2, {"k": 2, "square #2": 4}, "at 2")
    assert (tmp_path / "out" / "list.txt").read_text() == "0\n1"
    for name in ("../list.txt", "a/b", "", ".hidden"):
        with pytest.raises(ValueError, match="plain name"):
            local.save(name, "")


def test_a_checkpoint_is_the_newest_one(tmp_path):
    earlier, later = Checkpoint(tmp_path / "a"), Checkpoint(tmp_path / "b", tmp_path / "a")
    assert later.latest() is None
    earlier.save(b"one")
    assert later.latest() == b"one"
    later.save(b"two")
    assert (earlier.latest(), later.latest()) == (b"one", b"two")
    # On a full disk the sentence says so, and what was kept before stays. Nothing fits into /dev/full.
    (tmp_path / "b" / "unfinished").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"the checkpoint, 0.0 MB, cannot be written into .*/b: No space left on device"):
        later.save(b"more")
    assert (later.latest(), sorted(file.name for file in (tmp_path / "b").iterdir())) == (b"two", ["newest"])

    nowhere = Checkpoint(None)
    nowhere.save(b"three")
    assert nowhere.latest() is None


def test_names_and_settings_become_what_mlflow_allows():
    assert allowed("ETKF N 20 #2 σ_o/K") == "ETKF N 20 _2 σ_o_K"
    assert allowed("..") == "_"
    assert parameters_of("methods: [{name: etkf, members: 20}, {name: 3dvar}]\nseed: 3\nsizes: [1, 2]") == {
        "methods.1.name": "etkf", "methods.1.members": 20, "methods.2.name": "3dvar", "seed": 3, "sizes": [1, 2],
    }  # fmt: skip
    assert parameters_of("{") == {}


def test_tags_are_words_between_commas():
    assert tags_of(" best,for the   lecture,, best ") == ("best", "for the lecture")
    assert tags_of("") == ()
    with pytest.raises(InputError, match="at most 10 tags, separated by commas; came 11"):
        tags_of(",".join("abcdefghijk"))
    with pytest.raises(InputError, match="at most 40 letters; came aaaa"):
        tags_of("a" * 41)
