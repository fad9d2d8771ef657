"""What visitors of the Rollout page share: forecasts, for all who ask for the same."""

from collections.abc import Callable, Hashable
from pathlib import Path

from backends.errors import InputError
from backends.experiments.kept import Kept
from backends.experiments.rollout.settings import ArchiveStart, RolloutSettings
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import to_yaml
from backends.fields.paths import confine

ROLLOUTS: Kept[RolloutView] = Kept(256 * 2**20)


def shared_rollout(settings: RolloutSettings, folder: Path, run: Callable[[], RolloutView]) -> RolloutView:
    """Return what somebody else has been given for the same settings, or run them; a file that has changed is run anew."""
    stamp = _stamp(settings, folder)
    return run() if stamp is None else ROLLOUTS.get((folder, to_yaml(settings), stamp), run)


def _stamp(settings: RolloutSettings, folder: Path) -> Hashable | None:
    """Return what changes when the data of forecasts do; None where that is not known."""
    start = settings.start
    if start.world != "archive":
        return ()
    if not isinstance(start, ArchiveStart):
        return None
    if start.dataset == "european":  # which is generated, always the same
        return ()
    try:
        file = confine(start.path if start.dataset == "era5" else start.dataset, folder)
        status = file.stat()
    except (InputError, OSError):
        return None  # opening it says what is wrong
    return (status.st_mtime_ns, status.st_size) if file.is_file() else None
