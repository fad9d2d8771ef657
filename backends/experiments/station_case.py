"""The case of real observations at stations, some of which are withheld to judge the analysis."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from backends.device import compute_device, precise_dtype
from backends.errors import InputError
from backends.experiments.cases import StationsCase
from backends.experiments.observing import WITHHELD, generator
from backends.experiments.problem_case import ReadyCase, Suggested, two_digits
from backends.fields.catalogue import Catalogue
from backends.fields.field import time_label
from backends.fields.paths import confine
from backends.geometry.scattered import ScatteredPoints
from backends.geometry.sphere import Points
from backends.observing.observations import Observations
from backends.stations.table import StationTable

#: Fewest stations on either side of a split.
FEWEST = 5


def station_case(settings: StationsCase, catalogue: Catalogue) -> ReadyCase:
    """Return the stations of a file, split into used and withheld ones by the seed.

    The background is a regression fitted to the used stations alone, or a field interpolated to all.

    Raises
    ------
    InputError
        If the file cannot be read, has no such variable, or too few stations.
    """
    table = station_table(settings, catalogue.folder)
    device = compute_device()
    dtype = precise_dtype(device)

    def tensor(values: object) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float64).to(device, dtype)

    latitude, longitude, height, values = map(tensor, (table.latitude, table.longitude, table.height, table.values))
    order = torch.randperm(len(table), generator=generator(settings.seed, WITHHELD)).to(device)
    count = round(settings.withhold * len(table))
    if count < 1 or len(table) - count < FEWEST:
        raise InputError(
            f"withholding {settings.withhold:.0%} of {len(table)} stations leaves {len(table) - count} to use and {count} to "
            f"judge by; at least {FEWEST} and 1 are needed"
        )
    withheld, used = order[:count].sort().values, order[count:].sort().values
    background, caption = _background(settings, table, catalogue, used, tensor)
    domain = ScatteredPoints(Points(latitude, longitude), height)
    weights = torch.zeros_like(values)
    weights[withheld] = 1 / count
    sigma = two_digits(float((values - background)[used].square().mean().sqrt()) or 1.0)
    span = 111.2 * float(latitude.max() - latitude.min())
    level = "" if table.level is None else f" at {table.level:g} hPa"
    return ReadyCase(
        domain=domain,
        truth=values,
        background=background,
        weights=weights,
        valid=torch.ones_like(values, dtype=torch.bool),
        units=table.units,
        length_units="km",
        suggested=Suggested(sigma, two_digits(min(max(span / 5, 20.0), 1000.0)), two_digits(sigma / 3)),
        longest=min(3000.0, max(span, 100.0)),
        truth_caption=f"{len(table)} stations{level}, {time_label(table.time)}",
        background_caption=caption,
        observations=Observations(values[used], domain.coordinates()[used]),
        withheld=True,
    )


def station_table(settings: StationsCase, folder: Path) -> StationTable:
    """Return the observations of a case's variable."""
    path = confine(settings.path, folder)
    status = path.stat()
    return _table(path, status.st_mtime_ns, status.st_size, settings.variable, settings.level)


@lru_cache(maxsize=16)
def _table(path: Path, _modified: int, _size: int, variable: str, level: float | None) -> StationTable:
    from backends.stations.bufr import read_stations

    return read_stations(path, variable, level)


def _background(
    settings: StationsCase, table: StationTable, catalogue: Catalogue, used: Tensor, tensor: Callable[[object], Tensor]
) -> tuple[Tensor, str]:
    from backends.stations.regression import fit_regression

    if settings.background != "regression":
        from backends.stations.climate import climate_background

        dataset = catalogue.open(settings.background)
        return tensor(climate_background(table, dataset)), f"{dataset.label}, interpolated"
    latitude, longitude, height = (torch.as_tensor(values) for values in (table.latitude, table.longitude, table.height))
    chosen = used.cpu()
    observed = torch.as_tensor(table.values)[chosen]
    plane = fit_regression(latitude[chosen], longitude[chosen], height[chosen], observed)
    return tensor(plane.predict(latitude, longitude, height)), "regression on place and height"
