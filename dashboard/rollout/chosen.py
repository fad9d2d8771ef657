"""What a person has chosen on the Rollout page: the start, the models, how far and how often, as a file has it."""

from typing import Any

import param

from backends.errors import InputError
from backends.experiments.cycling.dynamics import DYNAMICS
from backends.experiments.faults import validated
from backends.experiments.rollout.analysis_start import AnalysisStart
from backends.experiments.rollout.models import MODELS
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import from_yaml, of_kind, to_yaml
from dashboard.form import FormState
from dashboard.sections import SectionState, section_state

MOST_MODELS = 4
#: Starts × members of one page at most; more is for files.
MOST_STATES = 5000
#: Members of an analysis that forecasts begin with, if it has more or draws them.
MOST_OWN = 20
TESTBEDS = {model.model_fields["name"].default: model for model in DYNAMICS}
#: Those whose states are a line, which may start from shapes.
LINES = ("advection-1d", "emulator")
KINDS = {model.model_fields["name"].default: model for model in MODELS}
#: What a page opens with.
FIRST: dict[str, Any] = {
    "kind": "rollout",
    "models": [{"name": "perfect"}, {"name": "wrong", "model": {"forcing": 7.0}}, {"name": "persistence"}],
    "steps": 80,
    "every": 2,
    "members": 20,
    "starts": 20,
}
#: Steps, every, members and starts that suit what is forecast.
USUAL = {
    "lorenz96": (80, 2, 20, 20),
    "lorenz63": (800, 4, 20, 20),
    "circle": (60, 1, 20, 20),
    "advection-1d": (100, 2, 10, 20),
    "advection-diffusion": (300, 10, 6, 5),
    "kolmogorov": (200, 5, 4, 3),
    "shallow-water": (48, 2, 3, 2),
    "emulator": (100, 2, 10, 20),
    "era5": (24, 1, 1, 48),
    "european": (8, 1, 1, 4),
}
#: The same for archives of any kind.
OF_ARCHIVES = (4, 1, 1, 8)
#: Models that a page offers first when another kind of start is chosen.
USUAL_MODELS = {"testbed": ("perfect", "wrong", "persistence"), "archive": ("linear-inverse", "persistence", "climatology")}


class ChosenSettings(param.Parameterized):
    """The settings of the page, key by key.

    Parameters
    ----------
    text
        An experiment file to begin with.
    """

    models = param.List([], doc="The settings of the models, as sections.")
    problem = param.String(doc="Why something could not be done.")
    fault = param.String(doc="Why the settings cannot be run, beginning with a key.")

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.form = FormState(RolloutSettings)
        self._taking = False
        self.form.param.watch(self._on_change, "version")
        self._suited = ("", "")
        self.take(text)

    @property
    def kind(self) -> str:
        """Where forecasts start: a testbed, an archive, or an analysis."""
        return str(self.form.chosen.start)

    @property
    def world(self) -> str:
        """What makes the truth: a testbed, or an archive."""
        if self.kind != "analysis":
            return self.kind
        return "testbed" if self.analysis is None else self.analysis.world

    @property
    def analysis(self) -> AnalysisStart | None:
        """The analysis that forecasts start from, if one has been taken over."""
        section = self.form.offers["start"]["analysis"].section
        if (section.race is None) == (section.analysis is None):  # type: ignore[attr-defined]
            return None
        return section.settings()

    @property
    def testbeds(self) -> FormState:
        """The settings of a start from a testbed."""
        return self.form.offers["start"]["testbed"]

    @property
    def archive(self) -> SectionState:
        """The settings of a start from an archive."""
        return self.form.offers["start"]["archive"].section

    @property
    def subject(self) -> str:
        """What is forecast: the name of the testbed, or of the archive; empty where no analysis has been taken over."""
        chosen: Any = self.testbeds.chosen
        if self.kind == "testbed":
            return str(chosen.dynamics)
        if self.kind == "archive":
            return str(self.archive.dataset)  # type: ignore[attr-defined]
        start = self.analysis
        if start is None:
            return ""
        return str(start.dynamics.name if start.world == "testbed" else start.archive)

    @property
    def dynamics(self) -> Any:
        """The settings of the testbed, as a section."""
        if self.kind == "analysis" and self.analysis is not None:
            return self.analysis.dynamics
        return self.testbeds.offers["dynamics"][self.testbeds.chosen.dynamics].section

    def settings(self) -> RolloutSettings:
        """Return the experiment, which this page can run.

        Raises
        ------
        InputError
            If a value is out of range; the sentence begins with its key.
        """
        settings = self.checked()
        if settings.starts * settings.members > MOST_STATES:
            raise InputError(
                f"starts: times members may be {MOST_STATES:,} on this page; came {settings.starts} × {settings.members}. "
                "More can be run as a job, on the tab of long runs, or as a file"
            )
        return settings

    def checked(self) -> RolloutSettings:
        """Return the experiment, however large.

        Raises
        ------
        InputError
            As :meth:`settings`.
        """
        if not self.subject:
            raise InputError(
                "start.race: choose one and start from its newest analysis, or come from the Cycling or Analysis page by "
                "“Forecast from here”"
            )
        models = tuple(section.settings() for section in self.models)
        return validated(RolloutSettings, {**self.form.tree(), "models": models})

    def take(self, text: str) -> None:
        """Take over an experiment file's text, or what the page opens with.

        Raises
        ------
        InputError
            If the file is wrong.
        """
        self.take_over(of_kind(from_yaml(text), RolloutSettings) if text else RolloutSettings.model_validate(FIRST))

    def take_over(self, settings: RolloutSettings) -> None:
        """Take over an experiment.

        Raises
        ------
        InputError
            If it has more models than the page shows.
        """
        if len(settings.models) > MOST_MODELS:
            raise InputError(f"the page shows at most {MOST_MODELS} models; came {len(settings.models)}")
        self._taking = True
        try:
            self.form.take(settings)
            self._suited = (self.kind, self.subject)
            self.models = [self._section_of(model) for model in settings.models]
        finally:
            self._taking = False
        self._on_change()

    def start_from(self, start: AnalysisStart) -> None:
        """Start from an analysis; the rest suits what makes the truth, a wrong model is that of the race."""
        self._taking = True
        try:
            self.form.offers["start"]["analysis"].take(start)
            self.form.chosen.start = "analysis"
            self.form.section.param.update(precision="double" if start.race is None else start.race.precision)
            self._suited = (self.kind, self.subject)
            self.models = [self._new(name) for name in USUAL_MODELS[self.world]]
            self._suit()
            for section in self.models:
                if "model" in section.KEYS and start.race is not None and start.race.model:
                    section.model = dict(start.race.model)
        finally:
            self._taking = False
        self._on_change()

    def yaml(self) -> str:
        """Return the experiment as a file's text."""
        return to_yaml(self.checked())

    def add_model(self, name: str) -> None:
        """Add a model with its usual settings."""
        if len(self.models) >= MOST_MODELS:
            self.problem = f"at most {MOST_MODELS} models are shown side by side"
            return
        self.models = [*self.models, self._new(name)]
        self._on_change()

    def remove_model(self, section: SectionState) -> None:
        """Take a model away."""
        if len(self.models) > 1:
            self.models = [other for other in self.models if other is not section]
            self._on_change()

    def _usually_wrong(self) -> dict[str, Any]:
        key = next(iter(TESTBEDS[self.subject].UNCERTAIN), None)
        return {} if key is None else {key: float(f"{0.9 * getattr(self.dynamics, key):.3g}")}

    def _new(self, name: str) -> SectionState:
        section: Any = section_state(KINDS[name])
        if name == "wrong":
            section.model = self._usually_wrong()
        section.param.watch(self._on_change, list(section.KEYS))
        return section

    def _section_of(self, settings: Any) -> SectionState:
        section = section_state(type(settings))
        section.take(settings)
        section.param.watch(self._on_change, list(section.KEYS))
        return section

    def _suit(self) -> None:
        """Forecast as far as suits something else, with models that can forecast it."""
        self._taking = True
        try:
            steps, every, members, starts = USUAL.get(self.subject, OF_ARCHIVES)
            self.form.section.param.update(steps=steps, every=every, members=members, starts=starts, title="", baseline="")
            self.form.chosen.param.update(perturbation="climate" if members > 1 else "none")
            if (start := self.analysis) is not None and self.kind == "analysis":
                own = min(start.members or MOST_OWN, MOST_OWN)
                self.form.section.param.update(members=own, starts=1 if start.race is None else start.race.repeat)
                self.form.chosen.perturbation = "analysis"
            self.testbeds.section.param.update(shape="climate")
            self.form.parts["generalise"].section.param.update(shapes=(), dynamics=())
            fitting = [section for section in self.models if section.MODEL.NEEDS in ("", self.world)]
            # Another subject is learned by other networks.
            fitting = [section for section in fitting if "run" not in section.KEYS]
            if len(fitting) < len(self.models):
                fitting = [self._new(name) for name in USUAL_MODELS[self.world]]
            for section in fitting:
                if "model" in section.KEYS:
                    section.param.update(model=self._usually_wrong())
            self.models = fitting
            self.param.trigger("models")
        finally:
            self._taking = False

    def _on_change(self, *_events: object) -> None:
        if self._taking:
            return
        if (self.kind, self.subject) != self._suited:
            self._suited = (self.kind, self.subject)
            if self.subject:
                self._suit()
        try:
            settings = self.settings()
        except InputError as problem:
            self.fault = str(problem)
        else:
            self.param.update(fault="", problem="")
            self._on_settings(settings)

    def _on_settings(self, settings: RolloutSettings) -> None:
        """Follow a change to settings that can be run."""
