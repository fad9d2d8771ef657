"""Edges of triangles on the map, and what careless drawing makes of those across the dateline."""

import numpy as np
import pytest

from backends.fields.meshes import TriangleMesh
from backends.fields.overlays.seen import Seen
from backends.fields.overlays.triangles import MOST, triangles
from backends.fields.raster import Window
from backends.fields.views import projection_of
from backends.geometry.projections import LatLon
from tests.grids import icosahedral

WORLD = Seen(LatLon(), Window(-180, 180, -90, 90), 900, 450)


def angles(v):
    return np.degrees(np.arcsin(v[..., 2].clip(-1, 1))), np.degrees(np.arctan2(v[..., 1], v[..., 0]))


def mesh_of(corners):
    north, east = angles(corners)
    return TriangleMesh(*angles(corners.mean(1) / np.linalg.norm(corners.mean(1), axis=1, keepdims=True)), north, east)


@pytest.fixture(scope="module")
def mesh():
    tilt = np.array([[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]])
    return mesh_of(icosahedral(3) @ tilt.T)  # 1,280 triangles


def two_triangles():
    """One from 170°E to 170°W at the equator, and one far from the dateline."""
    return TriangleMesh(
        np.array([3.0, 3.0]), np.array([180.0, 20.0]),
        np.array([[0.0, 0.0, 10.0], [0.0, 0.0, 10.0]]), np.array([[170.0, -170.0, 180.0], [10.0, 30.0, 20.0]]),
    )  # fmt: skip


def test_only_triangles_across_the_dateline_become_streaks():
    found = triangles(np.array([5.0, 7.0]), two_triangles(), WORLD, edges=False, careless=True)
    assert found.across == 1
    np.testing.assert_array_equal(found.values, [5.0])
    np.testing.assert_allclose(np.ptp(found.careless[0, :, 0]), 350, atol=11)  # 340 to 360: where 180 itself comes to lie
    assert not found.edges.size


def test_edges_never_cross_the_map_and_lie_on_great_circles(mesh):
    found = triangles(np.zeros(mesh.shape), mesh, WORLD, edges=True, careless=False)
    assert found.seen == mesh.shape[0]
    assert found.careless is None
    steps = np.diff(found.edges, axis=0)
    near = np.abs(found.edges[1:, 1]) < 75  # near the poles, degrees of longitude are short
    assert np.nanmax(np.abs(steps[near, 0])) < 12
    # Each point is in the plane of an edge of some triangle: its distance from the nearest such plane is none.
    inner = np.abs(found.edges[:, 0]) < 179.999  # where an edge is cut at the seam is found on the map itself
    phi, lam = np.radians(found.edges[inner][::37, ::-1]).T
    points = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    north, east = np.radians(mesh.corner_latitude), np.radians(mesh.corner_longitude)
    corners = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)
    normals = np.cross(corners, np.roll(corners, -1, axis=1)).reshape(-1, 3)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert np.abs(points @ normals.T).min(1).max() < 1e-12


def test_a_map_without_a_seam_has_no_streaks(mesh):
    globe = projection_of("globe", 40.0, 20.0)
    found = triangles(np.zeros(mesh.shape), mesh, Seen(globe, Window(-1, 1, -1, 1), 500, 500), edges=True, careless=True)
    assert found.across == 0
    assert not found.careless.size
    assert 0.4 * mesh.shape[0] < found.seen < 0.65 * mesh.shape[0]
    assert np.nanmax(np.hypot(*found.edges.T)) <= 1 + 1e-9


def test_a_window_within_one_triangle_shows_that_one(mesh):
    north, east = (float(v[100]) for v in mesh.places())
    window = Window(east - 0.1, east + 0.1, north - 0.1, north + 0.1)
    assert triangles(np.zeros(mesh.shape), mesh, Seen(LatLon(), window, 400, 400), edges=True, careless=False).seen == 1
    corner = Window(east + 0.5, east + 0.7, north + 0.5, north + 0.7)  # without the centre
    found = triangles(np.zeros(mesh.shape), mesh, Seen(LatLon(), corner, 400, 400), edges=True, careless=False)
    wanted = mesh.locate(np.array([north + 0.6]), np.array([east + 0.6]))
    assert found.seen == 1
    assert np.nanmax(found.edges[:, 1]) == pytest.approx(mesh.corner_latitude[wanted].max(), abs=0.2)


def test_too_many_triangles_are_counted_and_not_drawn():
    many = mesh_of(icosahedral(5))
    found = triangles(np.zeros(many.shape), many, WORLD, edges=True, careless=False)
    assert found.seen == 20_480 > MOST
    assert not found.edges.size
