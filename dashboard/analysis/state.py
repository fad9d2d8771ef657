"""What a person has chosen on the Analysis page, and the analysis that belongs to it."""

from dataclasses import replace

import param

from backends.errors import InputError
from backends.experiments.cases import REAL, Case, GeneratedCase
from backends.experiments.offers import Offers, offers
from backends.experiments.outcome import Outcome
from backends.experiments.prepare import Prepared
from backends.experiments.run import from_yaml, of_kind, to_yaml
from backends.experiments.settings import OF_REAL, AnalysisSettings
from backends.fields.catalogue import Catalogue
from dashboard.analysis.beginnings import (
    BEGINS_ANEW,
    FAVOURITE_OBSERVATIONS,
    FAVOURITES,
    first_background_error,
    first_observations,
)
from dashboard.analysis.opening import Opened
from dashboard.analysis.pinned import Pinned
from dashboard.analysis.sections import AnalysisSections
from dashboard.analysis.shared import share, shared_analysis, shared_case, with_details
from dashboard.worker import DEVICE, FILES, LatestWins


class AnalysisState(AnalysisSections):
    """State of the page, without any widget.

    The sections hold what a person sets, key by key as an experiment file has it; the parameters of this object itself
    follow from them. Reading a case happens on the file thread, solving on the device thread; of the settings that a drag
    passes through, those that have not been started when a newer one comes are skipped.
    """

    offered = param.Parameter(default=None, doc="What there are data for.")
    opened = param.Parameter(default=None, doc="The case that is shown.")
    detailed = param.Parameter(default=None, doc="The newest analysis of which the diagnostics are there, too.")
    problem = param.String(doc="Why the analysis shown does not belong to the settings.")
    reading = param.String(doc="What is being opened at the moment.")

    def __init__(self, catalogue: Catalogue, dataset: str = "", kind: str = "") -> None:
        super().__init__()
        #: The experiment to begin with, if there is one.
        self._first: AnalysisSettings | None = None
        self.catalogue = catalogue
        #: The analysis that others are compared with.
        self.pinned = Pinned(catalogue)
        self._asked: Case | None = None
        self._suggested_for: tuple[object, ...] = ()
        #: Whether the next case comes from a file, which has settings of its own and means what it names.
        self._keep = False
        self._repeat: int | None = None
        self._listing = LatestWins(FILES, lambda _: offers(catalogue), self._on_listed, self._on_failed)
        self._preparing = LatestWins(
            FILES, lambda request: shared_case(request[0], catalogue, strict=request[1]), self._on_prepared, self._on_failed
        )
        self._solving = LatestWins(DEVICE, lambda request: shared_analysis(*request), self._on_result, self._on_unsolved)
        self._detailing = LatestWins(DEVICE, with_details, self._on_detailed, self._on_failed)
        for section in self.cases.values():
            section.param.watch(lambda *_events: self._load(), list(section.KEYS))
        for section in (self.b, self.o, self.m):
            section.param.watch(lambda *_events: self._request(), list(section.KEYS))
        self.choose(kind, dataset)

    def start(self) -> None:
        """Look for what there is, and open the first case; called when all that follows the state is in place."""
        self._listing.request("offers")

    # The case -----------------------------------------------------------------------------------------------------

    def _on_listed(self, _request: str, found: Offers) -> None:
        for kind, name in FAVOURITES.items():
            names = list(found.stations) if kind == "stations" else [entry.key for entry in found.entries]
            section = self.cases[kind]
            if section.path in ("", section.MODEL.model_construct().__dict__.get("path", "")) and names:
                self._quietly(section, path=name if name in names else names[0])
        over_field, files = self.cases["observed-field"], found.observed
        if not over_field.observations and files:
            first = FAVOURITE_OBSERVATIONS if FAVOURITE_OBSERVATIONS in files else files[0]
            self._quietly(over_field, observations=first)
        self.offered = found
        if self._first is not None:
            try:
                self.take_over(self._first)
            except InputError as problem:
                self.problem = str(problem)  # an analysis of something else would take it away
            return
        if self.kind not in found.kinds:
            self.kind = "periodic-1d"
        self._load()

    def choose(self, kind: str, dataset: str) -> None:
        """Begin a case, or an analysis of a field of a dataset, with settings that suit it."""
        if dataset:
            self.cases["field"].param.update(path=dataset)
        self.kind = "field" if dataset else kind if kind in self.cases else self.kind

    @param.depends("kind", watch=True)
    def _on_kind(self) -> None:
        if self.offered is not None:
            self._load()

    def _load(self) -> None:
        """Ask for the case that the settings describe, unless it has been asked for already."""
        if self.offered is None or self.taking:
            return
        try:
            case = self.section.settings()
        except InputError as problem:
            self.problem = str(problem)
            return
        if case != self._asked:
            self._asked = case
            self.reading = getattr(case, "path", "")
            self._preparing.request((case, self._keep))

    def _on_prepared(self, request: tuple[Case, bool], opened: Opened) -> None:
        if request[0] != self._asked:
            return
        settings = self._asked = opened.prepared.settings
        if isinstance(settings, GeneratedCase) and self._complete(settings, opened.prepared):
            self._load()
            return
        self._quietly(self.section, **{name: getattr(settings, name) for name in self.section.KEYS})
        suggested_for = (settings.name, *(getattr(settings, key, "") for key in BEGINS_ANEW))
        if suggested_for != self._suggested_for and not self._keep:
            self._quietly(self.b, **first_background_error(opened.prepared))
            self._quietly(self.o, **first_observations(opened.prepared))
        self._suggested_for, self._keep = suggested_for, False
        if self.o.placement is None:
            own = opened.prepared.experiment.case.observations is not None
            self._quietly(self.o, placement="case" if own else "random")
        self.param.update(opened=opened, reading="", problem="")
        self._request()

    def _complete(self, settings: GeneratedCase, prepared: Prepared) -> bool:
        """Put numbers where a file left the true statistics open, and return whether there were such."""
        try:
            numbers = prepared.experiment.errors.amplitudes(self.b.settings())
        except InputError as problem:
            self.problem = str(problem)
            return False
        names = [name for name in ("sigma", "length", "length_z") if getattr(settings, name, 0) is None]
        self._quietly(self.section, **{name: getattr(numbers, name) for name in names})
        return bool(names)

    # The analysis -------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> AnalysisSettings:
        """The settings as the controls show them.

        Raises
        ------
        InputError
            If one is out of range.
        """
        return AnalysisSettings.model_construct(
            case=self._asked if self._asked is not None else self.section.settings(),
            background_error=self.b.settings(),
            observations=self.o.settings(OF_REAL if self.kind in REAL else None),
            method=self.m.settings(),
            repeat=None,
        )

    @property
    def stale(self) -> bool:
        """Whether the analysis that is shown was made with other settings, or for another case, than the controls say."""
        if self.result is None or self.opened is None or self.opened.prepared.settings != self._asked:
            return True
        try:
            return bool(self.result.settings != self.settings) or self.section.settings() != self._asked
        except InputError:
            return True

    def _request(self) -> None:
        if self.opened is None or self.taking or self.opened.prepared.settings != self._asked:
            return
        try:
            self._solving.request((self.opened.prepared, self.settings))
        except InputError as problem:
            self.problem = str(problem)

    def _on_result(self, request: tuple[Prepared, AnalysisSettings], result: Outcome) -> None:
        if self.opened is None or request[0] is not self.opened.prepared:
            return
        if self._current(request[1]):  # otherwise a newer one is on its way
            self._fill(result, request[0].experiment.sigma_o(request[1]))
            if result.settings != (filled := self.settings):
                result = replace(result, settings=filled)
                share(request[0], filled, result)
        if result.detailed:
            self.param.update(result=result, detailed=result, problem=self._fault)
        else:
            self.param.update(result=result, problem=self._fault)
            self._detailing.request(result)

    @property
    def _fault(self) -> str:
        """What is wrong with the settings, which may have changed since an analysis was asked for; empty where nothing is."""
        try:
            _ = self.settings
        except InputError as problem:
            return str(problem)
        return ""

    def _current(self, settings: AnalysisSettings) -> bool:
        return not self._fault and bool(settings == self.settings)

    def _on_detailed(self, _request: Outcome, result: Outcome) -> None:
        if result is self.result:
            self.detailed = result

    def _on_unsolved(self, problem: str) -> None:
        self._quietly(self.b, tune="no")  # or every change from now on would be tuned again, and fail again
        self._on_failed(problem)

    def _on_failed(self, problem: str) -> None:
        self._keep = False
        self.param.update(reading="", problem=problem)

    # Files and comparison -------------------------------------------------------------------------------------------

    @property
    def experiment(self) -> AnalysisSettings:
        """The settings with all that a file says beside them.

        Raises
        ------
        InputError
            If one is out of range.
        """
        return self.settings.model_copy(update={"repeat": self._repeat})

    def yaml(self) -> str:
        """Return the settings as an experiment file."""
        return to_yaml(self.experiment)

    def take(self, text: str) -> None:
        """Take over the settings of an experiment file.

        Raises
        ------
        InputError
            If the text is no experiment, or needs data that are not there.
        """
        self.take_over(of_kind(from_yaml(text), AnalysisSettings))

    def take_over(self, settings: AnalysisSettings) -> None:
        """Take over an experiment, at once or when it is known what there is.

        Raises
        ------
        InputError
            If it needs data that are not there.
        """
        if self.offered is None:
            self._first = settings
            return
        if settings.case.name not in self.offered.kinds:
            raise InputError(f"the case {settings.case.name} needs a file that is not in the data folder")
        self._keep, self._repeat = True, settings.repeat
        self._take(settings)
        if self._is_open(settings):
            self._keep = False
            self._request()
            return
        self._asked = None
        if self.kind == settings.case.name:
            self._load()
        else:
            self.kind = settings.case.name

    def _is_open(self, settings: AnalysisSettings) -> bool:
        """Return whether the case of an experiment is the one that is shown, so that it need not be opened anew."""
        if self.opened is None or self.kind != settings.case.name or settings.observations.placement is None:
            return False
        return bool(self._asked == self.opened.prepared.settings == settings.case)

    def pin(self) -> None:
        """Keep the analysis that is shown, to compare others with it."""
        if self.detailed is self.result:
            self.pinned.keep(self.detailed)

    # The end ------------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        for work in (self._listing, self._preparing, self._solving, self._detailing, self.pinned):
            work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        for work in (self._listing, self._preparing, self._solving, self._detailing, self.pinned):
            work.close()
        with param.parameterized.discard_events(self):
            self.opened = self.result = self.detailed = None
