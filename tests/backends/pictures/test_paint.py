"""Pictures as files: equal ones are equal byte by byte, whatever the last digits of where their panels came to lie."""

import numpy as np
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from backends.pictures.drawing import Curve, Drawing, LinePanel
from backends.pictures.paint import paint


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_equal_pictures_are_equal_files_though_the_layout_is_found_by_a_solver(kind, monkeypatch):
    x = np.arange(5.0)
    panels = [LinePanel(f"panel {k}", "x", "y", (Curve("a", "#123456", x, k * x),)) for k in range(3)]
    picture = Drawing("Three", panels, columns=2, wide=1)
    first = paint(picture, kind)
    found = ConstrainedLayoutEngine.execute

    def a_little_elsewhere(self, figure):
        found(self, figure)
        for ax in figure.axes:
            ax.set_position([edge + 1e-13 for edge in ax.get_position(original=True).bounds])

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", a_little_elsewhere)
    assert paint(picture, kind) == first
