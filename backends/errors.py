"""The one exception that a person is meant to read."""


class InputError(ValueError):
    """A value or a file that a user gave cannot be used.

    The message is one sentence that names the quantity, what came and what was expected. Pages show it beside the
    control that caused it; the command line prints it on standard error and exits with status 2. Every other exception
    is a defect of the program and is not caught on its way up.
    """
