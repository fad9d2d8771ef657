"""What a person has chosen on the Analysis page, and the analysis that belongs to it."""

import param

from backends.assimilation.network import PLACEMENTS, Network, toggled
from backends.assimilation.twin import TwinExperiment, TwinResult, TwinSettings
from backends.errors import InputError
from backends.fields.catalogue import Catalogue, Entry
from backends.fields.dataset import FieldDataset
from backends.fields.field import Variable
from backends.fields.twin_case import BACKGROUNDS, TwinCase, load_case, usual_lag
from dashboard.worker import DEVICE, FILES, LatestWins

#: Shown first where it is in the data folder.
FAVOURITE = "era5-2mt-2019-03-uk.grib"

CaseRequest = tuple[FieldDataset, str, dict[str, int], str, int]


class AnalysisState(param.Parameterized):
    """State of the page, without any widget.

    The first group of parameters is what a person sets; the second follows from it. Reading a case happens on the file
    thread, solving on the device thread; of the settings that a drag passes through, those that have not been started
    when a newer one comes are skipped.
    """

    dataset = param.String(doc="Key of the dataset.")
    variable = param.String(doc="Name of the variable.")
    selection = param.Dict(default={}, doc="The index on each axis of the variable that is the truth.")
    background: param.Selector = param.Selector(
        default="earlier", objects=list(BACKGROUNDS), doc="Where the background comes from."
    )
    lag = param.Integer(default=1, bounds=(1, None), doc="How many steps earlier the background is.")
    placement: param.Selector = param.Selector(default="random", objects=list(PLACEMENTS), doc="How observations are placed.")
    count = param.Integer(default=100, doc="Number of observations p.")
    seed = param.Integer(default=0, doc="Seed of the places and of the observation noise.")
    places = param.List(default=[], doc="Clicked places (latitude, longitude).")
    sigma_b = param.Number(default=1.0, doc="Background error σ_b, in the variable's unit.")
    length = param.Number(default=300.0, doc="Correlation length L, km.")
    sigma_o = param.Number(default=0.25, doc="Observation error σ_o, in the variable's unit.")

    entries = param.List(default=[], doc="The catalogue as it was when the page was opened.")
    opened = param.Parameter(default=None, doc="The opened dataset.")
    case = param.Parameter(default=None, doc="The truth and background that are shown.")
    result = param.Parameter(default=None, doc="The newest analysis.")
    suggested = param.Parameter(
        default=None, doc="The settings suggested for the variable, from which sliders take their range."
    )
    problem = param.String(doc="Why the analysis shown does not belong to the settings.")
    reading = param.String(doc="What is being opened at the moment.")

    CASE = ("opened", "variable", "selection", "background", "lag")
    SETTINGS = ("placement", "count", "seed", "places", "sigma_b", "length", "sigma_o")

    def __init__(self, catalogue: Catalogue, dataset: str = "") -> None:
        super().__init__()
        self.catalogue = catalogue
        self._suggested_for: tuple[object, ...] = ()
        self._loaded: CaseRequest | None = None
        self._listing = LatestWins(FILES, lambda _: catalogue.entries(), self._on_listed, self._on_failed)
        self._opening = LatestWins(FILES, catalogue.open, self._on_opened, self._on_failed)
        self._loading = LatestWins(FILES, lambda request: load_case(*request), self._on_case, self._on_failed)
        self._solving = LatestWins(DEVICE, self._solve, self._on_result, self._on_failed)
        self._listing.request(dataset)

    # The case -----------------------------------------------------------------------------------------------------

    def _on_listed(self, wanted: str, entries: list[Entry]) -> None:
        self.reading = wanted  # before the list, so that it shows what is being opened
        self.entries = entries
        keys = [entry.key for entry in entries]
        self.open(wanted or (FAVOURITE if FAVOURITE in keys else keys[0]))

    def open(self, key: str) -> None:
        """Take the truth from another dataset."""
        self.reading = key
        self._opening.request(key)

    def _on_opened(self, key: str, dataset: FieldDataset) -> None:
        variables = [v for v in dataset.variables.values() if (axis := v.axis("time")) is not None and len(axis) > 1]
        if not variables:
            self.param.update(
                reading="", problem=f"{dataset.label} has a single time, so there is nothing earlier that could be a background"
            )
            return
        favourite = next((v for v in variables if "temperature" in f"{v.standard_name} {v.long_name}".lower()), variables[0])
        with param.parameterized.batch_call_watchers(self):
            self.param.update(dataset=key, opened=dataset, reading="", problem="")
            self._start(favourite)

    def choose_variable(self, name: str) -> None:
        """Take another variable of the dataset."""
        if self.opened is not None and name != self.variable:
            with param.parameterized.batch_call_watchers(self):
                self._start(self.opened.variable(name))

    def _start(self, variable: Variable) -> None:
        axis = variable.axis("time")
        assert axis is not None
        # The middle of the data, which has earlier fields on its left.
        selection = {a.name: len(a) // 2 if a is axis else 0 for a in variable.axes}
        self.param.update(variable=variable.name, selection=selection, lag=usual_lag(axis))
        self._load()

    def choose(self, axis: str, index: int) -> None:
        """Take another time, level or member as the truth."""
        if self.selection.get(axis) != index:
            self.selection = {**self.selection, axis: index}
            self._load()

    @param.depends("background", "lag", watch=True)
    def _load(self) -> None:
        if self.opened is not None:
            self._loading.request((self.opened, self.variable, dict(self.selection), self.background, self.lag))

    def _on_case(self, request: CaseRequest, case: TwinCase) -> None:
        variable = case.truth.variable
        level = [self.selection[a.name] for a in variable.axes if a.role not in ("time", "member") and a.name in self.selection]
        suggested_for = (request[0], request[1], *level)
        self._loaded = request
        with param.parameterized.batch_call_watchers(self):
            self.case = case
            if suggested_for != self._suggested_for:
                self._suggested_for = suggested_for
                start = case.experiment.suggested(Network())
                self.param.update(
                    suggested=start, sigma_b=start.sigma_b, length=start.length, sigma_o=start.sigma_o, places=[],
                    placement="random" if self.placement == "clicked" else self.placement,
                )  # fmt: skip
        self._request()

    # The analysis -------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> TwinSettings:
        """The settings as the controls show them."""
        places = tuple(self.places) if self.placement == "clicked" else ()
        return TwinSettings(Network(self.placement, self.count, self.seed, places), self.sigma_b, self.length, self.sigma_o)

    @property
    def stale(self) -> bool:
        """Whether the analysis that is shown was made with other settings, or for another case, than the controls say."""
        asked = (self.opened, self.variable, self.selection, self.background, self.lag)
        if self.result is None or self._loaded is None or asked != tuple(self._loaded):
            return True
        try:
            return self.result.settings != self.settings
        except InputError:
            return True

    @param.depends(*SETTINGS, watch=True)
    def _request(self) -> None:
        if self.case is None:
            return
        try:
            self._solving.request((self.case.experiment, self.settings))
        except InputError as problem:
            self.problem = str(problem)

    @staticmethod
    def _solve(request: tuple[TwinExperiment, TwinSettings]) -> TwinResult:
        experiment, settings = request
        return experiment.run(settings)

    def _on_result(self, request: tuple[TwinExperiment, TwinSettings], result: TwinResult) -> None:
        if self.case is not None and request[0] is self.case.experiment:
            self.param.update(result=result, problem="")

    def _on_failed(self, problem: str) -> None:
        self.param.update(reading="", problem=problem)

    # Placing observations by hand -----------------------------------------------------------------------------------

    def toggle(self, latitude: float, longitude: float) -> None:
        """Add an observation where a person clicked, or take away the one that is there.

        From then on the network is the clicked one; it begins with the observations that are shown.
        """
        if self.case is None or self.result is None:
            return
        points = self.result.observations.points
        shown = zip(points.latitude.tolist(), points.longitude.tolist(), strict=True)
        places = self.places if self.placement == "clicked" else list(shown)
        self.param.update(places=toggled(places, latitude, longitude, self.case.truth.variable.grid), placement="clicked")

    def clear_places(self) -> None:
        """Take all observations away, to place them by clicking."""
        self.param.update(places=[], placement="clicked")

    # The end ------------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        for work in (self._listing, self._opening, self._loading, self._solving):
            work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        for work in (self._listing, self._opening, self._loading, self._solving):
            work.close()
        self._loaded = None
        with param.parameterized.discard_events(self):
            self.opened = self.case = self.result = None
