"""A network beside the exact analysis as it is kept: the Network tab of the Analysis page, and its script."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.experiments.outcome import Outcome
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.experiments.training.use import Learned
from backends.pictures.cf import about
from backends.pictures.drawing import Drawing, Exhibit
from backends.pictures.gallery import gallery_panels, gallery_table
from backends.pictures.script import script

if TYPE_CHECKING:
    import xarray as xr

_LEARNED = """
settings = from_yaml(EXPERIMENT)
outcome = prepare(settings.case, Catalogue(FOLDER)).experiment.run(settings)
exhibit = learned(apply(trained(RUN, FOLDER), outcome), outcome)
"""


def learned(found: Learned, outcome: Outcome) -> Exhibit:
    """Return what a network makes of the problem of an analysis, beside the exact answer."""
    return Exhibit(
        lambda: _drawing(found), lambda: _data(found, outcome), {"csv": lambda: gallery_table(found.panels)}
    )  # fmt: skip


def _drawing(found: Learned) -> Drawing:
    s = found.scores
    words = f"J of the network {s['j_network']:.4g}, of the exact analysis {s['j_3dvar']:.4g}"
    if found.reasons:
        words += f" · not valid here: {'; '.join(found.reasons)}"
    return Drawing(words, gallery_panels(found.panels), columns=2)


def _data(found: Learned, outcome: Outcome) -> "xr.Dataset":
    """Return the costs and errors, and the numbers in the pictures, one row each."""
    import xarray as xr

    held: dict[str, Any] = {name: ((), float(value)) for name, value in found.scores.items() if value is not None}
    table = gallery_table(found.panels)
    for heading, column in zip(table.headings, table.columns, strict=True):
        held[heading] = ("row", column.astype(str) if column.dtype == object else np.asarray(column, float))
    return xr.Dataset(held, {}, about("A network beside the exact analysis", to_yaml(outcome.settings)))


def learned_script(settings: AnalysisSettings, run: str, name: str) -> str:
    """Return the script of a network beside the exact analysis; the network comes by the run that trained it."""
    imports = {
        "backends.experiments.prepare": ["prepare"], "backends.experiments.run": ["from_yaml"],
        "backends.experiments.training.trained": ["trained"], "backends.experiments.training.use": ["apply"],
        "backends.fields.catalogue": ["Catalogue"], "backends.pictures.learned": ["learned"],
    }  # fmt: skip
    literals = {
        "EXPERIMENT": ("The settings as an experiment file, described in docs/experiments.md.", to_yaml(settings)),
        "RUN": ("The id of the run that trained the network; its weights lie in the folder ASSIMILAB_HOME.", run),
    }
    return script("Analysis", name, ("nc", "csv"), imports, literals, _LEARNED)
