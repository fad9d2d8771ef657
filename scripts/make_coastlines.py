"""Convert the land outlines of the npm package world-atlas into the small arrays that the maps draw.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    .venv/bin/python -m scripts.make_coastlines package assets/coastlines

Natural Earth's outlines are in the public domain. They are committed; this script is there so that they can be made again.
"""

import json
import sys
from pathlib import Path

import numpy as np

RESOLUTIONS = ("110m", "50m")


def decode(topology: dict) -> np.ndarray:
    """Return all arcs as one float32 array (k, 2) of longitude and latitude, separated by rows of NaN."""
    scale, translate = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    pieces = []
    for arc in topology["arcs"]:
        line = np.cumsum(np.array(arc), axis=0) * scale + translate  # TopoJSON stores differences of integers
        pieces += [piece for piece in _without_frame(line) if len(piece) > 1]
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for piece in pieces for part in (piece, gap)]).astype(np.float32)


def _without_frame(line: np.ndarray) -> list[np.ndarray]:
    """Cut a line where it runs along the antimeridian or the South Pole, or jumps from one side of the map to the other.

    The first two close polygons but are no coast; the third would be drawn across the whole map.
    """
    frame = (np.abs(np.abs(line[:, 0]) - 180) < 1e-3) | (line[:, 1] < -89.9)
    along = frame[:-1] & frame[1:]
    jumps = np.abs(np.diff(line[:, 0])) > 180
    return np.split(line, np.flatnonzero(along | jumps) + 1)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    for resolution in RESOLUTIONS:
        lines = decode(json.loads((source / f"land-{resolution}.json").read_text()))
        np.savez_compressed(target / f"land-{resolution}.npz", lines=lines)
        print(f"land-{resolution}: {len(lines)} points")


if __name__ == "__main__":
    main()
