"""What the Explore page exports of observations: their map as it is seen, their counts and departures, and the chosen ones."""

from backends.errors import InputError
from backends.pictures.observation_script import ObservationsAsked, observations_script
from backends.pictures.observations import observations
from backends.pictures.script import stem
from dashboard.explore.observations.colours import colour_limits
from dashboard.explore.observations.compare import CompareControls
from dashboard.explore.observations.state import ObservationState
from dashboard.export import Snapshot

FORMS = ("png", "svg", "nc", "csv", "statistics.csv", "parquet", "py")
UPLOADED = "uploaded "


def snapshot(state: ObservationState, compare: CompareControls) -> Snapshot:
    """Return what is shown now.

    Raises
    ------
    InputError
        If there are no observations yet, or what is shown of them is not counted yet.
    """
    of, file = state.of, state.file
    if of is None or file is None or state.picture is None or state.overview is None:
        raise InputError("there are no observations yet; they are exported as soon as they are shown")
    limits, wanted = colour_limits(state, state.colour), state.wanted
    compared = None
    if state.comparison is not None:
        compared = compare.datasets.value, state.comparison.variable, compare.in_time.value
    asked = ObservationsAsked(
        file.key.removeprefix(UPLOADED), file.key.startswith(UPLOADED), state.columns, state.variable, state.selection,
        state.colour, limits, state.window, state.size,
        (state.projection, state.middle_latitude, state.middle_longitude), compared, state.under,
    )  # fmt: skip
    name = stem("explore", asked.file, state.variable)
    return Snapshot(name, lambda: observations(wanted, limits), {"py": observations_script(asked, name)})
