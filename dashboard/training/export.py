"""What the Training page exports: the curves and the unseen cases of the run that is looked at."""

from backends.errors import InputError
from backends.jobs.job import Job
from backends.jobs.reading import GALLERY, RunRecord, columns_of, recorded
from backends.pictures.drawing import Exhibit
from backends.pictures.script import stem
from backends.pictures.scripts import training_script
from backends.pictures.training import Look, training
from dashboard.export import Snapshot
from dashboard.training.bar import short_id
from dashboard.training.metrics import Source
from dashboard.training.state import TrainingState

FORMS = ("png", "svg", "nc", "csv", "gallery.csv", "yaml", "py")


def snapshot(state: TrainingState, look: Look) -> Snapshot:
    """Return what is shown now.

    Raises
    ------
    InputError
        If there is no run, or it has not reported anything yet.
    """
    job, source, store = state.job(), state.source, state.record
    if job is None:
        raise InputError("there is no run to export; start one, or choose one")
    points = list(source.metrics(job.id))
    if not points:
        raise InputError("the run has not reported anything yet, or its record is still being read")
    if not store:  # so that the record, and with it the script, holds the same
        points = recorded(points, job.of)
    # As the record calls it: of another program its experiment stands before.
    title = job.kind.rpartition(" / ")[2] if store else f"{job.kind} {job.id}"

    def exhibit() -> Exhibit:
        return training(RunRecord(job.id, title, columns_of(points), _gallery(source, job)), look)

    name = stem("training", job.id if store else short_id(job.id))
    texts = {"py": training_script(job.id, store, look, name)}
    return Snapshot(name, exhibit, texts if store else {**texts, "yaml": job.settings})


def _gallery(source: Source, job: Job) -> bytes | None:
    return source.artifact(job.id, GALLERY) if GALLERY in job.artifacts else source.shown(job.id, GALLERY)
