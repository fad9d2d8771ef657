"""What the Cycling page exports: the race as it is shown, and the innovations of a method as a feedback file."""

from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError
from backends.experiments.cycling.export import dataset_of
from backends.experiments.cycling.feedback import to_feedback
from backends.experiments.run import to_yaml
from backends.pictures.cycling import Look, Space, exhibit
from backends.pictures.script import stem
from backends.pictures.scripts import cycling_script
from dashboard.cycling.state import CyclingState
from dashboard.export import Snapshot
from dashboard.worker import DEVICE

if TYPE_CHECKING:
    import xarray as xr

FORMS = ("png", "svg", "nc", "csv", "feedback.nc", "yaml", "py")


def snapshot(state: CyclingState, field: int, log: bool) -> Snapshot:
    """Return what is shown now; the numbers are of all cycles that have been run when the file is made.

    Parameters
    ----------
    state
        Of the page.
    field
        Number of the field that is shown, of testbeds with several.
    log
        Whether errors are drawn logarithmically.

    Raises
    ------
    InputError
        If nothing has run yet.
    """
    seen, live = state.view, state.live
    if live is None or seen is None or not seen.cycle:
        raise InputError("nothing has run yet; start the race, or take a step")
    race, look = live.race, Look(seen.chosen, state.window, field, log)
    settings = seen.stages[-1][1]
    name = stem("cycling", settings.dynamics.name, seen.labels[seen.chosen], f"cycle-{seen.cycle}")

    # A race is touched on the device's thread only.
    def whole() -> "xr.Dataset":
        return DEVICE.submit(dataset_of, race).result()

    def feedback(path: Path) -> None:
        DEVICE.submit(to_feedback, race, seen.chosen, path).result()

    texts = {"yaml": to_yaml(settings), "py": cycling_script(seen.stages, seen.cycle, look, name)}
    return Snapshot(name, lambda: exhibit(seen, Space.of(race), look, whole, feedback), texts)
