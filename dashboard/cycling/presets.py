"""Whole configurations, which load by name: the example files that race methods."""

from dashboard.coastlines import ASSETS

FOLDER = ASSETS / "experiments"


def _presets() -> dict[str, str]:
    from backends.experiments.cycling.settings import CyclingSettings
    from backends.experiments.run import from_yaml

    found = {}
    for path in sorted(FOLDER.glob("cycling-*.yaml")):
        text = path.read_text(encoding="utf-8")
        settings = from_yaml(text)
        if isinstance(settings, CyclingSettings) and settings.title:
            found[settings.title] = text
    return found


#: Title → text of the file.
PRESETS = _presets()
