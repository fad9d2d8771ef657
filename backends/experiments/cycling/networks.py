"""Networks that races use, loaded by the id of their training."""

from backends.assimilation.methods.network import TrainedAnalyst
from backends.cycling.network import Network
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.experiments.cycling.methods import NetworkMethodSettings
from backends.experiments.cycling.settings import CyclingSettings


def analyst_of(run: str) -> TrainedAnalyst:
    """Return the network of the AI particle filter that a run has trained, as it was last.

    Raises
    ------
    InputError
        If there is no such run, or it is of another task.
    """
    # Trainings are no part of a race that has no network.
    from backends.experiments.run import default_folder
    from backends.experiments.training.particle import AIParticleFilter
    from backends.experiments.training.trained import trained

    if not run:
        raise InputError("network: a trained network is needed; give the id of its training as `run`")
    settings, task = trained(run, default_folder())
    if not isinstance(settings, AIParticleFilter):
        raise InputError(f"network: the run {run!r} is a training of {settings.task}; expected one of ai-particle-filter")
    observations = settings.observations
    return TrainedAnalyst(task.network, "lorenz63", observations.components, observations.sigma)


def check_networks(settings: CyclingSettings, network: Network, dynamics: Dynamics) -> None:
    """Raise InputError unless the networks of a race were trained with what it observes."""
    for method in settings.methods:
        if isinstance(method, NetworkMethodSettings):
            if not network.fixed:
                raise InputError("network: it needs the same components observed at all times; give a list of them")
            observed = tuple(network.components(dynamics, 0).tolist())
            analyst_of(method.run).check(dynamics.name, observed, settings.observations.sigma)
