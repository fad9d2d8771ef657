"""The AI particle filter on trajectories that it was trained on, beside those that it never saw."""

from pathlib import Path

import torch
from torch import Tensor

from backends.experiments.training.particle import AIParticleFilter
from backends.learning.particle.references import cycled
from backends.learning.particle.task import COURSE, SPINUP, TEST, ParticleFilterTask
from backends.learning.particle.testbed import Unseen
from backends.learning.trainer import Trainer

#: What the trainings differ in from the defaults.
TRAININGS: dict[str, dict[str, object]] = {"network": {}, "network, course's loss": {"forecast_weight": 0}}


def measure() -> dict[str, object]:
    """Return mean error norms with their standard errors over trajectories of 150 cycles, those trained on and those not."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    result: dict[str, object] = {}
    for label, changes in TRAININGS.items():
        settings = AIParticleFilter.model_validate({"kind": "training", "task": "ai-particle-filter", **changes})
        task = settings.make(Path())
        seen = _trained(task, Trainer(task, settings.schedule(), settings.seed))
        like = next(task.network.parameters()).detach()
        unseen = task.bed.unseen(settings.batch, COURSE, settings.members, like, TEST[0])
        result[label] = figures = {"trained on": _errors(task, seen), "never seen": _errors(task, unseen)}
        print(label, figures, flush=True)
    torch.set_num_threads(threads)
    return result


def _trained(task: ParticleFilterTask, trainer: Trainer) -> Unseen:
    """Train, and return the last whole life of each trajectory: its truth, its observations, and its first particles."""
    lives: list[dict[str, Tensor]] = []
    while trainer.progress < 1:
        trainer.step()
        lives.append({name: tensor.clone() for name, tensor in task.carried().items()})
        del lives[: -2 * task.lifetime]  # a whole life lies in twice its length
    age = torch.stack([standing["age"] for standing in lives])
    # The newest step at which a life of this length begins that is over now; a life that was lost is shorter.
    begins = torch.stack([age[k] == 0 for k in range(len(age) - task.lifetime + 1)])
    whole = begins & (age[task.lifetime - 1 :] == task.lifetime - 1)
    kept = whole.any(0).nonzero()[:, 0]
    first = len(whole) - 1 - whole.flip(0).int().argmax(0)

    def of(name: str) -> Tensor:
        run = torch.stack([standing[name] for standing in lives])
        return torch.stack([run[first[e] : first[e] + task.lifetime, e] for e in kept], 1)

    truth, values, particles = of("truth"), of("values"), of("particles")
    task.network.eval()
    with torch.no_grad():  # the cycle after the first one begins with a forecast of the first analysis
        analysed = task.network(particles[0], values[0])
    return Unseen(truth[1:], values[1:], analysed)


def _errors(task: ParticleFilterTask, trajectories: Unseen) -> dict[str, object]:
    """Return means over trajectories of the error norm of the ensemble mean after the spin-up, and their standard errors."""
    task.network.eval()
    means = cycled(task.bed, trajectories, task.network, TEST[0])
    result: dict[str, object] = {"trajectories": trajectories.truth.shape[1]}
    for name, mean in (("forecast", means.forecast), ("analysis", means.analysis)):
        each = (mean - trajectories.truth)[SPINUP:].norm(dim=-1).mean(0)
        result[name] = round(float(each.mean()), 4)
        result[f"{name}, standard error"] = round(float(each.std() / len(each) ** 0.5), 4)
        result[f"{name}, worst trajectory"] = round(float(each.max()), 4)
    return result
