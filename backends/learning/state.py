"""Tensors and facts as bytes: safetensors with its metadata, in which nothing can be hidden that runs."""

import json
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from backends.errors import InputError


def pack(tensors: dict[str, Tensor], facts: dict[str, str]) -> bytes:
    """Return tensors, and facts about them, as the content of a safetensors file."""
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, facts)


def unpack(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the facts of a safetensors file.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, RuntimeError) as problem:
        raise InputError(f"a checkpoint cannot be read; it is damaged: {problem!s:.100}") from problem
    # The file begins with the length of its header, eight bytes, and the header as JSON.
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return tensors, header.get("__metadata__", {})


def taken_apart(memory: dict[int, dict[str, Any]]) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of an optimiser's memory by names with dots, and all that is no tensor as JSON."""
    tensors: dict[str, Tensor] = {}
    rest: dict[str, dict[str, Any]] = {}
    for number, entries in memory.items():
        rest[str(number)] = {}
        for name, value in entries.items():
            listed = value if isinstance(value, list) else [value]
            if any(isinstance(part, Tensor) for part in listed):
                # L-BFGS keeps lists, in which there may be gaps.
                tensors |= {f"{number}.{name}.{k}": part for k, part in enumerate(listed) if isinstance(part, Tensor)}
                rest[str(number)][name] = {"list": isinstance(value, list), "length": len(listed)}
            else:
                rest[str(number)][name] = {"plain": value}
    return tensors, json.dumps(rest)


def put_together(tensors: dict[str, Tensor], rest: str) -> dict[int, dict[str, Any]]:
    """Return the memory of an optimiser from what :func:`taken_apart` returned."""
    memory: dict[int, dict[str, Any]] = {}
    for number, entries in json.loads(rest).items():
        memory[int(number)] = {}
        for name, kept in entries.items():
            if "plain" in kept:
                memory[int(number)][name] = kept["plain"]
            else:
                parts = [tensors.get(f"{number}.{name}.{k}") for k in range(kept["length"])]
                memory[int(number)][name] = parts if kept["list"] else parts[0]
    return memory
