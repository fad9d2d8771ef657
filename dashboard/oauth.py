"""Logging in through a provider of OAuth without that its answers, with tokens in them, come into the log or on a page."""

from typing import Any

from panel.auth import AUTH_PROVIDERS
from tornado.escape import json_decode
from tornado.web import HTTPError

#: Characters of what a provider says of an error.
LONGEST = 200


def keep_answers_secret(provider: str) -> None:
    """Let the handler of a provider name what went wrong and repeat nothing else of the answer; for the whole process.

    Panel (1.9.4) would log an answer that is not complete as a whole, and show it.
    """
    handler: type[Any] = AUTH_PROVIDERS[provider]
    if handler.__dict__.get("_raise_error") is not _raise_error:  # another server of this process may have come first
        silent: Any = type(handler.__name__, (handler,), {"_raise_error": _raise_error})
        AUTH_PROVIDERS[provider] = silent


def _raise_error(_handler: Any, response: Any, _body: Any = None, status: int = 400) -> None:
    raise HTTPError(status, _said(response), reason="Login failed")


def _said(response: Any) -> str:
    """Return what a provider says of an error (RFC 6749, 5.2), or that it does not say who has come."""
    try:
        answer = json_decode(response.body)
    except ValueError:
        answer = None
    known = answer if isinstance(answer, dict) else {}
    said = known.get("error_description") or known.get("error")
    return str(said)[:LONGEST] if said else f"nothing that says who you are (status {response.code})"
