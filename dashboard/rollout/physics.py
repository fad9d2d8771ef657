"""The Physics tab: which scales a forecast has kept, and which quantities drift."""

from html import escape

import panel as pn

from backends.experiments.rollout.view import RolloutView
from backends.pictures.physics import spectral_leads
from dashboard.controls import html
from dashboard.plots.race.frame import ANY_HEIGHT, grid, with_units
from dashboard.plots.rollout.curves import LeadCurve, LeadCurves
from dashboard.plots.rollout.spectra import Spectra
from dashboard.rollout.growth import GrowthPart
from dashboard.rollout.play import EMPTY
from dashboard.rollout.tracer import BudgetPart

KEPT = {
    True: "the truth keeps it, and drift is an error.",
    False: "the truth does not keep it, and forecasts are to follow it.",
}
NONE = """<div class="hint">States of this testbed are points in a space of few dimensions: they have no scales, and no quantity
that is kept.</div>"""


class PhysicsView:
    """Spectra at some leads, and a figure for each quantity."""

    def __init__(self) -> None:
        self._view: RolloutView | None = None
        self._words, self._about = html(EMPTY), html("")
        self.spectra: list[Spectra] = []
        self.drifts: dict[str, LeadCurves] = {}
        self._spectra = pn.Column(
            sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT, visible=False,
        )  # fmt: skip
        self._drifts = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self.growth, self.budget = GrowthPart(), BudgetPart()
        parts = (self._words, self._spectra, self._about, self._drifts, self.budget.pane, self.growth.pane)
        self.pane = pn.Column(*parts, sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)

    def show(self, view: RolloutView | None) -> None:
        """Draw what a rollout says of scales and quantities."""
        if view is self._view:
            return
        self._view = view
        self.growth.show(view)
        self.budget.show(view)
        waves = view is not None and view.result.wavenumbers.numel() > 0
        self._spectra.visible = waves
        if view is None:
            self._words.object, self._about.object, self._drifts.objects = EMPTY, "", []
            return
        names = tuple(view.result.quantities)
        of = f"Of {view.layout.names[0]}, mean" if len(view.layout.names) > 1 else "Mean"
        heading = _heading("Power spectra", escape(f"{of} over starts and members"))
        self._words.object = heading if waves else ("" if names else NONE)
        if waves:
            self._show_spectra(view)
        kept = [f"{name.capitalize()}: {KEPT[view.prepared.world.quantities[name].conserved]}" for name in names]
        self._about.object = _heading("Quantities that are kept, or have a budget", " ".join(kept)) if names else ""
        # All figures anew, in a new box: in an old one a browser keeps a gap.
        self.drifts = {name: LeadCurves(f"drift of {name}", with_truth=True) for name in names}
        unit = with_units("lead time", view.time_unit)
        for name, figure in self.drifts.items():
            drifts = {label: LeadCurve(band.value, band.low, band.high) for label, band in view.drift(name).items()}
            figure.show(view.leads, drifts, unit, "relative", view.true_drift(name))
        self._drifts.objects = [grid(*(figure.pane for figure in self.drifts.values()), least=420, columns_at_most=2)]

    def close(self) -> None:
        """Let go of everything."""
        self.growth.close()
        self.budget.close()

    def _show_spectra(self, view: RolloutView) -> None:
        result = view.result
        meaning = view.prepared.world.spectrum.meaning if view.prepared.world.spectrum is not None else ""
        power = with_units("power", view.power_unit)
        leads = spectral_leads(view)
        self.spectra = [Spectra() for _ in leads]
        for k, figure in zip(leads, self.spectra, strict=True):
            models = {forecast.label: forecast.spectra[k].numpy() for forecast in result.forecasts}
            title = f"lead {view.leads[k]:.4g} {view.time_unit}".strip()
            figure.show(title, result.wavenumbers.numpy(), result.spectra[k].numpy(), models, f"wavenumber ({meaning})", power)
        self._spectra.objects = [grid(*(figure.pane for figure in self.spectra), least=320)]


def _heading(title: str, text: str) -> str:
    return f'<h2 class="section">{title}</h2><div class="hint">{text}</div>'
