"""HEALPix: cells of equal area, numbered along rings or by nested squares."""

import healpix
import numpy as np

from backends.errors import InputError
from backends.fields.meshes.mesh import key_of


class HealpixMesh:
    """All 12 nside² cells of a HEALPix grid (Górski et al. 2005, doi:10.1086/427976).

    Raises
    ------
    InputError
        If nested numbers are asked for and nside is no power of two.
    """

    def __init__(self, nside: int, nested: bool) -> None:
        if nside < 1 or (nested and nside & (nside - 1)):
            raise InputError(f"nside of a nested HEALPix grid must be a power of two; came {nside}")
        self.nside, self.nested = nside, nested
        self.shape = (12 * nside**2,)
        self.kind = "HEALPix, nested" if nested else "HEALPix, ring"
        self.key = key_of("healpix", nside, nested)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of the cells' centres."""
        longitude, latitude = healpix.pix2ang(self.nside, np.arange(self.shape[0]), nest=self.nested, lonlat=True)
        return latitude, longitude

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the cell that holds a place."""
        there = np.isfinite(latitude) & np.isfinite(longitude)
        result = np.full(there.shape, -1, dtype=np.int64)
        result[there] = healpix.ang2pix(
            self.nside, longitude[there] % 360, np.clip(latitude[there], -90, 90), nest=self.nested, lonlat=True
        )
        return result

    def facts(self) -> dict[str, object]:
        """Return nside and the number of cells."""
        return {"nside": self.nside, "points": self.shape[0]}
