"""What a damaged file makes the decoding libraries raise, and how that, a crash and a hang are told."""

import signal

from backends.discreet import discreet

#: In the middle of opening or reading.
DECODING_PROBLEMS = (OSError, RuntimeError, ValueError, EOFError, IndexError, KeyError)


#: Characters of a library's own words that are passed on.
MOST_WORDS = 200


def first_line(problem: BaseException) -> str:
    """Return the first line of an exception's message, or its type where it has none or says only which key is unknown.

    Secrets of the environment are not repeated.
    """
    lines = discreet(str(problem)).strip().splitlines()
    line = printable(lines[0])[:MOST_WORDS] if lines else type(problem).__name__
    return f"unknown code {line}" if isinstance(problem, KeyError) else line


def printable(text: str) -> str:
    """Return a text with a question mark for what would not show, such as the codes that steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def ended(status: int) -> str:
    """Return how a process ended, by its status, which is negative for a signal: ``SIGSEGV``."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def crashed(how: str) -> str:
    """Return the end of the sentence about a file whose decoder is no longer there."""
    return f"it made the decoder crash ({how})"


def silent_for(seconds: float) -> str:
    """Return the end of the sentence about a file whose decoder has been ended because it gave no sign."""
    return f"it took the decoder more than {seconds:g} s without a sign of progress"
