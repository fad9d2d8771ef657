"""The frame round every page: header with navigation, light and dark, and a strip that tells the device's state."""

import json
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param
from bokeh.models import CustomJS
from panel.util import edit_readonly
from panel_material_ui.template import Page

from backends.device import compute_device, device_memory, device_name
from backends.pictures.coastlines import ASSETS
from dashboard.address_bar import AddressBar
from dashboard.collection import COLLECTION
from dashboard.controls import Markup, notice, tell
from dashboard.key_list import KeyList
from dashboard.keys import KeyLines
from dashboard.presenter import Presenter
from dashboard.rooms.following import Following
from dashboard.rooms.holding import Holding
from dashboard.style import STYLE
from dashboard.ticker import Ticker
from dashboard.tour import Step, Tour

if TYPE_CHECKING:
    from dashboard.address import Address

TITLE = "Assimilab"
FRAME = Path(__file__).with_name("page.html")
#: Address, name, and one sentence of every page, in the order of the navigation.
PAGES = (
    ("/", "Home", "What there is, and where to begin."),
    (
        "/explore",
        "Explore",
        "Look at fields on any grid and at observations: maps, sections, series, statistics.",
    ),
    ("/analysis", "Analysis", "Turn B, R, H and the network live: on a line, a plane, real fields and real stations."),
    ("/cycling", "Cycling", "Race methods on one truth: from free runs to 4D-Var, LETKF and particle filters, live."),
    ("/training", "Training", "Train networks to analyse, live, beside the exact answer; compare, resume and fine-tune runs."),
    ("/rollout", "Rollout", "Run models forward from the same starts, play what they forecast, and see which one to believe."),
)
#: The pages that exist, of all visitors; one that stays when its session has ended is a leak.
LIVING: "weakref.WeakSet[Page]" = weakref.WeakSet()
PRIMARY = "#0f4c81"
#: What a dark page shows before the scripts are there that know its colours; whatever they say counts.
DARK = ":where(html) { --mui-palette-background-default: #121212; }"
#: The navigation shows which page this is; who cannot see it hears a heading.
UNSEEN = ":host { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }"
#: Descriptions never keep the pointer from what they lie upon. By default they do as long as it is on them, and those of
#: buttons, which Panel puts on their right, would not let it reach the next button. Below, they do not hide it either.
_COMPONENTS = {
    "MuiTooltip": {
        "defaultProps": {
            "disableInteractive": True,
            "slotProps": {"popper": {"placement": "bottom", "popperOptions": {"strategy": "fixed"}}},
        }
    },
    # Material shows the focus of buttons and tabs by a pulse alone.
    "MuiButtonBase": {
        "styleOverrides": {"root": {"&.Mui-focusVisible": {"outline": "3px solid #d55e00", "outlineOffset": "-1px"}}}
    },
    # Round a button that is filled, it needs the ground of the page on both sides.
    "MuiButton": {"styleOverrides": {"contained": {"&.Mui-focusVisible": {"outlineOffset": "2px"}}}},
    # On the blue of the header the orange of the page would hardly be seen.
    "MuiAppBar": {"styleOverrides": {"root": {"& .MuiButtonBase-root.Mui-focusVisible": {"outlineColor": "#ffffff"}}}},
    "MuiLinearProgress": {"defaultProps": {"aria-label": "Progress"}},
    # Material writes the name of the program as a heading of the third level, and space below the header as one of the fifth.
    "MuiTypography": {"defaultProps": {"variantMapping": {"h3": "div", "h5": "div"}}},
}
#: Buttons that have no colour of their own, such as those of number fields, could hardly be seen in the dark.
_LIGHT_BUTTONS = {
    "styleOverrides": {"root": {"&:not(.MuiIconButton-colorPrimary, .MuiIconButton-colorInherit)": {"color": "#c4ccd4"}}}
}
#: A lighter blue in the dark, where the other could not be read.
THEMES = {
    "light": {"palette": {"primary": {"main": PRIMARY}}, "components": _COMPONENTS},
    "dark": {
        "palette": {"primary": {"main": "#7db8ea", "contrastText": "#101418"}},
        "components": {**_COMPONENTS, "MuiIconButton": _LIGHT_BUTTONS},
    },
}


@dataclass(frozen=True)
class Content:
    """What a page puts into the frame.

    `close` is called when its session ends, `address` keeps the state of the page, `answering` are components by which the
    browser answers the page by itself, without a hand; `keys` and `tour` are those of the page, and `preparing` is what is said
    while the browser makes it.
    """

    main: Sequence[pn.viewable.Viewable]
    sidebar: Sequence[pn.viewable.Viewable]
    close: Callable[[], None]
    address: "Address | None" = None
    answering: Sequence[Any] = ()
    keys: KeyLines = ()
    tour: Sequence[Step] = ()
    preparing: str = "Preparing the page …"


def frame(address: str, content: Content, following: Following | None = None, fault: str = "") -> Page:
    """Return a page of the application, with its content inside the common frame; `fault` is said above it."""
    name = next(name for path, name, _ in PAGES if path == address)
    dark = asked_for_dark()
    address_of = content.address
    above: list[pn.viewable.Viewable] = []
    if address != "/":
        above.append(pn.pane.HTML(f"<h1>{name}</h1>", stylesheets=[UNSEEN], margin=0))
    if fault:
        said = notice("problem")
        tell(said, "problem", fault)
        above.append(said)
    if address_of is not None:
        above.append(address_of.notice)
        if address_of.scene:
            address_of.scene.open_groups(content.sidebar)
            above.append(address_of.scene.pane)
    preparing = json.dumps(content.preparing, ensure_ascii=False)
    page = Page(
        title=TITLE,
        meta_title=TITLE if address == "/" else f"{name} · {TITLE}",
        favicon=ASSETS / "logo.svg",
        main=[*above, *content.main],
        sidebar=[pn.Spacer(height=6), *content.sidebar] if content.sidebar else [],
        sidebar_width=300,
        sidebar_open=bool(content.sidebar),
        sidebar_variant="auto" if content.sidebar else "temporary",  # an empty persistent one pushes the page aside
        sidebar_resizable=False,
        dark_theme=dark,
        busy_indicator=None,
        raw_css=[STYLE, *([DARK] if dark else []), f"#loader {{ --preparing: {preparing}; }}"],
        theme_config=THEMES,
        template=FRAME,
        sx={".MuiAppBar-root": {"backgroundColor": PRIMARY, "backgroundImage": "none", "color": "#ffffff"}},
    )
    navigation = pn.pane.HTML(pn.bind(_navigation, address, page.param.dark_theme), stylesheets=[STYLE])
    bar = AddressBar() if address_of is None else address_of.bar
    presenter = Presenter(
        address_of.scene.name if address_of is not None and address_of.scene is not None else "",
        "dark" if dark else "",
        bool(content.sidebar),
    )
    space, status = pn.Spacer(sizing_mode="stretch_width"), _StatusStrip().__panel__()
    if following is None:
        tour = Tour(address, [path for path, *_ in PAGES], content.tour, offered=not set(pn.state.session_args) - {"theme"})
        holding = Holding(address, address_of)
        page.header = [navigation, space, holding.button, presenter, bar, status, KeyList(content.keys), tour]
    else:
        page.header = [navigation, space, following.bar, status]
        following.move(address_of, content.answering)
    # The frame follows a process-wide busy flag. That makes the browser walk through all models at each callback, 20 ms
    # of every slider step, and keeps the page in memory for ever. Following a flag of its own ends both; a plain False
    # would end only the first, because param keeps the subscription.
    with edit_readonly(page):
        page.busy = _NeverBusy().param.busy
    pn.state.on_session_destroyed(lambda _context: _free(content))
    if (document := pn.state.curdoc) is not None and (session := document.session_context) is not None:
        document.js_on_event("connection_lost", CustomJS(code=f"assimilabConnection.lost({json.dumps(session.id)})"))
    LIVING.add(page)
    return page


class _NeverBusy(param.Parameterized):
    busy = param.Boolean(default=False)


def asked_for_dark() -> bool:
    """Return whether the address of the page asks for the dark mode, as the navigation's links do from a dark page."""
    asked = pn.state.session_args.get("theme", [b""])[0]
    return asked == b"dark"


def keep_dark(address: str) -> str:
    """Return an address with what keeps the mode of the page that links to it."""
    location = pn.state.location
    dark = location is not None and "theme=dark" in (location.search or "")
    return f"{address}{'&' if '?' in address else '?'}theme=dark" if dark else address


def _navigation(address: str, dark: bool) -> str:
    query = "?theme=dark" if dark else ""
    links = (
        f'<a href="{path}{query}" title="{escape(about)}"{" aria-current=page" if path == address else ""}>{escape(name)}</a>'
        for path, name, about in PAGES
    )
    # Panel keeps the name of who has logged in, where one must.
    leave = f'<a href="/logout" title="Logged in as {escape(pn.state.user)}">Log out</a>' if pn.state.user else ""
    return f'<nav class="pages" aria-label="Pages">{"".join(links)}{leave}</nav>'


#: Milliseconds until a page looks again; with a hundred visitors every look counts.
PERIOD = 15_000


class _StatusStrip(pn.viewable.Viewer):
    """The compute device and its memory, looked up now and then while the page is open."""

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self._pane = Markup(self._text(), stylesheets=[STYLE], margin=(0, 8), align="center", styles={"margin-left": "auto"})
        if (document := pn.state.curdoc) is not None:
            # A periodic callback of Bokeh's, stopped when the session ends, would hold the document until its next turn: long
            # after all else of the page has been given back.
            self._ticking = Ticker(document, self._update, PERIOD, PERIOD)

    def _text(self) -> str:
        device = compute_device()
        memory = "GPU memory in use" if device.type == "cuda" else "memory in use by this server"
        return (
            f'<div class="status" title="Compute device, and {memory}, of all that there is">'
            f"<b>{escape(device_name(device))}</b><span>memory {device_memory(device)}</span></div>"
        )

    def _update(self) -> bool:
        self._pane.object = self._text()
        return True

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def _free(content: Content) -> None:
    if content.address is not None:
        content.address.close()
    content.close()
    COLLECTION.ended()
