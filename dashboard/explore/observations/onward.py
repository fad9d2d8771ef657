"""From observations to their analysis: the address of the Analysis page with the settings of the case, or why there is none."""

from dataclasses import dataclass
from html import escape

import panel as pn
import panel_material_ui as pmui

from backends.experiments.cases import Case, StationsCase
from backends.experiments.observed_offer import Pair, likely_case
from backends.experiments.pairs import to_pairs
from backends.experiments.settings import AnalysisSettings
from backends.observations.comparison import Comparison
from backends.observations.schema import PRESSURE
from backends.observations.selection import Selection
from backends.observations.statistics import STANDARD_LEVELS
from backends.stations.table import VARIABLES
from dashboard.address import link
from dashboard.controls import html
from dashboard.explore.observations.state import COUNTING, ObservationState
from dashboard.worker import LatestWins

#: The level of soundings that is analysed where none was chosen, hPa.
USUAL_LEVEL = 500.0
COMPARE_FIRST = "To analyse these observations, choose a field under “Compare with”: it becomes the background."
UPLOADED = (
    "A file of your own cannot be analysed: it is gone with this page, and an experiment must find its data again. Put it into "
    "the data folder to analyse it."
)
SAID = "These cannot be analysed: what you said of the columns is not in the file, and an experiment has no place for it."
LEFT = "The range of values or the stations that you chose do not go along."
OVER_FIELD = (
    "Opens the Analysis page: the field is the background, the observations are those that are chosen by place, type, level, "
    "time and quality"
)
STATIONS = (
    "Opens the Analysis page with all stations of this file and variable; of soundings at the standard level in the middle of "
    "the layers that are chosen, otherwise at 500 hPa"
)


@dataclass(frozen=True, eq=False)
class Over:
    """Observations that are to be analysed over a field, and the keys of both."""

    comparison: Comparison
    field: str
    file: str
    selection: Selection


class Onward:
    """The way to the Analysis page: a button, and a sentence beside it."""

    def __init__(self, state: ObservationState) -> None:
        self._state = state
        self.button = pmui.Button(
            label="Analyse", icon="timeline", variant="outlined", size="small", visible=False, description=STATIONS
        )
        self.why = html()
        self.pane = pn.Row(self.button, self.why, sizing_mode="stretch_width", margin=0)
        self._work: LatestWins[Over, Case] = LatestWins(COUNTING, _case, self._on_case, lambda text: self._offer(None, text))

    def show(self, field: str) -> None:
        """Offer to analyse what is looked at, over a field by its key where it is compared with one."""
        state = self._state
        if state.file is None or state.table is None:
            self._offer(None, "")
        elif state.file.key.startswith("uploaded "):
            self._offer(None, UPLOADED)
        elif state.columns_said:
            self._offer(None, SAID)
        elif state.comparison is not None and field:
            self._work.request(Over(state.comparison, field, state.file.key, state.selection))
        else:
            case = stations_case(state)
            self._offer(case, "" if case else COMPARE_FIRST)

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._work.close()

    def _on_case(self, request: Over, case: Case) -> None:
        if request.comparison is self._state.comparison:
            chosen = request.selection
            self._offer(case, LEFT if chosen.within is not None or chosen.stations else "")

    def _offer(self, case: Case | None, words: str) -> None:
        self.why.object = f'<div class="hint">{escape(words)}</div>' if words else ""
        if case is None:
            self.button.param.update(visible=False, href=None)
            return
        stations = isinstance(case, StationsCase)
        self.button.param.update(
            label="Analyse these stations" if stations else "Analyse over this field",
            description=STATIONS if stations else OVER_FIELD,
            href=link("analysis", to_pairs(AnalysisSettings(case=case).tree())),
            visible=True,
        )


def _case(over: Over) -> Case:
    """Return the case of observations over a field, as what is looked at says it."""
    compared = over.comparison
    return likely_case(Pair(over.field, compared.dataset, compared.variable, over.file, compared.of.table), over.selection)


def stations_case(state: ObservationState) -> StationsCase | None:
    """Return the case of the stations that are looked at; None where these are none, or the case has no such variable."""
    file, table = state.file, state.table
    if file is None or table is None or state.of is None or table.format != "BUFR":
        return None
    aloft = bool((state.of.table.level_kind == PRESSURE).any())
    known = VARIABLES.get(state.variable)
    if known is None or not (known.aloft if aloft else known.near_surface):
        return None
    chosen = state.selection.levels if state.selection.level_kind == "pressure" else None
    return StationsCase(path=file.key, variable=state.variable, level=_level(chosen) if aloft else None)


def _level(chosen: tuple[float, float] | None) -> float:
    """Return the standard level, hPa, in the middle of the layers that were chosen, Pa."""
    if chosen is None:
        return USUAL_LEVEL
    middle = (chosen[0] * chosen[1]) ** 0.5 / 100
    return float(min(STANDARD_LEVELS, key=lambda level: abs(level - middle)))
