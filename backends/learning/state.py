"""Tensors and facts as bytes: safetensors with its metadata, in which nothing can be hidden that runs."""

import json

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
