"""The Assimilab server: ``.venv/bin/python app.py`` and then http://localhost:5006 in a browser."""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent


def main() -> int:
    """Parse the command line, build the pages once to warm up, and serve them until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5006, help="TCP port (default: %(default)s)")
    parser.add_argument(
        "--address",
        default="127.0.0.1",
        help="address to listen on; anything but this machine must be asked for (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="HOST[:PORT]",
        help="name under which browsers on other machines reach the server; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--basic-auth", type=Path, metavar="FILE", help="JSON file of names and passwords; only who logs in gets in"
    )
    parser.add_argument(
        "--oauth-provider", default="", metavar="NAME",
        help="log in with a service such as github; PANEL_OAUTH_KEY and PANEL_OAUTH_SECRET come from the environment",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("ASSIMILAB_DATA", ROOT / "data")),
        help="folder with fields to look at (default: ASSIMILAB_DATA, or data/ beside this file)",
    )  # fmt: skip
    options = parser.parse_args()

    print("Assimilab is starting …", flush=True)
    from backends.errors import InputError
    from dashboard.access import access_of
    from dashboard.server import serve

    try:
        access = access_of(options.address, options.allow_origin, options.basic_auth, options.oauth_provider)
        serve(options.port, access, options.data)
    except InputError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
