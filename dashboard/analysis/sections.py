"""The settings that the controls of the Analysis page hold, section by section."""

from typing import Any

from backends.experiments.cases import CASES
from backends.experiments.outcome import Outcome
from backends.experiments.settings import AnalysisSettings, BackgroundErrorSettings, MethodSettings, ObservationSettings
from backends.geometry.plane import VerticalPlane
from dashboard.analysis.beginnings import COUNTS, STARTS
from dashboard.analysis.placing import PlacedByHand
from dashboard.sections import SectionState, section_state


class AnalysisSections(PlacedByHand):
    """The part of the page's state that an experiment file has, key by key.

    Attributes
    ----------
    b, o, m
        The settings of B, of the observations, and of the method.
    cases
        Those of each case, by its name; one of them is chosen.
    taking
        Whether settings are being taken over, from a file or for a new case, rather than changed by a person.
    """

    def __init__(self) -> None:
        super().__init__()
        self.b = section_state(BackgroundErrorSettings)
        self.o = section_state(ObservationSettings, count=COUNTS["periodic-1d"])
        self.m: Any = section_state(MethodSettings)
        self.cases: dict[str, Any] = {
            model.model_fields["name"].default: section_state(model, **STARTS.get(model, {})) for model in CASES
        }
        self.taking = False

    @property
    def section(self) -> SectionState:
        """The settings of the case that is chosen."""
        return self.cases[self.kind]

    def _take(self, settings: AnalysisSettings) -> None:
        """Take over the values of an experiment."""
        for section, values in (
            (self.b, settings.background_error),
            (self.o, settings.observations),
            (self.m, settings.method),
            (self.cases[settings.case.name], settings.case),
        ):
            self._quietly(section, **{name: getattr(values, name) for name in section.KEYS})

    def _fill(self, result: Outcome, drawn_with: float) -> None:
        """Put the numbers that were used where the settings left them open: to the data, or to the likelihood."""
        used = {"sigma": result.sigma_b, "length": result.length}
        if isinstance(result.case.domain, VerticalPlane):
            used["length_z"] = result.length_z
        tuned = self.b.tune == "likelihood"
        self._quietly(self.b, tune="no", **{k: v for k, v in used.items() if tuned or getattr(self.b, k) is None})
        if self.o.sigma is None or tuned:
            self._quietly(self.o, sigma=result.sigma_o)
        if self.o.noise is None:  # the errors were drawn before σ_o was tuned
            self._quietly(self.o, noise=drawn_with)

    def _quietly(self, section: SectionState, **values: object) -> None:
        """Change settings without asking for anything: what they belong to is asked for afterwards."""
        others = {name: value for name, value in values.items() if value != getattr(section, name)}  # most are as they were
        if not others:
            return
        self.taking = True
        try:
            section.param.update(**others)
        finally:
            self.taking = False
