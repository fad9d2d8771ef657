"""What is wrong with a file is said in one sentence: the key, what came, what was expected."""

from pathlib import Path

import numpy as np
import pytest

from backends.__main__ import main
from tests.files import regional


def refused(folder: Path, capsys, text: str | None, *changes: str) -> str:
    """Return the one line on standard error; the exit status is 2 and nothing is on standard output."""
    file = folder / "a.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["run", str(file), "--data", str(folder), *(part for change in changes for part in ("--set", change))]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1
    assert len(lines[0]) < 300
    return lines[0]


LINE = "kind: analysis\ncase: {name: periodic-1d}\n"
PLANE = "kind: analysis\ncase: {name: xz-2d}\n"
CASES = "periodic-1d, xz-2d, course-1d, course-2d, field, ensemble, stations, observed-field"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot be read: No such file"),
        ("", "must hold keys and values, beginning with kind: analysis"),
        ("- kind: analysis", "must hold keys and values"),
        ("kind: [", "a.yaml is not YAML at line 1"),
        ("kind: analysis\n\x00", "a.yaml is not YAML"),
        ("kind: analysis\ncase: {name: xz-2d}\ncase: {name: periodic-1d}", "at line 3: the key 'case' occurs twice"),
        ("kind: analysis\n!!python/object/apply:os.system [ls]: 1", "is not YAML at line 2"),
        ("case: {name: xz-2d}", "kind is missing; it must be analysis"),
        ("kind: cycles", "kind: must be analysis or cycling or training or rollout; came 'cycles'"),
        ("kind: analysis\nrepeat: " + 5000 * "9", "a number that cannot be read"),
        ("kind: analysis\ncase: " + 5000 * "[", "nested too deep"),
        ("kind: analysis\n1: 2", "1: keys must be words; came 1"),
        (
            "kind: analysis\na: &a [x, x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nobservations: [*c, *c, *c]",
            "observations: must hold keys and values of its own; came [[",
        ),
        (LINE + 30_000 * "# long\n", "an experiment file has at most 200000"),
    ],
)  # fmt: skip
def test_a_file_that_is_none(tmp_path, capsys, text, expected):
    assert expected in refused(tmp_path, capsys, text)


def test_a_file_that_is_no_text_or_a_folder(tmp_path, capsys):
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert "no text in UTF-8" in refused(tmp_path, capsys, None)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.yaml").mkdir()
    assert "cannot be read: Is a directory" in refused(tmp_path, capsys, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("case.name=fields", f"case.name: must be one of {CASES}; came 'fields'; did you mean 'field'?"),
        ("case={}", f"case.name is missing; it must be one of {CASES}"),
        ("case=3", "case: must hold keys and values of its own; came 3"),
        ("case={name: field}", "case.path is missing; it must be given"),
        ("case={name: ensemble, background: first}", "case.background: must be 'mean', or a whole number; came 'first'"),
        ("case={name: field, path: a, variable: t, time: [1]}", "case.time: must be a text, or a whole number; came [1]"),
        ("case.pointss=40", "there is no key 'case.pointss'; did you mean 'case.points'?"),
        ("observation.count=4", "there is no key 'observation'; did you mean 'observations'?"),
        ("observations.cuont=4", "there is no key 'observations.cuont'; did you mean 'observations.count'?"),
        ("solver=pcg", "there is no key 'solver'; did you mean 'method.solver'?"),
        ("case.points=many", "case.points: must be a whole number; came 'many'"),
        ("case.points=50.5", "case.points: must be a whole number; came 50.5"),
        ("case.points=true", "case.points: must not be true or false; came true"),
        ("case.points=39", "case.points: must be at least 40; came 39"),
        ("case.points=401", "case.points: must be at most 400; came 401"),
        ("case.seed=2147483648", "case.seed: must be at most 2147483647; came 2147483648"),
        ("observations.sigma=0", "observations.sigma: must be positive, at least 1e-12; came 0"),
        ("background_error.sigma=-1", "background_error.sigma: must be positive, at least 1e-12; came -1"),
        ("background_error.length=0.0", "background_error.length: must be positive, at least 1e-12; came 0.0"),
        ("background_error.length=11", "the correlation length L must be at most 10 here; came 11"),
        ("background_error.length=1e300", "background_error.length: must be at most 1e+12; came 1e+300"),
        ("background_error.floor=1", "background_error.floor: must be less than 1; came 1"),
        ("background_error.sigma=.nan", "background_error.sigma: must be a finite number; came nan"),
        ("observations.innovation=.inf", "observations.innovation: must be a finite number; came inf"),
        ("observations.placement=gird", "'clicked' or 'case'; came 'gird'; did you mean 'grid'?"),
        ("background_error.periodised=perhaps", "background_error.periodised: must be true or false; came 'perhaps'"),
        ("method.solver=", "method.solver: must be 'closed-form', "),
        ("repeat=1", "repeat: must be at least 2; came 1"),
        ("observations.count=101", "101 observations were asked for, but the field has only 100 grid points"),
        ("observations.places=[[0.5]]", "write placement: clicked beside them"),
        ("observations={placement: clicked, places: [[0.5, 2]]}", "each place must be [x] in this case; came [0.5, 2.0]"),
        ("observations={placement: clicked, places: [0.5]}", "observations.places.0: must be a list; came 0.5"),
        ("observations.placement=case", "'case' is for the course's cases; periodic-1d has no observations of its own"),
        ("observations.operator=logarithm", "the closed form needs a linear observation operator"),
        ("observations.operator=channel", "vertical weighting functions need a vertical plane"),
        ("background_error.source=nmc", "needs a field with several times"),
        ("background_error.source=ensemble", "needs a case with members"),
        ("background_error.floor_kind=added", "on a periodic line the floor is spectral"),
        ("observations", "must look like observations.count=50; came 'observations'"),
        ("=1", "must look like observations.count=50; came '=1'"),
        ("kind.x=1", "'kind.x' cannot be set: the keys above it hold a single value"),
        ("case.points=[\n", "'case.points=[\\n' is not YAML"),
    ],
)
def test_a_key_or_a_value_that_is_wrong(tmp_path, capsys, change, expected):
    assert expected in refused(tmp_path, capsys, LINE, change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "observations={placement: clicked, places: [[50, 16]]}",
            "outside the domain, which spans 0 to 100 km in x and 0 to 15",
        ),
        (
            "observations={placement: clicked, places: [[.nan, 1]]}",
            "observations.places.0.0: must be a finite number; came nan",
        ),
        ("observations={placement: clicked, places: [[5, 1], [5, 1]], correlation_length: 3}", "at the same place"),
        ("observations={placement: clicked, places: [[5, 1], [5, 1]], sigma: 0}", "observations.sigma: must be positive"),
        ("background_error.length_z=0", "background_error.length_z: must be positive"),
        ("method={huber: 1.5, solver: state-space}", None),
        ("method={huber: 1.5}", "needs independent observation errors"),
    ],
)
def test_a_plane_that_is_wrong(tmp_path, capsys, change, expected):
    if expected is None:
        assert "place" not in refused(tmp_path, capsys, PLANE, "case.nx=5", change)
        return
    more = ("observations.correlation_length=2.0",) if "huber" in change else ()
    assert expected in refused(tmp_path, capsys, PLANE, change, *more)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("../a.npz", "leads outside the data folder"), ("/etc/passwd", "leads outside the data folder"),
     ("link.npz", "leads outside the data folder"), ("absent.npz", "there is no file 'absent.npz'"),
     ("", "give the path of a file"), (".", "'.' is not a whole npz file")],
)  # fmt: skip
def test_paths_stay_in_the_data_folder(tmp_path, capsys, path, expected):
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(tmp_path / "a.npz", x=1)
    (folder / "link.npz").symlink_to(tmp_path / "a.npz")
    assert expected in refused(folder, capsys, LINE, f"case={{name: course-1d, path: '{path}'}}")


def course_line(**changes: object) -> dict[str, object]:
    arrays = {"truth": np.zeros(8), "background": np.ones(8), "observation_index": np.arange(3), "observations": np.zeros(3)}
    return {**arrays, "sigma_b": 1.0, "length": 0.1, "sigma_o": 0.1, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sigma_b": 0.0}, "sigma_b must be positive; it is 0"),
        ({"truth": np.full(8, np.nan)}, "truth must be finite numbers in 1 dimension"),
        ({"truth": np.array(["a"] * 8)}, "truth must be finite numbers"),
        ({"background": np.zeros(7)}, "background must have shape (8,); it has (7,)"),
        ({"observation_index": np.array([0, 1, 8])}, "must be 3 indices from 0 to 7; it has 3, from 0 to 8"),
        ({"observation_index": np.array([0, 1])}, "must be 3 indices from 0 to 7; it has 2"),
        ({"length": np.array([0.1, 0.2])}, "length must be finite numbers in 0 dimensions"),
        ({"truth": np.array([{}], dtype=object)}, "damaged npz file, or holds more than plain arrays"),
    ],
)
def test_a_course_file_that_is_damaged(tmp_path, capsys, changes, expected):
    np.savez(tmp_path / "course-1d.npz", **course_line(**changes))
    assert expected in refused(tmp_path, capsys, LINE, "case={name: course-1d}")


def test_a_course_file_that_is_absent_cut_or_another(tmp_path, capsys):
    change = "case={name: course-1d}"
    assert "there is no file 'course-1d.npz'" in refused(tmp_path, capsys, LINE, change)
    np.savez(tmp_path / "course-1d.npz", **course_line())
    content = (tmp_path / "course-1d.npz").read_bytes()
    (tmp_path / "course-1d.npz").write_bytes(content[: len(content) // 2])
    assert "not a whole npz file" in refused(tmp_path, capsys, LINE, change)
    spoilt = bytearray(content)
    spoilt[len(content) // 20] ^= 255
    (tmp_path / "course-1d.npz").write_bytes(spoilt)
    assert "course-1d.npz" in refused(tmp_path, capsys, LINE, change)
    np.savez(tmp_path / "course-1d.npz", x=np.zeros(3))
    assert "it has no array 'truth'" in refused(tmp_path, capsys, LINE, change)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("path: a.nc, variable: u", "a.nc has no variable 'u'; it has t"),
        ("path: a.nc, variable: t, time: yesterday", "a time must look like 2019-03-16T12:00; came 'yesterday'"),
        ("path: a.nc, variable: t, time: 2020-01-05", "there is no time 2020-01-05; the data go from 2020-01-01"),
        ("path: a.nc, variable: t, time: 4", "time 4 does not exist; there are times 0 to 3"),
        ("path: a.nc, variable: t, time: 1, lag: 2", "there is no field 2 steps before"),
    ],
)
def test_a_field_that_is_not_there(tmp_path, capsys, case, expected):
    regional(tmp_path / "a.nc")
    assert expected in refused(tmp_path, capsys, LINE, f"case={{name: field, {case}}}")


def test_other_kinds_of_case(tmp_path, capsys):
    regional(tmp_path / "a.nc")
    members = refused(tmp_path, capsys, LINE, "case={name: ensemble, path: a.nc}")
    assert "has one member; an ensemble case needs 3" in members
    assert "not a BUFR file" in refused(tmp_path, capsys, LINE, "case={name: stations, path: a.nc}")
    observed = refused(tmp_path, capsys, LINE, "case={name: stations}", "observations.count=3")
    assert observed == "observations of stations are those of their file; count cannot be set, only sigma"


def test_a_folder_that_cannot_be_written_to(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(LINE, encoding="utf-8")
    assert main(["run", str(tmp_path / "a.yaml"), "--out", str(tmp_path / "a.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err
