"""What a damaged file makes the decoding libraries raise, and how that is told."""

#: In the middle of opening or reading.
DECODING_PROBLEMS = (OSError, RuntimeError, ValueError, EOFError, IndexError, KeyError)


#: Characters of a library's own words that are passed on.
MOST_WORDS = 200


def first_line(problem: BaseException) -> str:
    """Return the first line of an exception's message, or its type where it has none or says only which key is unknown."""
    lines = str(problem).strip().splitlines()
    line = lines[0][:MOST_WORDS] if lines else type(problem).__name__
    return f"unknown code {line}" if isinstance(problem, KeyError) else line
