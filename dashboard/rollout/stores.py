"""Writing forecasts as a store: under a name, where the Explore page opens it, or as a file to download."""

import tempfile
from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import panel as pn
import panel_material_ui as pmui

from backends.errors import InputError
from backends.experiments.rollout.store import Use, write_netcdf
from backends.experiments.rollout.view import RolloutView
from backends.experiments.rollout.written import Written, write, zip_store
from dashboard.controls import html, notice, one_message, tell
from dashboard.plots.chunks import size_of
from dashboard.plots.race.frame import ANY_HEIGHT
from dashboard.worker import FILES, LatestWins

#: Which pictures a store is read for, by what a person reads.
USES: dict[str, Use] = {"Maps": "map", "Series at points": "point", "Both": "balanced"}
NAMES = {use: name for name, use in USES.items()}
CUT = (
    "Chunks are read whole. Maps: a chunk is one map, so that a map is one read. Series at points: all leads and members of a "
    "few places, so that a series is one read. Both: some leads of a part of the map"
)
#: Bytes of a file that is handed over through the page.
MOST_DOWNLOADED = 200_000_000
COLUMNS = (
    ("Cut for", CUT),
    ("On disk", "Compressed, with all that describes it"),
    ("Files", "Most of them are chunks"),
    ("Chunks", "Of the first field"),
    ("A map", "Median time of reading one map of one member, from files that the system has at hand, and chunks read for it"),
    ("A series", "Median time of reading all leads and members of one model at one place, and chunks read for it"),
)
#: What is written, under which name, cut for what, and whether it may replace another one.
StoreRequest = tuple[RolloutView, str, Use, bool]
#: What is written as a file: of a view, or a store.
FileRequest = RolloutView | Path


class StorePart:
    """Name and chunks of a store, the button that writes it, and what reading it costs.

    Parameters
    ----------
    on_written
        Called with the store that has been written.
    """

    def __init__(self, on_written: Callable[[Path], None]) -> None:
        self._on_store = on_written
        self._view: RolloutView | None = None
        self._newest: Path | None = None
        self._writing: LatestWins[StoreRequest, tuple[Written, ...]] = LatestWins(
            FILES, lambda request: write(*request), self._on_written, self._on_failed
        )
        self._packing: LatestWins[FileRequest, tuple[str, bytes]] = LatestWins(FILES, _packed, self._on_packed, self._on_failed)
        self.name = pmui.TextInput(
            label="Name", value="forecast", size="small", width=200, max_length=60,
            description="Letters, digits, - and _. Everybody who uses this server sees the store",
        )  # fmt: skip
        self.use = pmui.Select(label="Chunks for", options=list(USES), value="Maps", size="small", width=170, description=CUT)
        self.replace = pmui.Checkbox(
            label="Replace", value=False, description="Whether a store of this name and cut may be replaced"
        )
        self.write = pmui.Button(
            label="Write Zarr store", icon="save", variant="contained", size="small", on_click=self._on_write,
            description="Write a Zarr store on the server, where the Explore page finds it",
        )  # fmt: skip
        self.zip = pmui.Button(
            label="Zip it", variant="outlined", size="small", visible=False, on_click=self._on_zip,
            description="Zip the store that was written last, to download",
        )  # fmt: skip
        self.netcdf = pmui.Button(
            label="Write NetCDF", variant="outlined", size="small", on_click=self._on_netcdf,
            description="Write a NetCDF file to download",
        )  # fmt: skip
        self.download = pmui.FileDownload(
            file=BytesIO(),
            filename="forecast.nc",
            visible=False,
            size="small",
            description="Save the file written last",
        )
        self._problem, self._table = notice("problem"), html("")
        bar = pn.FlexBox(
            self.name, self.use, self.replace, self.write, self.zip, self.netcdf, self.download, gap="8px", align_items="center"
        )
        self.pane = pn.Column(bar, self._problem, self._table, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)

    def show(self, view: RolloutView) -> None:
        """Take over other forecasts; stores of earlier ones stay where they are, files of them are offered no longer."""
        if view is self._view:
            return
        self._view = view
        self.download.visible = False

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        self._writing.wait()
        self._packing.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._writing.close()
        self._packing.close()
        self._view = None

    def _on_write(self, _event: object) -> None:
        if self._view is not None:
            self._busy(self.write, "Writing …")
            name = (self.name.value_input or self.name.value).strip()
            self._writing.request((self._view, name, USES[self.use.value], self.replace.value))

    def _on_zip(self, _event: object) -> None:
        if self._newest is not None:
            self._busy(self.zip, "Zipping …")
            self._packing.request(self._newest)

    def _on_netcdf(self, _event: object) -> None:
        if self._view is not None:
            self._busy(self.netcdf, "Writing …")
            self._packing.request(self._view)

    def _on_written(self, request: StoreRequest, stores: tuple[Written, ...]) -> None:
        self._newest = next(store.path for store in stores if store.use == request[2])
        with one_message():
            self._ready()
            self._table.object = _table(stores)
            self.zip.visible = True
            self._on_store(self._newest)

    def _on_packed(self, request: FileRequest, packed: tuple[str, bytes]) -> None:
        name, content = packed
        with one_message():
            self._ready()
            if isinstance(request, Path) or request is self._view:
                label = f"Download {name} ({size_of(len(content))})"
                self.download.param.update(file=BytesIO(content), filename=name, label=label, visible=True)

    def _on_failed(self, problem: str) -> None:
        self._ready()
        tell(self._problem, "problem", problem)

    def _busy(self, button: pmui.Button, words: str) -> None:
        tell(self._problem, "problem", "")
        button.param.update(label=words, disabled=True)

    def _ready(self) -> None:
        for button, words in ((self.write, "Write Zarr store"), (self.zip, "Zip it"), (self.netcdf, "Write NetCDF")):
            button.param.update(label=words, disabled=False)


def _packed(request: FileRequest) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(request, Path):
            file = Path(folder) / f"{request.name}.zip"
            zip_store(request, file)
        else:
            file = Path(folder) / "forecast.nc"
            write_netcdf(request, file)
        size = file.stat().st_size
        if size > MOST_DOWNLOADED:
            raise InputError(
                f"{file.name} has {size_of(size)}; at most {size_of(MOST_DOWNLOADED)} go through the page. Run the experiment "
                "file without a browser, which leaves forecast.zarr"
            )
        return file.name, file.read_bytes()


def _table(stores: Sequence[Written]) -> str:
    head = "".join(f'<th title="{escape(tip)}">{name}</th>' for name, tip in COLUMNS)
    maps = {store.use: store.access.map_ms for store in stores}
    series = {store.use: store.access.point_ms for store in stores}
    rows = ""
    for store in stores:
        access = store.access
        cells = (
            size_of(store.bytes), f"{store.files:,}", f"{store.chunks:,}",
            _timed(access.map_ms, access.map_read.chunks, access.map_ms == min(maps.values())),
            _timed(access.point_ms, access.point_read.chunks, access.point_ms == min(series.values())),
        )  # fmt: skip
        body = "".join(f"<td>{cell}</td>" for cell in cells)
        rows += f"<tr><th>{NAMES[store.use].lower()}</th>{body}<td>{_link(store)}</td></tr>"
    where = escape(str(stores[0].path.parent))
    few = " Cut for something else under the same name, a store joins this table." if len(stores) < len(USES) else ""
    return (
        f'<table class="numbers" data-role="stores"><tr>{head}<th>Store</th></tr>{rows}</table>'
        f'<div class="hint">In <code>{where}</code>. The least times are bold; all were measured just now.{few}</div>'
    )


def _timed(milliseconds: float, chunks: int, least: bool) -> str:
    text = f"{milliseconds:.3g} ms"
    return f"{f'<b>{text}</b>' if least else text}, {chunks:,} chunk{'s' * (chunks != 1)}"


def _link(store: Written) -> str:
    name = escape(store.path.name)
    if not store.on_map:
        return f'{name} <span class="hint">(no longitude and latitude: not for Explore)</span>'
    address = f"/explore?{escape(urlencode({'dataset': store.key}))}"
    return f'<a href="{address}" target="_blank" style="color: inherit">open {name} in Explore</a>'
