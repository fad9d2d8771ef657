"""Placing observations by hand: clicking, dragging, and the single-observation mode."""

from typing import Any

import param

from backends.experiments.cases import REAL
from backends.geometry.plane import VerticalPlane
from backends.observing.network import toggled, toggled_column


class PlacedByHand(param.Parameterized):
    """The part of the page's state that a hand on a picture changes.

    Attributes
    ----------
    b, o
        The settings of B and of the observations.
    """

    kind = param.String(default="periodic-1d", doc="Name of the case.")
    result = param.Parameter(default=None, doc="The newest analysis.")
    columns = param.Boolean(default=False, doc="Whether a click on a plane adds or takes away a whole column of stations.")

    b: Any
    o: Any

    def toggle(self, place: tuple[float, ...]) -> None:
        """Add an observation where a person clicked, or take away the one that is there.

        From then on the network is the clicked one; it begins with the observations that are shown. In single-observation
        mode the one observation moves to the place.
        """
        if self.result is None or self.kind in REAL:
            return
        if self.o.innovation is not None:
            self.o.param.update(places=(place,), placement="clicked")
            return
        domain = self.result.case.domain
        if self.columns and isinstance(domain, VerticalPlane):
            places = toggled_column(self._places(), place[0], self.o.levels, domain)
        else:
            places = toggled(self._places(), place, domain)
        self.o.param.update(places=tuple(places), placement="clicked")

    def move(self, index: int, place: tuple[float, ...]) -> None:
        """Move one of the observations that are shown."""
        places = self._places()
        if self.kind not in REAL and index < len(places):
            places[index] = place
            self.o.param.update(places=tuple(places), placement="clicked")

    def single(self, on: bool) -> None:
        """Switch the single-observation mode: one observation in the middle, with an innovation of one σ_b."""
        if self.result is None or self.kind in REAL:
            return
        if not on:
            self._begin_network()
            return
        middle = self.result.case.domain.regular(1)[0]
        self.o.param.update(places=(tuple(middle.tolist()),), placement="clicked", innovation=self.result.sigma_b)

    def clear_places(self) -> None:
        """Take all observations away, to place them by clicking."""
        self.o.param.update(places=(), placement="clicked", innovation=None)

    def _begin_network(self) -> None:
        own = self.result is not None and self.result.case.observations is not None
        self.o.param.update(places=(), innovation=None, placement="case" if own else "random")

    def _places(self) -> list[tuple[float, ...]]:
        shown = self.result.observations.places.tolist() if self.result is not None else []
        return [tuple(place) for place in (self.o.places if self.o.placement == "clicked" else shown)]
