"""From stations of a file to their analysis: the address of the Analysis page with the settings of the case."""

from backends.experiments.cases import StationsCase
from backends.experiments.pairs import to_pairs
from backends.experiments.settings import AnalysisSettings
from backends.observations.schema import PRESSURE
from backends.observations.statistics import STANDARD_LEVELS
from backends.stations.table import VARIABLES
from dashboard.address import link
from dashboard.explore.observations.state import ObservationState

#: The level of soundings that is analysed where none was chosen, hPa.
USUAL_LEVEL = 500.0


def analysis_address(state: ObservationState) -> str:
    """Return where the stations that are looked at are analysed; empty where the Analysis page cannot take them."""
    file, table = state.file, state.table
    if file is None or table is None or table.format != "BUFR" or file.key.startswith("uploaded "):
        return ""
    aloft = bool((state.of.table.level_kind == PRESSURE).any())
    known = VARIABLES.get(state.variable)
    if known is None or not (known.aloft if aloft else known.near_surface):
        return ""
    chosen = state.selection.levels if state.selection.level_kind == "pressure" else None
    case = StationsCase(path=file.key, variable=state.variable, level=_level(chosen) if aloft else None)
    return link("analysis", to_pairs(AnalysisSettings(case=case).tree()))


def _level(chosen: tuple[float, float] | None) -> float:
    """Return the standard level, hPa, in the middle of the layers that were chosen, Pa."""
    if chosen is None:
        return USUAL_LEVEL
    middle = (chosen[0] * chosen[1]) ** 0.5 / 100
    return float(min(STANDARD_LEVELS, key=lambda level: abs(level - middle)))
