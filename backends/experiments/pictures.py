"""What is drawn of an analysis: arrays on the CPU, in single precision, whatever the domain is."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.background_error.base import BackgroundError
from backends.experiments.outcome import Outcome
from backends.experiments.problem_case import ReadyCase
from backends.experiments.station_map import station_map
from backends.fields.raster import Raster, grid_raster
from backends.geometry.domain import Domain
from backends.geometry.grid import LatLonGrid
from backends.geometry.plane import VerticalPlane
from backends.geometry.scattered import ScatteredPoints

#: What is drawn of each analysis, in this order.
FIELDS = ("truth", "background", "analysis", "increment", "error", "spread")


def frame_of(domain: Domain) -> str:
    """Return how a domain is drawn: ``line``, ``plane``, ``map`` or ``stations``."""
    kinds = {VerticalPlane: "plane", LatLonGrid: "map", ScatteredPoints: "stations"}
    return kinds.get(type(domain), "line")


@dataclass(frozen=True, eq=False)
class Marks:
    """The observations as a picture shows them, shape (p,) each.

    `x` and `y` are longitude and latitude on a map, x and z on a plane, x and nothing on a line.
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    innovation: np.ndarray
    residual: np.ndarray
    rejected: np.ndarray
    signal: np.ndarray | None


def states(outcome: Outcome) -> dict[str, np.ndarray]:
    """Return the fields of an outcome on its state's points, shape (n,) each; the spread NaN while it is not computed."""
    case, analysis = outcome.case, outcome.analysis
    spread = outcome.__dict__.get("posterior_std", torch.full_like(case.truth, torch.nan))
    return {
        "truth": array(case.truth),
        "background": array(outcome.problem.background),
        "analysis": array(analysis.mean),
        "increment": array(analysis.increment),
        "error": array(analysis.mean - case.truth),
        "spread": array(spread),
    }


def rasters(outcome: Outcome, names: tuple[str, ...]) -> dict[str, Raster]:
    """Return the named fields of an outcome on a plane or a map as pixels."""
    fields = states(outcome)
    return {name: to_raster(fields[name], outcome.case.domain) for name in names}


def to_raster(values: np.ndarray, domain: Domain) -> Raster:
    """Return the pixels of a state (n,) on a plane or a map."""
    shaped = values.reshape(domain.shape)
    if isinstance(domain, LatLonGrid):
        return grid_raster(shaped, domain.to(torch.device("cpu"), torch.float64))
    assert isinstance(domain, VerticalPlane)
    west, east, bottom, top = domain.extent
    dx, dz = (east - west) / (shaped.shape[1] - 1) / 2, (top - bottom) / (shaped.shape[0] - 1) / 2
    return Raster(shaped, west - dx, east + dx, bottom - dz, top + dz)


def empty_raster(domain: ScatteredPoints) -> Raster:
    """Return pixels without values that span the stations."""
    places = domain.coordinates().cpu()
    (south, west), (north, east) = places.min(0).values.tolist(), places.max(0).values.tolist()
    x, y = 0.06 * max(east - west, 0.1), 0.06 * max(north - south, 0.1)
    return Raster(np.full((2, 2), np.nan, dtype=np.float32), west - x, east + x, south - y, north + y)


def station_rasters(outcome: Outcome) -> dict[str, Raster]:
    """Return increment and posterior standard deviation between stations as pixels."""
    between = station_map(outcome)
    grid = between.grid.to(torch.device("cpu"), torch.float64)
    parts = {"increment": between.increment, "spread": between.posterior_std}
    return {name: grid_raster(array(values), grid) for name, values in parts.items()}


def marks(outcome: Outcome) -> Marks:
    """Return the observations of an outcome."""
    places = array(outcome.observations.places)
    x, y = on_axes(places, outcome.case.domain)
    diagnostics = outcome.__dict__.get("diagnostics")
    return Marks(
        x=x,
        y=y,
        values=array(outcome.observations.values),
        innovation=array(outcome.analysis.innovation),
        residual=array(outcome.analysis.residual),
        rejected=~outcome.used.cpu().numpy(),
        signal=None if diagnostics is None else array(diagnostics.dfs_per_obs),
    )


def on_axes(places: np.ndarray, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """Return horizontal and vertical coordinates of places (p, k): longitude and latitude, x and z, or x and zero."""
    if isinstance(domain, LatLonGrid | ScatteredPoints):
        return places[:, 1], places[:, 0]
    if isinstance(domain, VerticalPlane):
        return places[:, 0], places[:, 1]
    return places[:, 0], np.zeros(len(places), dtype=np.float32)


def column(background_error: BackgroundError, case: ReadyCase, place: tuple[float, ...]) -> tuple[np.ndarray, int]:
    """Return the column of B that belongs to the point nearest to a place, shape (n,), and the number of the point."""
    domain = case.domain
    index = int(domain.apart(domain.coordinates(), torch.as_tensor(place).to(case.truth)).argmin())
    everything = torch.arange(domain.size, device=case.truth.device)
    return array(background_error.between(everything, everything[index : index + 1])[:, 0]), index


def array(values: Tensor) -> np.ndarray:
    """Return a tensor as an array in single precision."""
    return values.detach().to("cpu", torch.float32).numpy()
