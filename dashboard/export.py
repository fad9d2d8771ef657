"""Export: what a page shows as picture, data, experiment, and a script that makes it again."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
from param.parameterized import Event

from backends.errors import InputError
from backends.pictures.drawing import Exhibit
from backends.pictures.save import endings, save
from dashboard.controls import notice, one_message, tell
from dashboard.plots.chunks import size_of
from dashboard.worker import FILES, PICTURES, LatestWins

#: Bytes of a file that is handed over through the page.
MOST_BYTES = 200_000_000
#: Of each form: what its button says, and its tooltip.
FORMS = {
    "png": ("PNG", "The picture as pixels, on white paper"),
    "svg": ("SVG", "The picture as lines and texts, for print and for programs that draw"),
    "nc": ("NetCDF", "The numbers in the picture with coordinates and units, by the CF conventions"),
    "csv": ("CSV", "The numbers in the picture as a table, with units in its first row"),
    "observations.csv": ("Observations CSV", "Each observation with its place, innovation and residual, as a table"),
    "gallery.csv": ("Unseen cases CSV", "The numbers in the pictures of unseen cases, as a table"),
    "statistics.csv": ("Statistics CSV", "Number, bias and spread by level, region and report type, as a table"),
    "parquet": ("Parquet", "The chosen observations with all their columns, for pandas, Polars and DuckDB"),
    "series.csv": ("Series CSV", "The series at the picked places, as a table"),
    "feedback.nc": ("Feedback file", "O−B and O−A of the method whose states are shown, in the layout of DWD feedback files"),
    "yaml": ("Experiment", "The settings as a file that python -m backends run takes"),
    "py": ("Python script", "A short program that makes the picture or its numbers again, with all settings in it"),
}


#: Forms that are texts, which not all that is shown has.
TEXTS = ("yaml", "py")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is exported, as the page shows it now.

    Attributes
    ----------
    name
        Of the files, without their ending.
    exhibit
        Makes the picture and the numbers; called on a worker's thread.
    texts
        Files that are texts, by their ending.
    """

    name: str
    exhibit: Callable[[], Exhibit]
    texts: dict[str, str]


class ExportMenu:
    """A button that opens a row of forms; each makes its file on the server, and the browser saves it when it comes.

    Parameters
    ----------
    forms
        Keys of :data:`FORMS`.
    snapshot
        Returns what is shown now; raises InputError with a sentence where there is nothing.
    """

    def __init__(self, forms: Sequence[str], snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._drawing: LatestWins[tuple[Snapshot, str], tuple[str, bytes]] = LatestWins(
            PICTURES, _made, self._on_made, self._on_failed
        )
        #: The NetCDF library must not be entered twice, and is wanted by the thread that reads files.
        self._writing: LatestWins[tuple[Snapshot, str], tuple[str, bytes]] = LatestWins(
            FILES, _made, self._on_made, self._on_failed
        )
        self.button = pmui.Toggle(
            label="Export",
            icon="download",
            variant="text",
            size="small",
            align="center",
            sx={"border": 0, "textTransform": "none", "color": "primary.main"},
            description="Picture, data, experiment or script",
            css_classes=["desk"],
        )
        self.button.param.watch(self._on_toggle, "value")
        self.items = {
            form: pmui.Button(
                label=FORMS[form][0], variant="text", size="small", description=FORMS[form][1],
                on_click=partial(self._on_click, form),
            )
            for form in forms
        }  # fmt: skip
        #: With `embed` a file is sent as soon as it is there, with `auto` the browser saves what is sent. A browser that asks
        #: first, as after a long wait, has the button.
        self.download = pmui.FileDownload(
            file=BytesIO(), filename="picture.png", label="Download", visible=False, size="small", variant="outlined",
            embed=True, auto=True,
            description="Save the file that was made last once more",
        )  # fmt: skip
        self._problem = notice("problem")
        row = pn.FlexBox(*self.items.values(), self.download, gap="2px 6px", align_items="center")
        self.pane = pn.Column(row, self._problem, sizing_mode="stretch_width", visible=False, margin=(0, 0, 4, 0))

    def wait(self) -> None:
        """Block until what was asked for is there; for programs without a browser."""
        self._drawing.wait()
        self._writing.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._drawing.close()
        self._writing.close()

    def _on_toggle(self, event: Event) -> None:
        self.pane.visible = event.new

    def _on_click(self, form: str, _event: object) -> None:
        try:
            snapshot = self._snapshot()
        except InputError as problem:
            self._on_failed(str(problem))
            return
        with one_message():
            tell(self._problem, "problem", "")
            self.download.param.update(visible=False, data=None)  # or the same file would not be saved a second time
            self.items[form].loading = True
        (self._writing if form.endswith("nc") else self._drawing).request((snapshot, form))

    def _on_made(self, _request: tuple[Snapshot, str], made: tuple[str, bytes]) -> None:
        name, content = made
        with one_message():
            self._rest()
            label = f"Download {name} again ({size_of(len(content))})"
            self.download.filename = name  # first: the browser saves what comes under the name that it knows
            self.download.param.update(file=BytesIO(content), label=label, visible=True)

    def _on_failed(self, problem: str) -> None:
        with one_message():
            self._rest()
            self.download.visible = False  # it would hand over what was made before
            tell(self._problem, "problem", problem)

    def _rest(self) -> None:
        for item in self.items.values():
            item.loading = False


def _made(request: tuple[Snapshot, str]) -> tuple[str, bytes]:
    """Return name and content of a file."""
    snapshot, form = request
    name = f"{snapshot.name}.{form}"
    if form in snapshot.texts:
        return name, snapshot.texts[form].encode()
    exhibit = None if form in TEXTS else snapshot.exhibit()
    if exhibit is None or form not in endings(exhibit):
        raise InputError(f"what is shown cannot be kept as {FORMS[form][0]}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        save(exhibit, path)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"{name} has {size_of(size)}; files of at most {size_of(MOST_BYTES)} are handed over. Show a smaller part, or "
                "run the script"
            )
        return name, path.read_bytes()
