"""From the table of observations to the reports of stations: surface reports, and soundings at the standard levels."""

from typing import TYPE_CHECKING

import numpy as np

from backends.observations.schema import NO_LEVEL, PRESSURE
from backends.observations.statistics import STANDARD_LEVELS
from backends.observations.table import Table
from backends.stations.table import VARIABLES

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the reports. `level` is in hPa, NaN near the surface.
COLUMNS = ("report", "station", "time", "latitude", "longitude", "height", "variable", "level", "value")
#: What is observed at stations near the surface, and aloft.
_SURFACE, _SOUNDINGS = ("SYNOP", "SHIP"), ("TEMP",)


def station_reports(table: Table) -> "pd.DataFrame":
    """Return one row for each report, variable and level, as they are in the table, not checked; columns `COLUMNS`."""
    import pandas as pd

    near = table.report_type.is_in(_SURFACE) & (table.level_kind == NO_LEVEL)
    near &= table.variable.is_in(name for name, known in VARIABLES.items() if known.near_surface)
    hectopascals = np.round(table.level.astype("f8") / 100, 1)
    aloft = table.report_type.is_in(_SOUNDINGS) & (table.level_kind == PRESSURE) & np.isin(hectopascals, STANDARD_LEVELS)
    aloft &= table.variable.is_in(name for name, known in VARIABLES.items() if known.aloft)
    chosen = near | aloft
    some = table.take(chosen)
    columns = {
        "report": some.report,
        "station": some.station.texts(),
        "time": some.time,
        "latitude": some.latitude,
        "longitude": some.longitude,
        "height": some.height.astype("f8"),
        "variable": some.variable.texts(),
        "level": np.where(near, np.nan, hectopascals)[chosen],
        "value": some.value.astype("f8"),
    }
    return pd.DataFrame(columns, columns=list(COLUMNS))
