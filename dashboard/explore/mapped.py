"""The part of a state that says which map there is: projection, middle, and what is looked at of it."""

from typing import Any

import param


class Mapped(param.Parameterized):
    """What the states of fields and of observations have in common; each draws in its own way."""

    window = param.Parameter(default=None, doc="The part of the map that is looked at; all of it if None.")
    projection = param.String(default="lat-lon", doc="Key of the map projection.")
    middle_latitude = param.Number(default=0.0, bounds=(-90, 90), doc="Middle of the map, °N.")
    middle_longitude = param.Number(default=0.0, bounds=(-180, 180), doc="Middle of the map, °E.")

    def choose_projection(self, key: str) -> None:
        """Show another map, with the same middle."""
        if key != self.projection:
            self.param.update(projection=key, window=None)
            self._draw()

    def turn_to(self, latitude: float, longitude: float, coarse: bool = False) -> None:
        """Put a place, degrees, into the middle of the map; `coarse` while more turning is to be expected."""
        self.param.update(middle_latitude=min(max(latitude, -90.0), 90.0), middle_longitude=(longitude + 180) % 360 - 180)
        self._draw(coarse)

    def take_map(self, other: "Mapped") -> None:
        """Take over projection and middle of another state; nothing is drawn."""
        names: dict[str, Any] = {n: getattr(other, n) for n in ("projection", "middle_latitude", "middle_longitude")}
        self.param.update(**names)

    def _draw(self, coarse: bool = False) -> None:
        """Ask for the picture of what is chosen."""
        raise NotImplementedError
