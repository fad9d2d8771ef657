"""What the page tests share."""

import numpy as np

#: The grid of :func:`tests.files.regional`, south to north and west to east.
LATITUDE, LONGITUDE = np.arange(30.0, 61.0, 2.0), np.arange(-20.0, 21.0, 2.0)
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def image(live_map) -> np.ndarray:
    """Return the pixels that a map shows, rows south to north."""
    return np.asarray(live_map._image.data["image"][0])


def text_of(pane) -> str:
    """Return the markup of a notice, or nothing while it is hidden."""
    return pane.object if pane.visible else ""


def export(page, form) -> bytes:
    """Return the file that a form of the export menu hands over."""
    page.export.items[form].clicks += 1
    page.export.wait()
    assert text_of(page.export._problem) == ""
    return page.export.download.file.getvalue()
