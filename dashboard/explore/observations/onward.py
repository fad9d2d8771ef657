"""From stations of a file to their analysis: the address of the Analysis page with the settings of the case."""

from urllib.parse import quote

import numpy as np

from backends.experiments.cases import StationsCase
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.observations.statistics import STANDARD_LEVELS
from backends.stations.table import VARIABLES
from dashboard.explore.observations.state import ObservationState

#: The level of soundings that is analysed where none was chosen, hPa.
USUAL_LEVEL = 500.0


def analysis_address(state: ObservationState) -> str:
    """Return where the stations that are looked at are analysed; empty where the Analysis page cannot take them."""
    file, table = state.file, state.table
    if file is None or table is None or table.format != "BUFR" or file.key.startswith("uploaded "):
        return ""
    if state.variable not in VARIABLES:
        return ""
    aloft = bool(np.isfinite(state.of.table.level).any())
    case = StationsCase(path=file.key, variable=state.variable, level=_level(state.selection.levels) if aloft else None)
    return f"analysis?experiment={quote(to_yaml(AnalysisSettings(case=case)))}"


def _level(chosen: tuple[float, float] | None) -> float:
    """Return the standard level in the middle of the layers that were chosen, hPa."""
    if chosen is None:
        return USUAL_LEVEL
    middle = (chosen[0] * chosen[1]) ** 0.5 / 100
    return float(min(STANDARD_LEVELS, key=lambda level: abs(level - middle)))
