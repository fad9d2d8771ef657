"""The style sheet that all markup of our own is shown in."""

from backends.pictures.coastlines import ASSETS

STYLE = (ASSETS / "style.css").read_text(encoding="utf-8")
