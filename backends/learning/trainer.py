"""The loop that trains a task: Adam or L-BFGS, and a state from which it goes on as if it had never stopped."""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from backends.errors import InputError
from backends.learning.state import pack, put_together, taken_apart, unpack
from backends.learning.task import Task

#: Gradients longer than this are shortened to it.
LONGEST_GRADIENT = 1.0
#: Evaluations of the loss in one line search of L-BFGS; torch allows one where a call takes a single step.
LONGEST_SEARCH = 25


@dataclass(frozen=True)
class Schedule:
    """How fast is learned.

    Attributes
    ----------
    learning_rate
        At the start; it falls along half a cosine to a hundredth of it at the end.
    iterations
        Steps of the optimiser, or None where time alone ends the training.
    seconds
        Of training, or None where the steps alone end it.
    optimiser
        "adam", or "lbfgs" for a loss without chance: the same at each call for the same weights.

    Raises
    ------
    InputError
        If neither end is given.
    """

    learning_rate: float = 1e-3
    iterations: int | None = 10_000
    seconds: float | None = None
    optimiser: Literal["adam", "lbfgs"] = "adam"

    def __post_init__(self) -> None:
        if self.iterations is None and self.seconds is None:
            raise InputError("a training needs an end: iterations, minutes or both")

    def progress(self, iteration: int, seconds: float) -> float:
        """Return how much is done, from 0 to 1."""
        parts = [0.0]
        if self.iterations is not None:
            parts.append(iteration / self.iterations)
        if self.seconds is not None:
            parts.append(seconds / self.seconds)
        return min(1.0, max(parts))

    def rate(self, progress: float) -> float:
        """Return the learning rate; Loshchilov and Hutter (2017, arXiv:1608.03983), one period, no restart.

        A line search needs no decay: with L-BFGS each search begins with a step of `learning_rate`.
        """
        if self.optimiser == "lbfgs":
            return self.learning_rate
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


class Trainer:
    """A training that is taken step by step.

    Parameters
    ----------
    task
        What is learned.
    schedule
        How fast and how long.
    seed
        Of the batches; the network has its first weights from the task.
    facts
        What the state carries along, such as the settings that the task was made from.

    Attributes
    ----------
    iteration
        Steps taken.
    seconds
        Of training so far, those before an interruption included; whoever takes the steps counts them.
    """

    def __init__(self, task: Task, schedule: Schedule, seed: int, facts: dict[str, str] | None = None) -> None:
        self.task, self.schedule, self._facts = task, schedule, facts or {}
        self.iteration, self.seconds = 0, 0.0
        self._generator = torch.Generator().manual_seed(seed)
        weights, rate = task.network.parameters(), schedule.learning_rate
        self._optimiser: torch.optim.Optimizer
        if schedule.optimiser == "adam":
            self._optimiser = torch.optim.Adam(weights, rate)
        else:
            self._optimiser = torch.optim.LBFGS(
                weights, rate, max_iter=1, max_eval=LONGEST_SEARCH, history_size=100, tolerance_grad=0, tolerance_change=0,
                line_search_fn="strong_wolfe",
            )  # fmt: skip

    @property
    def progress(self) -> float:
        """How much is done, from 0 to 1."""
        return self.schedule.progress(self.iteration, self.seconds)

    def step(self) -> dict[str, float]:
        """Draw a batch, move the weights once, and return the loss, its terms, the learning rate and the gradient's norm.

        Raises
        ------
        InputError
            If the loss or its gradient is not finite; the weights stay as they were.
        """
        rate = self.schedule.rate(self.progress)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        network = self.task.network
        network.train()
        first: dict[str, float] = {}

        def evaluate() -> float:
            self._optimiser.zero_grad(set_to_none=True)
            loss = self.task.loss(self._generator)
            loss.total.backward()
            longest = LONGEST_GRADIENT if self.schedule.optimiser == "adam" else math.inf
            norm = float(torch.nn.utils.clip_grad_norm_(network.parameters(), longest))
            value = float(loss.total.detach())
            if not first:
                self._check_finite(value, norm)
                first.update({"loss": value, **{name: float(term.detach()) for name, term in loss.terms.items()}})
                first["gradient_norm"] = norm
            return value

        self._optimiser.step(evaluate)
        self.iteration += 1
        return {**first, "learning_rate": rate}

    def _check_finite(self, loss: float, norm: float) -> None:
        if not (math.isfinite(loss) and math.isfinite(norm)):
            what = f"the loss became {loss:g}" if not math.isfinite(loss) else f"the gradient's norm became {norm:g}"
            raise InputError(
                f"{what} at iteration {self.iteration + 1}; the training ends with the weights before it: "
                "lower the learning rate"
            )

    def state(self) -> bytes:
        """Return all that is needed to go on: weights, moments of the gradient, and the state of the random numbers."""
        tensors = {f"network.{name}": tensor for name, tensor in self.task.network.state_dict().items()}
        memory, numbers = taken_apart(self._optimiser.state_dict()["state"])
        tensors |= {f"optimiser.{name}": tensor for name, tensor in memory.items()}
        tensors["generator"] = self._generator.get_state()
        tensors |= {f"carried.{name}": tensor for name, tensor in self.task.carried().items()}
        standing = {
            "iteration": str(self.iteration), "seconds": repr(self.seconds), "task": self.task.name,
            "method": self.schedule.optimiser, "optimiser": numbers,
        }  # fmt: skip
        return pack(tensors, self._facts | standing)

    def restore(self, content: bytes) -> None:
        """Go on from what :meth:`state` returned.

        Raises
        ------
        InputError
            If it is damaged, of another task, network or optimiser, or holds weights alone.
        """
        tensors, facts = unpack(content)
        missing = {"optimiser", "method", "iteration", "seconds"} - set(facts) | {"generator"} - set(tensors)
        if missing:
            raise InputError(
                f"no training can go on from this file, which has no {sorted(missing)[0]!r}; one can be fine-tuned"
            )
        if facts["method"] != self.schedule.optimiser:
            raise InputError(
                f"the checkpoint is of the optimiser {facts['method']!r:.20}; expected {self.schedule.optimiser!r}"
            )
        load_weights(self.task, tensors, facts)
        groups = self._optimiser.state_dict()["param_groups"]
        memory = {name.removeprefix("optimiser."): t for name, t in tensors.items() if name.startswith("optimiser.")}
        self._optimiser.load_state_dict({"state": put_together(memory, facts["optimiser"]), "param_groups": groups})
        self._generator.set_state(tensors["generator"])
        carried = {name.removeprefix("carried."): tensor for name, tensor in tensors.items() if name.startswith("carried.")}
        self.task.carry(carried)
        self.iteration, self.seconds = int(facts["iteration"]), float(facts["seconds"])


def weights_of(task: Task, facts: dict[str, str] | None = None) -> bytes:
    """Return the weights of a task's network alone, as a file, with facts to carry along."""
    tensors = {f"network.{name}": tensor for name, tensor in task.network.state_dict().items()}
    return pack(tensors, {**(facts or {}), "task": task.name})


def load_weights(task: Task, tensors: dict[str, torch.Tensor], facts: dict[str, str]) -> None:
    """Set the weights of a task's network to those of a file.

    Raises
    ------
    InputError
        If they are of another task, or have other names or shapes.
    """
    if facts.get("task") != task.name:
        raise InputError(f"the weights are of the task {facts.get('task', '')!r:.60}; expected {task.name!r}")
    weights = {name.removeprefix("network."): tensor for name, tensor in tensors.items() if name.startswith("network.")}
    expected = task.network.state_dict()
    for name, tensor in expected.items():
        came = tuple(weights[name].shape) if name in weights else None
        if came != tuple(tensor.shape):
            raise InputError(f"the weights {name} of the network have shape {came}; expected {tuple(tensor.shape)}")
    if set(weights) != set(expected):
        raise InputError(f"the network has no weights {sorted(set(weights) - set(expected))[0]!r:.60}, which the file has")
    task.network.load_state_dict(weights)
