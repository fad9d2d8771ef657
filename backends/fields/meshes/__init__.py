"""Grids as places on Earth, and how any other place finds its cell among them; one kind of grid per file."""

from backends.fields.meshes.healpix import HealpixMesh
from backends.fields.meshes.mesh import Extent, Mesh, cell_at, extent_of
from backends.fields.meshes.nearest import NearestMesh
from backends.fields.meshes.projected import ProjectedMesh
from backends.fields.meshes.reduced import ReducedMesh
from backends.fields.meshes.regular import RegularMesh
from backends.fields.meshes.triangles import TriangleMesh

__all__ = [
    "Extent",
    "HealpixMesh",
    "Mesh",
    "NearestMesh",
    "ProjectedMesh",
    "ReducedMesh",
    "RegularMesh",
    "TriangleMesh",
    "cell_at",
    "extent_of",
]
