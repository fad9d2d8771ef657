"""What a record holds of a job besides its metrics, and how MLflow lets it be called."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backends.errors import InputError
from backends.jobs.job import Job

#: Tags of one job, and letters of one tag.
MOST_TAGS, LONGEST_TAG = 10, 40


def parameters_of(settings: str) -> dict[str, object]:
    """Return the single values of settings in YAML, by their keys with dots between the levels."""
    from backends.experiments.yaml_text import parse

    try:
        tree = parse(settings, "the settings")
    except InputError:
        return {}
    return dict(_leaves(tree, ""))


def _leaves(tree: Any, above: str) -> Iterator[tuple[str, object]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, f"{above}.{key}" if above else f"{key}")
    elif isinstance(tree, list) and any(isinstance(entry, Mapping | list) for entry in tree):
        for number, entry in enumerate(tree, start=1):
            yield from _leaves(entry, f"{above}.{number}")
    elif above:
        yield above, tree


def tags_of(text: str) -> tuple[str, ...]:
    """Return tags from words that are separated by commas.

    Raises
    ------
    InputError
        If there are too many of them, or one is too long.
    """
    tags = tuple(dict.fromkeys(" ".join(word.split()) for word in text.split(",") if word.strip()))
    if len(tags) > MOST_TAGS:
        raise InputError(f"a run has at most {MOST_TAGS} tags, separated by commas; came {len(tags)}")
    for tag in tags:
        if len(tag) > LONGEST_TAG:
            raise InputError(f"a tag has at most {LONGEST_TAG} letters; came {tag:.60}…")
    return tags


def standing(job: Job, time: float) -> dict[str, str]:
    """Return the tags that say where a job stands at a time, in seconds since 1970."""
    return {
        "state": job.state.value,
        "done": str(job.done),
        "of": str(job.of),
        "note": job.note[:1000],
        "problem": job.problem[:4000],
        "created": f"{job.created}",
        "started": f"{job.started}",
        "ended": f"{job.ended}",
        "seen": f"{time}",
    }


def allowed(name: str) -> str:
    """Return a name with what MLflow does not allow in one replaced."""
    cleaned = re.sub(r"[^\w. :-]", "_", name)[:200]
    return cleaned if cleaned.strip(".") else "_"


def free(name: str, taken: Iterable[str]) -> str:
    """Return a name, with a number if it is taken."""
    taken, wanted, number = set(taken), name, 1
    while wanted in taken:
        number += 1
        wanted = f"{name} {number}"
    return wanted
