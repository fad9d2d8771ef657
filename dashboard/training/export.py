"""What the Training page exports: curves and unseen cases of the run that is looked at, or one metric of several."""

from collections.abc import Sequence

from backends.errors import InputError
from backends.jobs.job import Job, Point
from backends.jobs.reading import GALLERY, RunRecord, columns_of, recorded
from backends.learning.metrics import metric_label
from backends.pictures.drawing import Exhibit
from backends.pictures.script import stem
from backends.pictures.scripts import training_script
from backends.pictures.training import Look, training
from backends.pictures.trainings import trainings, trainings_script
from dashboard.export import Snapshot
from dashboard.training.bar import short_id
from dashboard.training.metrics import Source
from dashboard.training.state import TrainingState

FORMS = ("png", "svg", "nc", "csv", "gallery.csv", "yaml", "py")


def compared_snapshot(state: TrainingState, jobs: Sequence[Job], metric: str, look: Look) -> Snapshot:
    """Return one metric of several runs.

    Raises
    ------
    InputError
        If none of them has reported it yet.
    """
    source, store = state.source, state.record
    records = [RunRecord(job.id, job.id, columns_of(_points(source, job, store)), None) for job in jobs]
    if not any(metric in record.columns for record in records):
        what = metric_label(metric) if metric else "anything"
        raise InputError(f"none of the runs has reported {what} yet, or their records are still being read")
    name = stem("training", *(short_id(job.id) for job in jobs), metric)
    text = trainings_script([job.id for job in jobs], store, metric, look, name)
    return Snapshot(name, lambda: trainings(records, metric, look), {"py": text})


def _points(source: Source, job: Job, store: str) -> list[Point]:
    """Return the metrics of a run as its record, and with it the script, has them."""
    points = list(source.metrics(job.id))
    return points if store else recorded(points, job.of)


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
    points = _points(source, job, store)
    if not points:
        raise InputError("the run has not reported anything yet, or its record is still being read")
    # As the record calls it: of another program its experiment stands before.
    title = job.kind.rpartition(" / ")[2] if store else f"{job.kind} {job.id}"

    def exhibit() -> Exhibit:
        return training(RunRecord(job.id, title, columns_of(points), _gallery(source, job)), look)

    name = stem("training", job.id if store else short_id(job.id))
    texts = {"py": training_script(job.id, store, look, name)}
    return Snapshot(name, exhibit, texts if store else {**texts, "yaml": job.settings})


def _gallery(source: Source, job: Job) -> bytes | None:
    return source.artifact(job.id, GALLERY) if GALLERY in job.artifacts else source.shown(job.id, GALLERY)
