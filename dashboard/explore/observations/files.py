"""Files of observations that are opened, and what a person is asked about the columns of some."""

from dataclasses import dataclass
from pathlib import Path

from backends.errors import InputError
from backends.observations.columns import Columns, guess_columns
from backends.observations.readers import csv, recognise
from backends.observations.readers.csv_preview import Preview, may_be_table, preview


@dataclass(frozen=True)
class ObservationFile:
    """A file of observations that is to be opened, what a person calls it, its key among the datasets, and its columns.

    The columns of a CSV file are guessed where they are None.
    """

    path: Path
    label: str
    key: str
    columns: Columns | None = None


@dataclass(frozen=True)
class Question:
    """A CSV file whose columns a person may say, those that are guessed, and why it could not be read without."""

    file: ObservationFile
    preview: Preview
    columns: Columns
    problem: str = ""


def is_csv(path: Path) -> bool:
    """Return whether a file is a table of text, whether or not its columns can be guessed."""
    reader = recognise(path)
    return may_be_table(path) if reader is None else reader.FORMAT == csv.FORMAT


def question_about(file: ObservationFile, columns: Columns | None, problem: str) -> Question:
    """Return what a person is asked about a CSV file, with the columns that are known or guessed.

    Raises
    ------
    InputError
        If the file cannot be read as text.
    """
    shown = preview(file.path)
    return Question(file, shown, columns or guess_columns(shown.header), problem)


def unanswered(file: ObservationFile) -> Question | None:
    """Return what must be asked about a file before it can be read; None where its columns can be guessed, or it has none."""
    if recognise(file.path) is not None or not may_be_table(file.path):
        return None
    question = question_about(file, None, "")
    try:
        question.columns.check(question.preview.header)
    except InputError as problem:
        return Question(file, question.preview, question.columns, f"{file.label}: {problem}")
    return question
