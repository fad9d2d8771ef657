"""What forecasts keep, as it is kept: the spectra of the Physics tab of the Rollout page, and the drift of quantities."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.experiments.rollout.tables import spectra_table
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import to_yaml
from backends.pictures.cf import about
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, Table, labelled
from backends.pictures.style import DASHES, METHOD_COLOURS, TRUTH

if TYPE_CHECKING:
    import xarray as xr

#: Figures of spectra: at so many parts of the longest lead, or fewer where there are few leads.
PARTS = (0.1, 0.4, 1.0)


def spectral_leads(view: RolloutView) -> list[int]:
    """Return the numbers of the leads at which spectra are drawn."""
    last = len(view.leads) - 1
    return sorted({max(1, round(part * last)) for part in PARTS})


def physics(view: RolloutView) -> Exhibit:
    """Return spectra at some leads, and the drift of quantities with 90 % intervals.

    Raises
    ------
    InputError
        If the states have neither scales nor quantities.
    """
    if not view.result.wavenumbers.numel() and not view.result.quantities:
        raise InputError("states of this testbed have no scales, and no quantity that is kept")
    return Exhibit(lambda: _drawing(view), lambda: _data(view), {"csv": lambda: _table(view)})


def _drawing(view: RolloutView) -> Drawing:
    panels = []
    if view.result.wavenumbers.numel():
        panels += [_spectrum(view, k) for k in spectral_leads(view)]
    panels += [_drift(view, name) for name in view.result.quantities]
    return Drawing(f"What forecasts from {len(view.prepared.starts)} starts keep; shaded: 90 % intervals", panels, columns=3)


def _spectrum(view: RolloutView, lead: int) -> LinePanel:
    result, spectrum = view.result, view.prepared.world.spectrum
    waves = result.wavenumbers.cpu().numpy()
    curves = [Curve("truth", TRUTH, waves, _positive(result.spectra[lead].cpu().numpy()), dashes=DASHES["truth"])]
    for k, forecast in enumerate(result.forecasts):
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        curves.append(Curve(forecast.label, colour, waves, _positive(forecast.spectra[lead].cpu().numpy())))
    meaning = f" ({spectrum.meaning})" if spectrum is not None else ""
    title = f"Power spectra at lead {view.leads[lead]:.4g} {view.time_unit}".strip()
    return LinePanel(title, f"wavenumber{meaning}", labelled("power", view.power_unit), curves, log=True, log_x=True)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _drift(view: RolloutView, name: str) -> LinePanel:
    curves = [Curve("truth", TRUTH, view.leads, view.true_drift(name), dashes=DASHES["truth"])]
    for k, (label, band) in enumerate(view.drift(name).items()):
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        curves.append(Curve(label, colour, view.leads, band.value))
        if np.isfinite(band.low).any():
            curves.append(Curve("_90 %", colour, view.leads, band.value, band.low, band.high))
    return LinePanel(f"Drift of {name}", labelled("lead time", view.time_unit), "relative", curves)


def _data(view: RolloutView) -> "xr.Dataset":
    import xarray as xr

    result = view.result
    coordinates: dict[str, Any] = {
        "model": ("model", list(view.labels), {"long_name": "label of the model"}),
        "lead": ("lead", view.leads.astype(np.float64), {"long_name": "lead time", "units": view.time_unit or "1"}),
    }
    held: dict[str, Any] = {}
    if result.wavenumbers.numel():
        unit = {"units": view.power_unit} if view.power_unit else {}
        coordinates["wavenumber"] = ("wavenumber", result.wavenumbers.cpu().numpy())
        power = np.stack([forecast.spectra.cpu().numpy() for forecast in result.forecasts])
        held["power"] = (("model", "lead", "wavenumber"), power, {"long_name": "power of the forecasts", **unit})
        truth = result.spectra.cpu().numpy()
        held["power_truth"] = (("lead", "wavenumber"), truth, {"long_name": "power of the truth", **unit})
    for name in result.quantities:
        bands, key = view.drift(name), name.replace(" ", "_")
        for part in ("value", "low", "high"):
            values = np.stack([getattr(bands[label], part) for label in view.labels])
            end = "" if part == "value" else f", {part} end of the 90 % interval"
            suffix = "" if part == "value" else f"_{part}"
            held[f"drift_{key}{suffix}"] = (("model", "lead"), values, {"long_name": f"relative drift of {name}{end}"})
    return xr.Dataset(held, coordinates, about("Scales and quantities of forecasts", to_yaml(view.prepared.settings)))


def _table(view: RolloutView) -> Table:
    if not view.result.wavenumbers.numel():
        raise InputError("there are no spectra; take NetCDF for the quantities")
    head, *rows = spectra_table(view)
    return Table(head, [np.array(column) for column in zip(*rows, strict=True)])
