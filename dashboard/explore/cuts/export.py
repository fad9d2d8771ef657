"""What the tabs with cuts export."""

from backends.fields.cuts import Cut
from backends.pictures.cut_script import CutAsked, cut_script
from backends.pictures.cuts import cut
from backends.pictures.script import stem
from dashboard.export import Snapshot


def cut_snapshot(asked: CutAsked, found: Cut) -> Snapshot:
    """Return a cut with its script."""
    kind = asked.kind if asked.kind in ("zonal", "section") else "hovmoller"
    name = stem("explore", asked.source.dataset, asked.source.variable, kind)
    return Snapshot(name, lambda: cut(found, asked.title, asked.across, asked.log), {"py": cut_script(asked, name)})
