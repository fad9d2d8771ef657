"""Background errors learned by a variational autoencoder: on the periodic line with known statistics, and of ERA5 fields."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from backends.background_error.correlation import Correlation
from backends.background_error.estimate import nmc
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.device import compute_device
from backends.errors import InputError
from backends.experiments.sections import Positive, Section
from backends.experiments.training.dynamics import TESTED, TRAINED, Iterations, coordinates, fields_of
from backends.experiments.training.line import CountRange, Share
from backends.experiments.training.settings import TrainingSettings
from backends.fields.catalogue import Catalogue
from backends.geometry.sphere import EARTH_RADIUS_KM
from backends.learning.background.line import DisplacementErrors, GaussianErrors
from backends.learning.background.nmc import principal_components
from backends.learning.background.pictures import Shown, line_pictures, map_pictures
from backends.learning.background.samples import Neighbours, Samples, factor_of
from backends.learning.background.task import LearnedB
from backends.learning.background.vae import VariationalAutoencoder
from backends.learning.gallery import Panel
from backends.learning.seeded import seeded
from backends.learning.variational.cases import Cases

#: Grid points of the largest map: covariances are matrices.
LARGEST = 2500
#: Unseen cases on the line, and their seed and that of the samples.
UNSEEN, UNSEEN_SEED, SAMPLES_SEED = 2000, 4_000_003, 5_000_003
STEPS = "steps of the optimiser; null: `minutes` alone end the training"


class AutoencoderSettings(Section):
    """Linear maps that begin as principal components, plus layers on either side."""

    name: Literal["vae"] = "vae"
    latent: int = Field(8, ge=1, le=200, description="latent variables k: the length of z, and of the PCA beside it")
    width: int = Field(128, ge=4, le=4096, description="units of the hidden layers")
    layers: int = Field(2, ge=1, le=6, description="hidden layers of the encoder, and of the decoder")


class LinearSettings(Section):
    """Linear maps alone: the best one is the probabilistic principal components, with which it begins."""

    name: Literal["linear"] = "linear"
    latent: int = Field(8, ge=1, le=200, description="latent variables k: the length of z, and of the PCA beside it")


class LearnedBTraining(TrainingSettings):
    """What tasks that learn background errors share."""

    network: Annotated[AutoencoderSettings | LinearSettings, Field(discriminator="name")] = AutoencoderSettings()
    kl_weight: float = Field(1.0, gt=0, le=1000, description="β of the Kullback–Leibler term; 1: the ELBO itself")
    residual: bool = Field(
        True, description="τ², the variance that the decoder does not reach, counts in analyses; false: VAE-Var as published"
    )

    @abstractmethod
    def make(self, folder: Path) -> LearnedB:
        """Return the task."""

    def _task(self, samples: Samples, pictures: Callable[[Shown], tuple[Panel, ...]], gaussian: bool = False) -> LearnedB:
        s = self.network
        components = principal_components(samples.trained, s.latent)

        def network() -> VariationalAutoencoder:
            if isinstance(s, LinearSettings):
                return VariationalAutoencoder(components, linear=True)
            return VariationalAutoencoder(components, s.width, s.layers)

        made = seeded(network, self.seed).to(compute_device())
        return LearnedB(self.task, made, samples, components, self.batch, self.kl_weight, self.residual, pictures, gaussian)


class GaussianSettings(Section):
    """Errors from N(0, B) with a Gaussian correlation: 3D-Var with B is exact, and nothing can be better."""

    name: Literal["gaussian"] = "gaussian"
    sigma: Positive = Field(1.0, description="σ_b")
    length: Share = Field(0.08, description="correlation length L, as a fraction of the line")
    floor: float = Field(1e-4, ge=1e-8, lt=1, description="α: eigenvalues of B are at least α λ_max")


class DisplacementSettings(Section):
    """Errors of a bump that the background has at a wrong place: no Gaussian B is right for them."""

    name: Literal["displacement"] = "displacement"
    amplitude: Positive = Field(2.0, description="mean height A of the bump; its standard deviation is a fifth of it")
    width: Share = Field(0.05, description="width w of the bump exp(−½ d²/w²), as a fraction of the line")
    shift: Share = Field(0.06, description="standard deviation S of the displacement, as a fraction of the line")


class LearnedBObserving(Section):
    """Observations at grid points, new ones for every case."""

    count: CountRange = Field((5, 30), description="least and most observations of a case")
    sigma: Positive = Field(0.2, description="σ_o, in the unit of the field")


class LearnedBLine(LearnedBTraining):
    """A variational autoencoder of background errors on the periodic line; its decoder takes the place of B^{1/2}."""

    TITLE: ClassVar[str] = "Learned B on a line"
    ABOUT: ClassVar[str] = (
        "A VAE in place of B^{1/2}: of displaced bumps it knows more than any Gaussian B, of Gaussian errors it cannot."
    )

    task: Literal["learned-b-1d"] = "learned-b-1d"
    iterations: Iterations | None = Field(3000, description=STEPS)
    batch: int = Field(128, ge=1, le=4096, description="samples of which one loss is the mean")
    points: int = Field(100, ge=20, le=400, description="grid points n")
    errors: Annotated[GaussianSettings | DisplacementSettings, Field(discriminator="name")] = DisplacementSettings()
    samples: int = Field(5000, ge=10, le=200_000, description="errors that are learned from, by the network, NMC and PCA alike")
    observations: LearnedBObserving = LearnedBObserving()

    def make(self, folder: Path) -> LearnedB:
        """Return the task."""
        del folder
        s, o, n = self.errors, self.observations, self.points
        if o.count[1] > n:
            raise InputError(f"observations.count: at most one for each of the {n} points; came {o.count[1]}")
        source: GaussianErrors | DisplacementErrors
        if isinstance(s, GaussianSettings):
            source = GaussianErrors(n, s.sigma, s.length, s.floor)
        else:
            source = DisplacementErrors(n, s.amplitude, s.width, s.shift)
        seen = source.draw(self.samples, torch.Generator().manual_seed(SAMPLES_SEED))
        unseen = source.draw(UNSEEN, torch.Generator().manual_seed(UNSEEN_SEED))
        errors = seen.truth - seen.background
        here = torch.arange(n)
        neighbours = Neighbours(torch.stack([here, (here + 1) % n], 1), torch.full((n,), 1 / n, dtype=torch.float64))
        samples = Samples(
            trained=errors - errors.mean(0),
            backgrounds=unseen.background,
            truths=unseen.truth,
            count=o.count,
            sigma_o=o.sigma,
            neighbours=neighbours,
            point=n // 2,
            references={"exact": factor_of(source.covariance())},
            best=partial(_best, source) if isinstance(source, DisplacementErrors) else None,
        )
        return self._task(samples, line_pictures, isinstance(s, GaussianSettings))


class LearnedBERA5(LearnedBTraining):
    """A variational autoencoder of the differences between ERA5 2 m temperature and the same some hours before."""

    TITLE: ClassVar[str] = "Learned B of ERA5 temperature"
    ABOUT: ClassVar[str] = "A VAE learns what yesterday's field is wrong by over Britain; NMC, PCA and a Gaussian B beside it."

    task: Literal["learned-b-era5"] = "learned-b-era5"
    iterations: Iterations | None = Field(400, description=STEPS)
    network: Annotated[AutoencoderSettings | LinearSettings, Field(discriminator="name")] = AutoencoderSettings(
        latent=32, width=64, layers=1
    )
    path: str = Field(
        "era5-2mt-2019-03-uk.grib", max_length=500, description="file of hourly 2 m temperature, relative to the data folder"
    )
    lag: int = Field(24, ge=1, le=72, description="hours that the background is earlier than the truth")
    observations: LearnedBObserving = LearnedBObserving(count=(20, 100), sigma=0.5)

    def make(self, folder: Path) -> LearnedB:
        """Return the task: differences of three weeks to learn from, cases of the last week to test with.

        Raises
        ------
        InputError
            If the file is not there, cannot be read, or is too short or too large.
        """
        data = Catalogue(folder).open(self.path)
        name = next(iter(data.variables))
        fields = torch.from_numpy(fields_of(data, name)).double()
        T, rows, columns = fields.shape
        if TRAINED + TESTED > T:
            raise InputError(f"{data.label} has {T} times; {TRAINED} to learn from and {TESTED} to test with are needed")
        if rows * columns > LARGEST:
            raise InputError(f"covariances are matrices of at most {LARGEST} points; a field here has {rows * columns}")
        if not bool(fields.isfinite().all()):
            raise InputError(f"{data.label} has missing values; this task needs whole fields")
        o = self.observations
        if o.count[1] > rows * columns:
            raise InputError(f"observations.count: at most one for each of the {rows * columns} points; came {o.count[1]}")
        states = fields.flatten(1)
        errors = states[self.lag : TRAINED] - states[: TRAINED - self.lag]
        errors = errors - errors.mean(0)
        _, _, extent = coordinates(data, name)
        grid = data.variable(name).grid.to(torch.device("cpu"), torch.float64)
        # The NMC method halves the variance of differences, of two fields that are equally wrong; here one is the truth.
        estimate = nmc(2**0.5 * errors, grid)
        correlation = SphereCorrelation(SphereGeometry(grid), Correlation("gaussian", estimate.typical))
        modelled = ScaledBackgroundError(correlation, estimate.sigma).dense()
        samples = Samples(
            trained=errors,
            backgrounds=states[T - TESTED - self.lag : T - self.lag],
            truths=states[T - TESTED :],
            count=o.count,
            sigma_o=o.sigma,
            neighbours=_along_parallels(rows, columns, grid.latitude, grid.longitude),
            point=int(errors.square().mean(0).argmax()),
            references={"modelled": factor_of(modelled)},
        )
        unit = data.variable(name).units
        return self._task(samples, partial(map_pictures, shape=(rows, columns), extent=extent, unit=unit))


def _best(errors: DisplacementErrors, cases: Cases) -> torch.Tensor:
    """Return the mean error of displaced bumps given the innovations of each case, (E, n)."""
    mask = cases.observed_adjoint(cases.used.to(cases.values))
    return errors.posterior_mean(cases.observed_adjoint(cases.innovation()), mask, float(cases.sigma[0]))


def _along_parallels(rows: int, columns: int, latitude: torch.Tensor, longitude: torch.Tensor) -> Neighbours:
    """Return neighbours to the east, km apart."""
    index = torch.arange(rows * columns).reshape(rows, columns)
    pairs = torch.stack([index[:, :-1], index[:, 1:]], -1).reshape(-1, 2)
    step = torch.deg2rad(longitude.diff()).abs() * torch.deg2rad(latitude).cos()[:, None] * EARTH_RADIUS_KM
    return Neighbours(pairs, step.flatten())
