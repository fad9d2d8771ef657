"""The task of a learned B: an autoencoder learns background errors, and its decoder takes the place of B^{1/2}."""

from collections.abc import Callable
from copy import deepcopy
from typing import ClassVar

import torch
from torch import Tensor

from backends.device import precise_dtype
from backends.learning.background.analysis import LatentAnalysis, LatentCost, minimise
from backends.learning.background.judged import Judged, analysed, covariance_scores
from backends.learning.background.nmc import PrincipalComponents, gaussian_log_density, sample_covariance
from backends.learning.background.pictures import Response, Shown
from backends.learning.background.samples import Samples, single_observation
from backends.learning.background.vae import VariationalAutoencoder
from backends.learning.gallery import Panel
from backends.learning.task import Loss, Task
from backends.learning.variational.cases import Cases

#: Seeds and numbers of the cases that are looked at in training, and of those that a network is summarised by.
VALIDATION, TEST = (1_000_003, 48), (2_000_003, 512)
#: Draws of the latent variables that a covariance is formed from, draws for the bound of an error, and their seed.
DECODED, BOUND, SEED = 4000, 4, 3_000_003
#: Samples shown.
SHOWN = 6
#: A latent variable counts as active from this mean divergence on, nats.
ACTIVE = 0.01


class LearnedB(Task):
    """A variational autoencoder of background errors, beside 3D-Var with linear statistics of the same samples.

    Parameters
    ----------
    name
        Of the task.
    network
        The autoencoder, on its device.
    samples
        What it learns from and is judged with.
    components
        Principal components of the samples, as many as latent variables.
    batch
        Samples of which a loss is the mean.
    kl_weight
        β of the divergence (Higgins et al., 2017); 1 is the bound.
    residual
        Whether analyses count what the decoder does not reach, τ², with R, and correct it where it is observed.
    pictures
        Draws the gallery.
    gaussian
        Whether the reference "exact" is all there is to know of the errors.
    """

    name: ClassVar[str] = "learned-b"

    def __init__(
        self,
        name: str,
        network: VariationalAutoencoder,
        samples: Samples,
        components: PrincipalComponents,
        batch: int,
        kl_weight: float,
        residual: bool,
        pictures: Callable[[Shown], tuple[Panel, ...]],
        gaussian: bool = False,
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.network: VariationalAutoencoder = network
        self.samples, self.components, self.batch = samples, components, batch
        self._kl_weight, self._residual, self._pictures, self._gaussian = kl_weight, residual, pictures, gaussian
        self._like = network.factor
        self._trained = samples.trained.to(self._like)
        self._unseen = samples.unseen()
        self._exact = samples.references.get("exact")
        # Covariances are compared with the true one, or with that of the unseen errors.
        self._reference = sample_covariance(self._unseen) if self._exact is None else self._exact @ self._exact.mT
        self._standing: dict[str, float] | None = None
        self._judged: dict[tuple[int, int], Judged] = {}

    def loss(self, generator: torch.Generator) -> Loss:
        """Return minus the bound per grid point, of errors with random signs: that of an error and its negative are alike."""
        which = torch.randint(len(self._trained), (self.batch,), generator=generator)
        sign = torch.randint(2, (self.batch, 1), generator=generator) * 2 - 1
        noise = torch.randn(self.batch, self.network.latent, generator=generator)
        errors = self._trained[which.to(self._like.device)] * sign.to(self._like)
        fit, kl = (part.mean() / self.network.points for part in self.network.bound(errors, noise.to(self._like)))
        return Loss(self._kl_weight * kl - fit, {"reconstruction_term": -fit, "kl_term": kl})

    def validate(self) -> dict[str, float]:
        """Return the bound, what is explained, the implied covariance, and RMSE of analyses of a few unseen cases."""
        return self._scores(VALIDATION)

    def scores(self) -> dict[str, float]:
        """Return the same with more cases."""
        return self._scores(TEST)

    def analyse(self, cases: Cases) -> LatentAnalysis:
        """Return the analyses of cases with the decoder as it is, from the background, in double precision."""
        like = torch.empty(0, dtype=precise_dtype(self._like.device), device=self._like.device)
        network = deepcopy(self.network).to(like).eval()
        with torch.no_grad():
            cost = LatentCost(cases.to(like), network.decode, float(network.residual) if self._residual else 0.0)
            return minimise(cost, like.new_zeros(len(cases), network.latent))

    def gallery(self) -> tuple[Panel, ...]:
        """Return unseen cases, errors beside decoded ones, responses to single observations, and standard deviations."""
        judged = self._judge(VALIDATION)
        cases = judged.cases.of(torch.arange(2))
        decoded, errors = self.decoded(), self._unseen[:: max(1, len(self._unseen) // SHOWN)][:SHOWN]
        reference = "nmc" if self._exact is None else "exact"
        return self._pictures(
            Shown(
                cases=cases,
                network=self.analyse(cases).increment.cpu().double(),
                linear=judged.linear[reference].increment[:2],
                errors=errors,
                decoded=decoded[:SHOWN],
                response=self._response(),
                sigmas=self._sigmas(decoded),
                exact=self._exact is not None,
            )
        )

    def decoded(self) -> Tensor:
        """Return the errors that the decoder makes of random latent variables, (4000, n), float64."""
        control = torch.randn(DECODED, self.network.latent, generator=torch.Generator().manual_seed(SEED))
        self.network.eval()
        with torch.no_grad():
            return self.network.decode(control.to(self._like)).cpu().double()

    def _scores(self, which: tuple[int, int]) -> dict[str, float]:
        judged = self._judge(which)
        analysis = self.analyse(judged.cases)
        costs = (analysis.jb + analysis.jo).cpu().double()
        return {
            **self._learned(),
            "rmse_network": judged.rmse(analysis.increment.cpu().double()),
            "consistency_network": judged.consistency(costs),
            "analysis_iterations_network": float(analysis.iterations.double().mean()),
            **judged.scores(),
            **covariance_scores("network", sample_covariance(self.decoded()), self._reference, self.samples),
            **self._references(),
        }

    def _learned(self) -> dict[str, float]:
        """Return how well the network describes the unseen errors."""
        errors = self._unseen.to(self._like)
        generator = torch.Generator().manual_seed(SEED)
        self.network.eval()
        with torch.no_grad():
            bounds = []
            for _ in range(BOUND):
                noise = torch.randn(len(errors), self.network.latent, generator=generator)
                fit, kl = self.network.bound(errors, noise.to(self._like))
                bounds.append(float((fit - kl).cpu().double().mean()))
            mean, log_variance = self.network.encode(errors)
            misfit = (errors - self.network.decode(mean)).cpu().double()
            active = self.network.divergences(mean, log_variance).mean(0) > ACTIVE
        return {
            "elbo_network": sum(bounds) / BOUND / self.network.points,
            "explained_network": 1 - float(misfit.square().sum()) / float(self._unseen.square().sum()),
            "residual_network": float(self.network.residual.detach()) ** 0.5,
            "active_variables": float(active.sum()),
        }

    def _references(self) -> dict[str, float]:
        """Return what the linear statistics reach, which stays the same."""
        if self._standing is not None:
            return self._standing
        W, errors = self.components, self._unseen
        directions = torch.linalg.qr(W.factor).Q
        lost = errors - errors @ directions @ directions.mT
        scores = {
            "elbo_pca": float(W.log_density(errors).mean()) / errors.shape[1],
            "explained_pca": 1 - float(lost.square().sum() / errors.square().sum()),
            "residual_pca": W.residual**0.5,
        }
        if self._gaussian:
            scores["elbo_exact"] = float(gaussian_log_density(errors, self._reference).mean()) / errors.shape[1]
        scores |= covariance_scores("pca", W.factor @ W.factor.mT, self._reference, self.samples)
        scores |= covariance_scores("nmc", sample_covariance(self.samples.trained), self._reference, self.samples)
        right = "unseen" if self._exact is None else "exact"
        scores[f"length_{right}"] = covariance_scores(right, self._reference, self._reference, self.samples)[f"length_{right}"]
        self._standing = scores
        return scores

    def _judge(self, which: tuple[int, int]) -> Judged:
        if which not in self._judged:
            seed, count = which
            self._judged[which] = Judged(self.samples.cases(count, seed), self.samples, self.components, self._residual)
        return self._judged[which]

    def _response(self) -> Response:
        """Return the increments of one observation, whose innovation is one standard deviation of the samples there."""
        n, point = self.samples.trained.shape[1], self.samples.point
        innovation = float(self.samples.trained[:, point].square().mean()) ** 0.5
        background = torch.zeros(n, dtype=torch.float64)
        factors = self.samples.references | {"NMC": self.samples.factor}
        sigma_o = self.samples.sigma_o
        made = {name: single_observation(background, point, innovation, sigma_o, F) for name, F in factors.items()}
        increments = {name: analysed(one).increment[0] for name, one in made.items()}
        increments["network"] = self.analyse(next(iter(made.values()))).increment[0].cpu().double()
        return Response(point, innovation, increments)

    def _sigmas(self, decoded: Tensor) -> dict[str, Tensor]:
        sigmas = {"unseen errors" if self._exact is None else "exact": self._reference.diagonal().sqrt()}
        sigmas["NMC"] = self.samples.trained.square().mean(0).sqrt()
        sigmas["network"] = decoded.square().mean(0).sqrt()
        return sigmas
