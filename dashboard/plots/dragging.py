"""Dragging observations: on a point a drag moves the point, anywhere else it pans the figure."""

from collections.abc import Callable, Sequence
from typing import Literal

from bokeh.models import ColumnDataSource, CustomJS
from bokeh.plotting import figure

#: Pixels from the middle of a point within which the pointer takes hold of it.
REACH = 8
_OFF = "off"

# Bokeh's own tool for this has to be the active one, so that nothing else pans; it takes hold of all points under the
# pointer at once, and the backspace key deletes the last one touched. Here the pan tool rests while a point is held, and
# one point follows the pointer; the server hears of it once, when it is dropped.
_CODE = """
    const view = Bokeh.index.find_one(fig)
    const {events_el: area, ui_event_bus} = view.canvas_view
    const {frame} = view
    const place = (event) => {
      const {left, top} = area.getBoundingClientRect()
      return [event.clientX - left, event.clientY - top]
    }
    const panning = () => {
      const tool = fig.toolbar.gestures.pan.active
      return tool?.type == "PanTool" ? tool : null  // while a box is drawn, points are not in its way
    }
    const nearest = (sx, sy) => {
      if (moved.tags.includes("off") || panning() == null || !frame.bbox.contains(sx, sy)) return -1
      const [xs, ys] = columns.map((name) => marks.data[name])
      let [found, least] = [-1, reach ** 2]
      for (let k = 0; k < xs.length; k++) {
        const away = (frame.x_scale.compute(xs[k]) - sx) ** 2 + (frame.y_scale.compute(ys[k]) - sy) ** 2
        if (away <= least) [found, least] = [k, away]
      }
      return found
    }

    let held = null
    const take = (event) => {
      if (!event.isPrimary || event.button != 0) return
      const index = nearest(...place(event))
      if (index < 0) return
      const from = columns.map((name) => marks.data[name][index])
      held = {index, from, at: from, tool: panning(), start: place(event), moved: false}
      held.tool.active = false
    }
    const follow = (event) => {
      if (held == null) return
      const [sx, sy] = place(event)
      held.moved ||= (sx - held.start[0]) ** 2 + (sy - held.start[1]) ** 2 > 25  // less is a click, for Bokeh too
      if (!held.moved) return
      const [xs, ys] = columns.map((name) => marks.data[name])
      const is_at = ([x, y]) => xs[held.index] === x && ys[held.index] === y
      // The server may have sent points meanwhile. If only their values are new, the point goes on.
      if (!is_at(held.at) && !is_at(held.from)) { let_go(); return }
      const {x_scale, y_scale, bbox} = frame
      xs[held.index] = x_scale.invert(Math.min(Math.max(sx, bbox.left), bbox.right))
      if (!along_x) ys[held.index] = y_scale.invert(Math.min(Math.max(sy, bbox.top), bbox.bottom))
      held.at = [xs[held.index], ys[held.index]]
      marks.change.emit()
    }
    const let_go = () => {
      const {tool} = held
      held = null
      setTimeout(() => { tool.active = true })  // after Bokeh has heard of the end of this drag
    }
    const drop = (event) => {
      if (held == null) return
      const {index, from, at, moved: far} = held
      let_go()
      if (!far) return
      moved.count = (moved.count ?? 0) + 1
      moved.data = {index: [index], from_x: [from[0]], from_y: [from[1]], x: [at[0]], y: [at[1]], count: [moved.count]}
    }

    if (moved.area !== area) {
      moved.area = area
      const listeners = {pointerdown: take, pointermove: follow, pointerup: drop, pointercancel: drop}
      for (const [name, listener] of Object.entries(listeners)) area.addEventListener(name, listener, {capture: true})
    }
    if (nearest(cb_obj.sx, cb_obj.sy) >= 0) ui_event_bus.set_cursor("grab")
"""


class Dragging:
    """Lets the points of a figure be dragged.

    Parameters
    ----------
    fig
        The figure.
    marks
        The points; their coordinates are lists.
    columns
        The names of the coordinates in `marks`.
    on_move
        Called with the index of a point and its new place after a person has dragged it, never for changes made here.
    along
        Whether points move in both directions or along x alone.
    """

    def __init__(
        self,
        fig: figure,
        marks: ColumnDataSource,
        columns: tuple[str, str],
        on_move: Callable[[int, float, float], None],
        along: Literal["both", "x"] = "both",
    ) -> None:
        self._marks, self._columns, self._on_move = marks, columns, on_move
        #: What the browser tells of the last point dropped.
        self.moved = ColumnDataSource(data={})
        arguments = {"fig": fig, "marks": marks, "moved": self.moved, "columns": list(columns)}
        callback = CustomJS(args={**arguments, "reach": REACH, "along_x": along == "x"}, code=_CODE)
        for event in ("mouseenter", "mousemove"):
            fig.js_on_event(event, callback)
        self.moved.on_change("data", self._on_dropped)

    def allow(self, moving: bool) -> None:
        """Let points be dragged, or let a drag pan the figure wherever it begins."""
        self.moved.tags = [] if moving else [_OFF]

    def _on_dropped(self, _attribute: str, _old: object, new: dict[str, Sequence[float]]) -> None:
        index, x, y = int(new["index"][0]), float(new["x"][0]), float(new["y"][0])
        data = {name: list(values) for name, values in self._marks.data.items()}
        xs, ys = (data[name] for name in self._columns)
        if index >= len(xs) or (xs[index], ys[index]) != (new["from_x"][0], new["from_y"][0]):
            return  # other points were on their way to the browser, and it shows them by now
        xs[index], ys[index] = x, y
        self._marks.data = data  # as the browser has it, so that putting the point back is a change
        self._on_move(index, x, y)
