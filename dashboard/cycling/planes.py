"""Pictures of the state of a race that is of fields in a plane: maps, whose stations a click sets."""

import numpy as np
import panel_material_ui as pmui

from backends.experiments.cycling.view import RaceView
from backends.pictures.cycling_states import REACH
from dashboard.cycling.states import AS_WRITTEN, StatePictures
from dashboard.plots.race.planes import PlaneRace


class PlanePictures(StatePictures):
    """Maps of truth, background, analysis, increment and spread; a click on one adds a station or takes one away."""

    key = "field"

    def _build(self, mean: np.ndarray, spread: np.ndarray, states: np.ndarray) -> None:
        self._mean, self._spread = mean, spread
        self.planes = PlaneRace(on_tap=self._on_tap, on_move=self._on_move)
        names = self.layout.names
        self.field = pmui.RadioButtonGroup(
            label="Field", options={n: k for k, n in enumerate(names)}, value=0, size="small", sx=AS_WRITTEN,
            description="Which of the fields of the state the maps show",
        )  # fmt: skip
        self.field.param.watch(lambda _event: self._configure(), "value")
        if len(names) > 1:
            self.controls = [self.field]
        self._configure()
        self.pane = self.planes.pane

    @property
    def number(self) -> int:
        """Number of the field that is shown."""
        return int(self.field.value)

    def _configure(self) -> None:
        layout, k = self.layout, self.field.value
        part = slice(k * layout.size, (k + 1) * layout.size)
        mean, spread = self._mean[part], self._spread[part]
        low, high = float((mean - REACH * spread).min()), float((mean + REACH * spread).max())
        if not layout.signed[k]:
            low = 0.0
        x_label, y_label = layout.axes
        self.planes.configure(
            layout.edges, layout.names[k], layout.units[k], x_label=x_label, y_label=y_label,
            limits=(low, high), true_to_scale=layout.true_to_scale,
        )  # fmt: skip

    def show(self, view: RaceView) -> None:
        """Draw a moment."""
        chosen, k, size = view.methods[view.chosen], self.field.value, self.layout.size

        def of_field(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[k * size : (k + 1) * size].reshape(self.layout.shape)

        self.planes.show(*(of_field(v) for v in (view.truth, chosen.background, chosen.analysis, chosen.spread)))
        here = (view.observed // size) == k
        x, y = self._places(view.observed[here] % size)
        self._shown = view.observed[here]
        self.planes.mark(x, y, view.values[here])

    def clear(self) -> None:
        """Take everything away."""
        self.planes.clear()

    def _places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.layout.shape
        west, east, south, north = self.layout.edges
        x = west + (points % columns + 0.5) * (east - west) / columns
        y = south + (points // columns + 0.5) * (north - south) / rows
        return x, y

    def _component(self, x: float, y: float) -> int | None:
        """Return the component of the shown field whose cell holds a place, or None outside."""
        rows, columns = self.layout.shape
        west, east, south, north = self.layout.edges
        column, row = int((x - west) / (east - west) * columns), int((y - south) / (north - south) * rows)
        inside = 0 <= column < columns and 0 <= row < rows and west <= x and south <= y
        return self.field.value * self.layout.size + row * columns + column if inside else None

    def _on_tap(self, x: float, y: float) -> None:
        component = self._component(x, y)
        if component is not None:
            self.state.toggle_station(component, self._near(component))

    def _on_move(self, index: int, x: float, y: float) -> None:
        component = self._component(x, y)
        if component is not None and index < len(self._shown):
            self.state.move_station(int(self._shown[index]), component)

    def _near(self, component: int, cells: int = 1) -> list[int]:
        """Return the components within a cell of one, which a click on it may mean."""
        rows, columns = self.layout.shape
        field, point = divmod(component, self.layout.size)
        row, column = divmod(point, columns)
        return [
            field * self.layout.size + r * columns + c % columns
            for r in range(max(0, row - cells), min(rows, row + cells + 1))
            for c in range(column - cells, column + cells + 1)
        ]
