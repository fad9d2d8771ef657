"""What damaged files make the decoding libraries raise."""

#: In the middle of reading; each reader knows what else its library raises.
DECODING_PROBLEMS = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    AssertionError,
)


def first_line(problem: BaseException) -> str:
    """Return the first line of an exception's message, or its type where it has none."""
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
