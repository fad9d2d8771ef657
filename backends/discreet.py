"""Texts without the secrets of the environment, which packages may repeat in their errors and tracebacks."""

import logging
import os
import re

#: What variables of the environment are called that hold credentials, and the shortest text that can be one.
SECRET, SHORTEST = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL", re.IGNORECASE), 8


def discreet(text: str) -> str:
    """Return a text with three dots for every value of such a variable."""
    secrets = {value for name, value in os.environ.items() if SECRET.search(name) and len(value) >= SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


class DiscreetFormatter(logging.Formatter):
    """Writes a log without them, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return discreet(super().format(record))
