"""Who reaches the server: where it listens, under which names browsers may call it, and who must log in."""

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Providers of OAuth that Panel knows and that show a page of their own to log in on.
OAUTH_PROVIDERS = ("auth0", "azure", "azurev2", "bitbucket", "generic", "github", "gitlab", "google", "okta")
TEMPLATES = Path(__file__).parent / "login"

_ORIGIN = re.compile(r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::([0-9]{1,5}))?")


@dataclass(frozen=True)
class Access:
    """Who reaches the server.

    Attributes
    ----------
    address
        Where it listens.
    origins
        ``host`` or ``host:port`` as it stands in the address bar of other machines.
    passwords
        By name, of those who may log in; never printed.
    oauth_provider
        The service that they log in with instead.
    """

    address: str = "127.0.0.1"
    origins: tuple[str, ...] = ()
    passwords: Mapping[str, str] | None = field(default=None, repr=False)
    oauth_provider: str = ""

    @property
    def alone(self) -> bool:
        """Whether nobody but this machine reaches the server, directly or through a proxy."""
        return self.address in LOOPBACK and all(origin.partition(":")[0] in LOOPBACK for origin in self.origins)

    @property
    def closed(self) -> bool:
        """Whether one must log in."""
        return self.passwords is not None or bool(self.oauth_provider)

    def options(self, port: int) -> dict[str, object]:
        """Return the options of :func:`panel.serve`; `port` is the one that the server listens on."""
        options: dict[str, object] = {"address": self.address, "websocket_origin": self._allowed(port)}
        if self.closed:
            options |= {
                "login_template": str(TEMPLATES / "login.html"),
                "logout_template": str(TEMPLATES / "logout.html"),
                "oauth_error_template": str(TEMPLATES / "error.html"),
                # Panel reads its owner's from the environment, and key and secret of OAuth too. Without one, a server that
                # starts anew knows nobody any more.
                "cookie_secret": os.environ.get("PANEL_COOKIE_SECRET") or secrets.token_hex(32),
            }
        if self.passwords is not None:
            options["basic_auth"] = dict(self.passwords)
        elif self.oauth_provider:
            options["oauth_provider"] = self.oauth_provider
        return options

    def _allowed(self, port: int) -> list[str]:
        """Return what browsers may have in their address bar; a name without a port stands for this one and the usual."""
        hosts = [host for host in dict.fromkeys(("localhost", "127.0.0.1", self.address)) if ":" not in host]
        names = [f"{host}:{port}" for host in hosts]
        for origin in self.origins:
            names += [origin] if ":" in origin else [origin, f"{origin}:{port}"]
        return names


def cipher(cookie_secret: str) -> "Fernet":
    """Return what encrypts the tokens of OAuth in cookies, which would else be signed only."""
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(cookie_secret.encode()).digest()))


def access_of(address: str, origins: Sequence[str] = (), passwords: Path | None = None, oauth_provider: str = "") -> Access:
    """Return who reaches a server that is started with these options.

    Raises
    ------
    InputError
        If an origin is no host, or stands for all; if passwords cannot be read; or if OAuth lacks what it needs.
    """
    for origin in origins:
        found = _ORIGIN.fullmatch(origin)
        if found is None or not 0 < int(found[2] or 1) < 65536:
            raise InputError(
                f"--allow-origin: must be one host, or host:port, as in the address bar of those who come; came {origin!r:.80}"
            )
    if passwords is not None and oauth_provider:
        raise InputError("--basic-auth and --oauth-provider: give one of them, not both")
    if oauth_provider and oauth_provider not in OAUTH_PROVIDERS:
        raise InputError(f"--oauth-provider: must be one of {', '.join(OAUTH_PROVIDERS)}; came {oauth_provider!r:.40}")
    missing = [name for name in ("PANEL_OAUTH_KEY", "PANEL_OAUTH_SECRET") if not os.environ.get(name)]
    if oauth_provider and missing:
        raise InputError(f"--oauth-provider {oauth_provider}: {' and '.join(missing)} must be set in the environment")
    return Access(address, tuple(origins), None if passwords is None else _passwords(passwords), oauth_provider)


def _passwords(path: Path) -> dict[str, str]:
    """Return the passwords in a JSON file by name; a fault repeats nothing of what is in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(f"--basic-auth: {str(path)!r} cannot be read: {problem.strerror}") from problem
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found or not all(isinstance(word, str) and word for word in found.values()):
        raise InputError(f'--basic-auth: {path.name} must hold names and passwords as JSON, such as {{"name": "password"}}')
    return found
