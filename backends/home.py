"""Where Assimilab keeps what it makes."""

import os
from pathlib import Path


def home_folder() -> Path:
    """Return ``ASSIMILAB_HOME``, by default the user's cache folder; it is made if it does not exist."""
    configured = os.environ.get("ASSIMILAB_HOME")
    if configured:
        folder = Path(configured).expanduser()
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("assimilab", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stores_folder() -> Path:
    """Return where stores are kept that pages have written; it is made if it does not exist."""
    folder = home_folder() / "stores"
    folder.mkdir(exist_ok=True)
    return folder
