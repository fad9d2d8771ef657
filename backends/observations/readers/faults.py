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
    """Return the first line of an exception's message, or its type where it has none; bytes of the file made harmless."""
    lines = str(problem).strip().splitlines()
    return printable(lines[0])[:200] if lines else type(problem).__name__


def printable(text: str) -> str:
    """Return a text with a question mark for what would not show, such as the codes that steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
