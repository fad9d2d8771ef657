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
