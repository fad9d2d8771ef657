"""Downloads of a race: the run, and the innovations of a method as a feedback file."""

import tempfile
from io import BytesIO
from pathlib import Path

import panel_material_ui as pmui

from backends.errors import InputError
from backends.experiments.cycling.export import to_netcdf
from backends.experiments.cycling.feedback import file_names, to_feedback
from dashboard.controls import notice, tell
from dashboard.cycling.state import CyclingState
from dashboard.races import LiveRace
from dashboard.worker import DEVICE, LatestWins

RUN, FEEDBACK = "run", "feedback"
#: A race, which file of it, and of which method.
Request = tuple[LiveRace, str, int]


class ExportControls:
    """Buttons that write files of the race as it is now, and offer them for download."""

    def __init__(self, state: CyclingState) -> None:
        self.state = state
        self._writing: LatestWins[Request, tuple[str, bytes]] = LatestWins(DEVICE, _write, self._on_written, self._on_failed)
        self.run = pmui.Button(
            label="Write run as NetCDF", variant="outlined", size="small", on_click=lambda _: self._ask(RUN),
            description="Errors, spreads and scores of every cycle; states of the newest ones",
        )  # fmt: skip
        self.feedback = pmui.Button(
            label="Write innovations as feedback file", variant="outlined", size="small",
            on_click=lambda _: self._ask(FEEDBACK),
            description="O−B and O−A of the method chosen on the live tab, in the layout of a DWD feedback file",
        )  # fmt: skip
        self.download = pmui.FileDownload(file=BytesIO(), filename="run.nc", visible=False, size="small")
        self._problem = notice("problem")
        self.content = (self.run, self.feedback, self.download, self._problem)

    def close(self) -> None:
        """Let go of everything."""
        self._writing.close()

    def wait(self) -> None:
        """Block until what was asked for is there."""
        self._writing.wait()

    def _ask(self, kind: str) -> None:
        live = self.state.live
        if live is None or not live.started:
            tell(self._problem, "problem", "nothing has run yet; start the race first")
            return
        tell(self._problem, "problem", "")
        self._writing.request((live, kind, self.state.chosen))

    def _on_written(self, _request: Request, written: tuple[str, bytes]) -> None:
        name, content = written
        label = f"Download {name} ({max(1, len(content) // 1024):,} KiB)"
        self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)

    def _on_failed(self, problem: str) -> None:
        tell(self._problem, "problem", problem)


def _write(request: Request) -> tuple[str, bytes]:
    live, kind, method = request
    race = live.race
    if race.cycle == 0:
        raise InputError("nothing has run yet; start the race first")
    name = "run.nc" if kind == RUN else file_names(race)[method]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if kind == RUN:
            to_netcdf(race, path)
        else:
            to_feedback(race, method, path)
        return name, path.read_bytes()
