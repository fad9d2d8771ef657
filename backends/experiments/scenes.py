"""Scenes of a lecture: a page with settings, what is to be seen there, questions, and what to try next."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from backends.errors import InputError
from backends.experiments.faults import sentence
from backends.experiments.pairs import Pairs, to_pairs
from backends.experiments.sections import Section
from backends.experiments.yaml_text import load


class TryNext(Section):
    """A change that a person may try."""

    label: str = Field(min_length=1, max_length=60, description="what is done, as a button says it")
    set: dict[str, Any] = Field(min_length=1, description="keys with dots between the levels, and their new values")


class Scene(Section):
    """A scene, as its file has it."""

    title: str = Field(min_length=1, max_length=80, description="what it is about")
    chapter: str = Field(min_length=1, max_length=60, description="scenes of a chapter stand together")
    order: int = Field(ge=0, description="place among all scenes; numbers may be left out")
    page: Literal["explore", "analysis", "cycling", "training", "rollout"] = Field(description="the page that shows it")
    settings: dict[str, Any] = Field(description="keys of the page's address: those of an experiment file, and the tab")
    text: str = Field(min_length=1, max_length=1500, description="what is to be seen, in plain sentences")
    formulas: tuple[str, ...] = Field((), max_length=4, description="in TeX, without \\sqrt, which KaTeX cannot draw here")
    questions: tuple[str, ...] = Field((), max_length=6, description="for the audience")
    spotlight: tuple[str, ...] = Field((), max_length=4, description="labels of controls that the text speaks of, in order")
    opened: tuple[str, ...] = Field((), max_length=4, description="headings of the sidebar's groups that are open in the scene")
    try_next: tuple[TryNext, ...] = Field((), max_length=6, description="changes as buttons, from the settings of the moment")

    @property
    def line(self) -> str:
        """The first sentence of the text."""
        return re.split(r"(?<=[.!?]) ", self.text, maxsplit=1)[0]

    @property
    def pairs(self) -> Pairs:
        """The settings as an address has them."""
        return to_pairs(self.settings)


def load_scene(path: Path) -> Scene:
    """Return the scene of a YAML file.

    Raises
    ------
    InputError
        If the file or a key of it is wrong; the sentence begins with the name of the file.
    """
    try:
        return Scene.model_validate(load(path))
    except ValidationError as problem:
        raise InputError(f"{path.name}: {sentence(problem, Scene)}") from problem


def load_scenes(folder: Path) -> dict[str, Scene]:
    """Return all scenes of a folder in their order, by the names of their files.

    Raises
    ------
    InputError
        If one is wrong, or two have the same place.
    """
    found = {path.stem: load_scene(path) for path in sorted(folder.glob("*.yaml"))}
    ordered = dict(sorted(found.items(), key=lambda entry: entry[1].order))
    names = list(ordered)
    for first, second in pairwise(names):
        if ordered[first].order == ordered[second].order:
            raise InputError(f"{second}.yaml: order: {first}.yaml has the place {ordered[first].order} already")
    return ordered
