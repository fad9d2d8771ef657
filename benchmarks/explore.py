"""Frames of a 0.25° field (721 x 1440) in every projection: finding the cells once, then a frame, beside Cartopy."""

import importlib.util
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import xarray as xr

from backends.device import compute_device
from backends.fields.dataset import FieldDataset
from backends.fields.picture import look_at
from backends.fields.views import PROJECTIONS, draw, projection_of, view_of

REPEATS = 9


def _field() -> FieldDataset:
    latitude, longitude = np.linspace(90, -90, 721), np.arange(0, 360, 0.25)
    values = (np.sin(np.deg2rad(latitude))[:, None] + np.cos(3 * np.deg2rad(longitude))[None]).astype(np.float32)
    coordinates = {"latitude": latitude, "longitude": longitude}
    return FieldDataset(
        "0.25°", "generated", [xr.Dataset({"t": (("latitude", "longitude"), values, {"units": "K"})}, coordinates)]
    )


def _median(work: Callable[[int], object]) -> float:
    times = []
    for k in range(REPEATS):
        start = time.perf_counter()
        work(k)
        if compute_device().type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times), 4)


def measure() -> dict[str, object]:
    """Return seconds: of a new view, of a preview while a globe is turned, of a frame of the same view, and of peers."""
    dataset = _field()
    field = dataset.field("t", {})
    mesh = field.variable.mesh
    figures: dict[str, object] = {}
    for key, choice in PROJECTIONS.items():
        view = view_of(mesh, projection_of(key, 40, 10))
        draw(field.values, mesh, view)

        # Each time about another meridian, so that no view is known yet.
        def anew(k: int, key: str = key, coarse: bool = False) -> object:
            return look_at(dataset, "t", {}, None, projection_of(key, 40, 11 + k + 20 * coarse), coarse)

        figures[choice.label] = {
            "new_view_s": _median(anew),
            "preview_s": _median(lambda k, anew=anew: anew(k, coarse=True)),  # type: ignore[misc]
            "frame_s": _median(lambda _, view=view: draw(field.values, mesh, view)),  # type: ignore[misc]
            "pixels": [view.height, view.width],
        }
    return {"projections": figures, "peers": _peers(field.values)}


def _peers(values: np.ndarray) -> dict[str, object]:
    """Return the seconds that Cartopy needs to bring the field onto as many pixels of a globe; it is not a requirement."""
    if importlib.util.find_spec("cartopy") is None:
        return {"cartopy": "not installed"}
    import cartopy
    from cartopy import crs
    from cartopy.img_transform import warp_array

    globe, plate = crs.Orthographic(10, 40), crs.PlateCarree()
    extent = (-180.0, 180.0, -90.0, 90.0)

    def regrid(_k: int) -> object:
        return warp_array(values, target_proj=globe, source_proj=plate, target_res=(640, 640), source_extent=extent)

    return {f"cartopy {cartopy.__version__}, globe, frame_s": _median(regrid)}
