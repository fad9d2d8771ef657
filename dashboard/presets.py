"""Whole configurations that load by name: the example files of one kind of experiment."""

from backends.pictures.coastlines import ASSETS

FOLDER = ASSETS / "experiments"


def presets(kind: str) -> dict[str, str]:
    """Return the texts of all example files of a kind, by their titles."""
    from backends.experiments.run import from_yaml

    found = {}
    for path in sorted(FOLDER.glob(f"{kind}-*.yaml")):
        text = path.read_text(encoding="utf-8")
        settings = from_yaml(text)
        title = getattr(settings, "title", "")
        if settings.kind == kind and title:
            found[title] = text
    return found
