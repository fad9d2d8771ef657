"""What models are tried on beside the start that they were made for: other shapes, and truths with other parameters."""

from typing import Any, Literal

from pydantic import Field, field_validator

from backends.experiments.cycling.dynamics import AdvectionSettings, DynamicsSection, EmulatorSettings, differing
from backends.experiments.sections import Section

Shape = Literal["climate", "bump", "sine", "top_hat", "bumps"]


class GeneraliseSettings(Section):
    """Other starts, and other truths, that the same models are run from."""

    shapes: tuple[Shape, ...] = Field(
        (), description="values of `start.shape` on the line, such as `[bump, top_hat]`, with the truth of the experiment"
    )
    dynamics: tuple[dict[str, Any], ...] = Field(
        (),
        max_length=10,
        description="keys of `dynamics` in which other truths differ, such as `[{speed: 1.2}]`; models stay as they are, the "
        "perfect one, too",
    )

    @field_validator("shapes", "dynamics")
    @classmethod
    def _differ(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = next((value for k, value in enumerate(values) if value in values[:k]), None)
        if twice is not None:
            raise ValueError(f"must be different from each other; {twice!r} came twice")
        return values

    @property
    def asked(self) -> bool:
        """Whether there is anything to be tried."""
        return bool(self.shapes or self.dynamics)


def check_shape(shape: str, dynamics: DynamicsSection, key: str) -> None:
    """Check that a start of this shape is one of the testbed's.

    Raises
    ------
    ValueError
        If its states are no line.
    """
    if shape != "climate" and not isinstance(dynamics, AdvectionSettings | EmulatorSettings):
        raise ValueError(f"{key}: {shape!r} is a state of a line; dynamics must be advection-1d or an emulator of it")


def check_generalise(generalise: GeneraliseSettings, dynamics: DynamicsSection) -> None:
    """Check that other starts and truths are ones that the models of a testbed can be run from.

    Raises
    ------
    ValueError
        If a shape is none of its states, or another truth has other states or leads.
    """
    for number, shape in enumerate(generalise.shapes):
        check_shape(shape, dynamics, f"generalise.shapes.{number}")
    for number, changes in enumerate(generalise.dynamics):
        key = f"generalise.dynamics.{number}"
        if not changes:
            raise ValueError(f"{key} must have a key in which this truth differs, such as {{speed: 1.2}}; came none")
        if "dt" in changes:
            raise ValueError(f"{key}.dt must be that of dynamics, because forecasts are compared at the same leads")
        differing(dynamics, changes, key)
