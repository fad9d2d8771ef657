"""Experiment files: the examples run, the document says what is true, files and settings turn into each other."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backends.__main__ import main
from backends.experiments.cycling.dynamics import DYNAMICS
from backends.experiments.cycling.methods import METHODS
from backends.experiments.cycling.registry import KINDS
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.run import from_yaml, run_file, to_yaml
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, ObservationSettings
from backends.experiments.training.registry import TASKS
from scripts.experiment_keys import CYCLING, DOCUMENT, KEYS, LEARNING, ROLLOUT, updated
from tests.backends.experiments import EXAMPLES, NOWHERE, settings

ROOT = DOCUMENT.parent.parent
#: Examples that need no file but those that come with the product.
EMBEDDED = ("periodic-1d", "xz-2d", "ncep-air-temperature")
RACES = [file for file in EXAMPLES if file.stem.startswith("cycling-")]
TRAININGS = [file for file in EXAMPLES if file.stem.startswith("training-")]
ROLLOUTS = [file for file in EXAMPLES if file.stem.startswith("rollout-")]
ANALYSES = [file for file in EXAMPLES if file not in RACES + TRAININGS + ROLLOUTS]
#: Examples that take seconds, which make reference runs. Make test runs what they are made of: Kolmogorov's flow in
#: test_dynamics_kolmogorov and test_model_covariance, races with a plume in test_cycling_pictures, radiosondes
#: and their climate in test_station_backgrounds, these trainings in test_learning_graph_references and in
#: test_learning_background_task; and reads and writes the files below.
LONG = (
    "cycling-kolmogorov",
    "cycling-plume",
    "radiosondes-climate",
    "training-graph-reconstruction",
    "training-learned-b-era5",
)
#: Cases of real observations, which have no truth.
REAL = ("stations", "observed-field")
#: Keys that are null with a Huber cost, which is not quadratic.
OF_GAUSSIANS = {"chi2_per_obs", "sigma_b_desroziers", "sigma_o_desroziers", "neg_log_likelihood"}
#: Keys that only some files have, with which they do.
SOMETIMES = {
    "rmse_background": lambda s: s.case.name not in REAL,
    "rmse_analysis": lambda s: s.case.name not in REAL,
    "rmse_withheld_background": lambda s: s.case.name == "stations",
    "rmse_withheld_analysis": lambda s: s.case.name == "stations",
    "reduction": lambda s: s.case.name == "stations",
    **{f"{of}_{number}": lambda s: s.case.name == "observed-field" for of in ("omb", "oma") for number in ("mean", "std")},
    "notes": lambda s: s.case.name == "observed-field",
    "sigma_b": lambda s: s.background_error.tune == "likelihood",
    "length": lambda s: s.background_error.tune == "likelihood",
    "sigma_o": lambda s: s.background_error.tune == "likelihood",
    "draws": lambda s: s.repeat is not None,
    "warnings": lambda s: s.case.name == "observed-field" or not s.background_error.periodised,
}


def examples(files: list[Path]) -> pytest.MarkDecorator:
    """Let a test run each of these files, the long ones only by make reference."""
    marked = [pytest.param(file, id=file.stem, marks=[pytest.mark.reference] if file.stem in LONG else []) for file in files]
    return pytest.mark.parametrize("file", marked)


def documented(document: Path = DOCUMENT) -> list[set[str]]:
    """Return the keys of the tables of a document's summary."""
    section = document.read_text(encoding="utf-8").split("\n## Summary\n")[1].split("\n## ")[0]
    return [
        {key for line in part.splitlines() if line.startswith("| `") for key in re.findall("`(.*?)`", line.split("|")[1])}
        for part in section.split("| key |")[1:]
    ]


def expected(asked: AnalysisSettings) -> set[str]:
    keys = {key for key in documented()[0] if SOMETIMES.get(key, lambda _: True)(asked)}
    alone = {"draws", "seconds", "device", "warnings"}
    return keys | {f"{key}_se" for key in keys - alone if asked.repeat is not None}


@pytest.mark.parametrize("document", [DOCUMENT, CYCLING, LEARNING, KEYS], ids=lambda document: document.stem)
def test_a_document_is_up_to_date(document):
    assert updated(document) == document.read_text(encoding="utf-8"), "run make docs"


def test_what_is_registered_is_documented():
    text = CYCLING.read_text(encoding="utf-8")
    testbeds = [model.model_fields["name"].default for model in DYNAMICS]
    methods = [model.model_fields["name"].default for model in METHODS if model.model_fields["name"].default in KINDS]
    assert re.findall(r"^### `dynamics: \{name: (.*?)\}`$", text, re.MULTILINE) == testbeds
    assert re.findall(r"^### `name: (.*?)`$", text, re.MULTILINE) == methods


def test_there_is_an_example_of_each_case():
    names = {from_yaml(file.read_text(encoding="utf-8")).case.name for file in ANALYSES}
    assert names == {"periodic-1d", "xz-2d", "course-1d", "course-2d", "field", "ensemble", "stations", "observed-field"}


@examples(ANALYSES)
def test_an_example_runs_and_its_summary_is_as_documented(file, request):
    text = file.read_text(encoding="utf-8")
    asked = from_yaml(text)
    needs_files = not any(name in text for name in EMBEDDED)
    folder = request.getfixturevalue("real_data") if needs_files else NOWHERE
    result = run_file(file, folder, ["repeat=4"] if asked.repeat else [])
    assert set(result) == expected(asked)
    undefined = {key for key, value in result.items() if value is None} - {"warnings"}
    assert undefined == (OF_GAUSSIANS if asked.method.huber else set())
    assert asked.method.huber or math.isfinite(result["chi2_per_obs"])
    if asked.case.name == "observed-field":
        assert result["oma_std"] < result["omb_std"]
    elif "single" not in file.stem:  # whose observation has nothing to do with the truth
        withheld = "withheld_" if asked.case.name == "stations" else ""
        assert result[f"rmse_{withheld}analysis"] < result[f"rmse_{withheld}background"]


@examples(RACES)
def test_a_race_runs_and_its_summary_is_as_documented(file):
    asked = from_yaml(file.read_text(encoding="utf-8"))
    assert isinstance(asked, CyclingSettings)
    result = run_file(file, NOWHERE, ["cycles=30", "spinup=12", "repeat=2"])
    of_run, of_method = documented(CYCLING)
    assert set(result) == of_run
    assert [entry["name"] for entry in result["methods"]] == [method.name for method in asked.methods]
    for entry in result["methods"]:
        assert set(entry) == of_method
        assert {key for key, value in entry.items() if value is None} == {"diverged_at", "reason"}
        assert entry["rmse_analysis"] < entry["rmse_background"]
        assert entry["experiments_lost"] == 0


@examples(ROLLOUTS)
def test_a_rollout_runs_and_its_summary_is_as_documented(file, request):
    text = file.read_text(encoding="utf-8")
    asked = from_yaml(text)
    folder = request.getfixturevalue("real_data") if asked.start.name == "archive" else NOWHERE
    result = run_file(file, folder, [f"steps={2 * asked.every}", "starts=4"])
    of_run, of_growth, _, of_model = documented(ROLLOUT)
    assert set(result) == of_run | (of_growth if asked.growth else set())
    assert [entry["name"] for entry in result["models"]] == [model.name for model in asked.models]
    for entry in result["models"]:
        assert set(entry) == of_model
        assert entry["ended"] is None
        assert all(value is not None for value in entry["rmse"] + entry["crps"])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One record of runs for all trainings; to make it takes longer than they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSIMILAB_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.mark.usefixtures("home")
@examples(TRAININGS)
def test_a_training_runs_and_its_summary_is_as_documented(file, request):
    folder = request.getfixturevalue("real_data") if re.search("course|era5", file.stem) else NOWHERE
    result = run_file(file, folder, ["iterations=3"])
    common, variational, particles = documented(LEARNING)[:3]
    task, own = result["task"], set(result) - common
    if task == "ai-particle-filter" or task.startswith("aivar"):
        assert own == (particles if task == "ai-particle-filter" else variational)
    else:  # which document their scores in a section of their own, as stems with dots
        sections = LEARNING.read_text(encoding="utf-8").split("\n## ")
        section = next(part for part in sections if f"`{task}`" in part.split("\n")[0])
        names = re.findall(r"`([\w…]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)))
        stems = re.compile("|".join(name.replace("…", r"\w+") for name in names))
        assert {name for name in own if not stems.fullmatch(name)} == set()
    assert all(math.isfinite(value) for value in result.values() if isinstance(value, float))


def test_tasks_are_documented():
    text = KEYS.read_text(encoding="utf-8")
    assert re.findall(r"^### `task: (.*?)`$", text, re.MULTILINE) == list(TASKS)


def test_the_course_s_minima_come_out_of_the_examples(real_data):
    line = run_file(ROOT / "assets/experiments/course-line.yaml", real_data)
    assert line["j"] == pytest.approx(48.949412, abs=5e-7)
    assert (line["jb"], line["jo"]) == pytest.approx((33.820472, 15.128940), abs=5e-7)
    assert "123 of its 256 eigenvalues are negative" in line["warnings"][0]
    periodised = run_file(ROOT / "assets/experiments/course-line.yaml", real_data, ["background_error.periodised=true"])
    assert "warnings" not in periodised
    plane = run_file(ROOT / "assets/experiments/course-plane.yaml", real_data)
    assert (plane["j"], plane["rmse_analysis"]) == pytest.approx((69.95265, 0.0387125), abs=5e-6)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_survives_being_written_and_read(file):
    asked = from_yaml(file.read_text(encoding="utf-8"))
    again = from_yaml(to_yaml(asked))
    assert again == asked
    if file in ANALYSES:  # whose settings are keys of what has been computed
        assert hash(again) == hash(asked)


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"case": {"name": "field", "path": "a b/c: d.nc", "variable": "no", "time": "2019-03-16"}},
        {"case": {"name": "field", "path": "a", "variable": "t", "time": 3, "level": 500, "member": 0, "background": "mean"}},
        {"case": {"name": "ensemble", "background": 4}},
        {"observations": {"placement": "clicked", "places": [[0.1], [1 / 3]], "innovation": -1e-7}},
        {"background_error": {"floor": 0, "length": 1e-5, "sigma": 123456.789}, "repeat": 7},
    ],
)
def test_settings_survive_being_written_and_read(sections):
    asked = settings(**sections)
    assert from_yaml(to_yaml(asked)) == asked


def test_equal_settings_are_one_key_however_they_were_given():
    default, explicit = settings(), settings(observations={"count": 100}, case={"name": "periodic-1d"}, repeat=None)
    assert default == explicit
    assert len({default, explicit}) == 1
    assert len({ObservationSettings(sigma=1), ObservationSettings(sigma=1.0), ObservationSettings(sigma=2.0)}) == 2
    assert len({BackgroundErrorSettings(), BackgroundErrorSettings(tune="likelihood")}) == 2


def test_numbers_words_and_times_are_read_as_they_are_written():
    asked = from_yaml(
        """
        kind: analysis
        case: {name: field, path: a.nc, variable: off, time: 2019-03-16T12:00:00}
        background_error: {tune: no, floor: 1e-5, periodised: false}
        """
    )
    assert (asked.case.variable, asked.case.time) == ("off", "2019-03-16T12:00:00")
    assert asked.background_error.model_dump(include={"tune", "floor", "periodised"}) == {
        "tune": "no", "floor": 1e-5, "periodised": False,
    }  # fmt: skip


def written(folder: Path, text: str = "kind: analysis\ncase: {name: periodic-1d, seed: 3}\n") -> Path:
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return folder / "a.yaml"


def test_set_changes_keys_at_any_level(tmp_path):
    file, out = written(tmp_path), tmp_path / "out"
    changes = [
        "observations.count=7",
        "repeat=3",
        "background_error={sigma: 2.0}",
        "background_error.length=0.1",
        "case.seed=9",
    ]
    result = run_file(file, NOWHERE, changes, out)
    assert (result["observations_used"], result["draws"]) == (7, 3)
    assert from_yaml((out / "experiment.yaml").read_text(encoding="utf-8")) == settings(
        case={"name": "periodic-1d", "seed": 9},
        background_error={"sigma": 2.0, "length": 0.1},
        observations={"count": 7},
        repeat=3,
    )


def test_what_is_written_reproduces_the_numbers(tmp_path):
    out = tmp_path / "new" / "folder"
    first = run_file(written(tmp_path), NOWHERE, ["observations={count: 12, gross_probability: 0.2}"], out)
    assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == first
    second = run_file(out / "experiment.yaml", NOWHERE)
    assert {**second, "seconds": 0} == {**first, "seconds": 0}


def test_the_command_prints_one_object_and_only_that(tmp_path):
    command = [sys.executable, "-m", "backends", "run", str(written(tmp_path)), "--set", "observations.count=0"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["chi2_per_obs"] is None
    assert result["rmse_analysis"] == result["rmse_background"]


def test_the_data_folder_can_be_named(tmp_path, capsys, monkeypatch):
    file = written(tmp_path, "kind: analysis\ncase: {name: course-1d}\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "course-1d.npz").write_bytes(b"")
    assert main(["run", str(file), "--data", str(tmp_path / "data")]) == 2
    assert "not a whole npz" in capsys.readouterr().err
    monkeypatch.setenv("ASSIMILAB_DATA", str(tmp_path / "data"))
    assert main(["run", str(file)]) == 2
    assert "not a whole npz" in capsys.readouterr().err
