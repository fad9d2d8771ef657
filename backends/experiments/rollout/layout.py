"""How the states of a world lie in space and in time, and where they are usually found."""

import numpy as np
import torch

from backends.experiments.cycling.layout import Layout, layout_of
from backends.geometry.sphere import Points
from backends.rollout.archive import ArchiveWorld
from backends.rollout.testbed import TestbedWorld
from backends.rollout.world import Starts, World


def layout_of_world(world: World) -> Layout:
    """Return how the states of a world lie in space."""
    if isinstance(world, TestbedWorld):
        return layout_of(world.dynamics)
    assert isinstance(world, ArchiveWorld)
    fields, axes = world.record.fields, ("longitude [°]", "latitude [°]")
    names, units = tuple(field.title for field in fields), tuple(field.unit for field in fields)
    grid = world.record.grid
    return Layout("plane", names, units, grid.shape, grid.edges(), axes, False, (False,) * len(fields))


def points_of(layout: Layout) -> Points:
    """Return the middles of the cells of a map on the sphere, row by row from the south-west corner."""
    (rows, columns), (west, east, south, north) = layout.shape, layout.edges
    latitude = south + (torch.arange(rows, dtype=torch.float64) + 0.5) * (north - south) / rows
    longitude = west + (torch.arange(columns, dtype=torch.float64) + 0.5) * (east - west) / columns
    return Points(*(axis.flatten() for axis in torch.meshgrid(latitude, longitude, indexing="ij")))


def valid_times(world: World, starts: Starts, start: int, leads: np.ndarray) -> tuple[str, ...]:
    """Return what the times are called that each lead is valid at: start + lead."""
    if isinstance(world, ArchiveWorld):
        steps = int(starts.steps[start]) + np.rint(leads / world.dt).astype(int)
        return tuple(f"{text.replace('T', ' ')} UTC" for text in np.datetime_as_string(world.times[steps], "m").tolist())
    began = int(starts.steps[start]) * world.dt
    unit = f" {world.time_unit}" if world.time_unit else ""
    return tuple(f"{began + lead:.10g}{unit}" for lead in leads.tolist())


def visited(world: World, most: int = 2000) -> np.ndarray:
    """Return states that the true model visits, where a state is a point in few dimensions."""
    if not isinstance(world, TestbedWorld) or not world.dynamics.components:
        return np.empty((0, world.size), np.float32)
    model = world.dynamics
    with torch.no_grad():
        drawn = model.draw_start(1, torch.Generator().manual_seed(0))
        states = model.trajectory(model.advance(drawn, model.transient), most - 1)
    return states[:, 0].float().cpu().numpy()
