"""Which file of observations is read: decoding it, and asking a person about the columns of CSV files."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import param

from backends.errors import InputError
from backends.observations.cache import cache_path
from backends.observations.columns import Columns
from backends.observations.decode import Cancelled, table_for_maps
from backends.observations.readers import csv
from backends.observations.table import Table
from dashboard.explore.observations.files import ObservationFile, Question, is_csv, question_about, unanswered
from dashboard.worker import LatestWins

#: Waits for the processes that decode; several, so that a long file holds up nobody else's short one.
DECODING = ThreadPoolExecutor(max_workers=4, thread_name_prefix="decoding")


class FileState(param.Parameterized):
    """The part of the observations' state that leads from a file to its table; what could not be read changes nothing else."""

    table = param.Parameter(default=None, doc="All observations of the file.")
    opening = param.String(doc="The file that is being decoded.")
    open_problem = param.String(doc="Why it could not be.")
    question = param.Parameter(default=None, doc="What a person is asked about the columns of a CSV file.")
    text_file = param.Parameter(default=None, doc="The CSV file whose columns can be said: shown, or asked about last.")

    def __init__(self) -> None:
        super().__init__()
        #: What is decoded, and of how much.
        self.progress = (0, 0)
        #: The file that is shown.
        self.file: ObservationFile | None = None
        self._wanted: ObservationFile | None = None
        #: What a person has said of columns in this session, by where the decoded file would be kept without it.
        self._said: dict[Path, Columns] = {}
        #: What an address says of them, by the key of the file.
        self._asked: dict[str, Columns] = {}
        self._works: list[LatestWins] = []
        self._decoding = self._work(DECODING, self._decode, self._on_table, self._on_open_failed)
        self._asking = self._work(
            DECODING, lambda file: question_about(file, self._known(file), ""), self._on_asked, self._on_open_failed
        )

    def _work(self, *parts: object) -> LatestWins:
        work: LatestWins = LatestWins(*parts)  # type: ignore[arg-type]
        self._works.append(work)
        return work

    def open(self, file: ObservationFile) -> None:
        """Decode a file, or take it from the cache."""
        self._wanted, self.progress = file, (0, 0)
        self.param.update(opening=file.label, open_problem="")
        self._decoding.request(file)

    def cancel(self) -> None:
        """Stop decoding, and ask no more; what is shown stays."""
        self._wanted = None
        self.param.update(opening="", question=None)

    def ask(self) -> None:
        """Ask a person what the columns of the CSV file are, though they may have been guessed."""
        if self.text_file is not None:
            self._asking.request(self.text_file)

    def expect(self, key: str, columns: Columns) -> None:
        """Read a file, when it is opened, with columns that nobody need be asked about, unless they do not fit."""
        self._asked[key] = columns

    def answer(self, columns: Columns) -> None:
        """Read the file that is asked about with these columns; the question stays until that is done."""
        if self.question is not None:
            self._asked.pop(self.question.file.key, None)
            self.open(replace(self.question.file, columns=columns))

    def _decode(self, file: ObservationFile) -> Table | Question | None:
        columns = self._known(file)
        if columns is None and (question := unanswered(file)) is not None:
            return question
        told, wanted = partial(self._report, file), lambda: self._wanted is file
        try:
            table = table_for_maps(file.path, told, wanted, columns)
        except Cancelled:
            return None
        except InputError as problem:
            if columns is None and not is_csv(file.path):
                raise
            return question_about(file, columns, str(problem))
        if columns is not None:
            self._said[cache_path(file.path)] = columns
        return table

    @property
    def columns_said(self) -> bool:
        """Whether a person has said what the columns of the file are that is shown."""
        return self.columns is not None

    @property
    def columns(self) -> Columns | None:
        """What a person has said of the columns of the file that is shown; None where they were guessed."""
        return None if self.file is None else self._known(self.file)

    def _known(self, file: ObservationFile) -> Columns | None:
        """Return what a person or an address has said of the columns of a file, now or earlier in this session."""
        known = file.columns or self._asked.get(file.key)
        if known is not None or not file.path.is_file():
            return known
        return self._said.get(cache_path(file.path))

    def _report(self, file: ObservationFile, done: int, of: int) -> None:
        if self._wanted is file:
            self.progress = (done, of)

    def _on_table(self, file: ObservationFile, table: Table | Question | None) -> None:
        if table is None or self._wanted is not file:
            return
        self._wanted = None
        if isinstance(table, Question):
            self.param.update(opening="", open_problem=table.problem, question=table, text_file=file)
            return
        self.file = file
        self.param.update(question=None, text_file=file if table.format == csv.FORMAT else None)
        self._take(replace(table, source=file.label))

    def _take(self, table: Table) -> None:
        """Show another table."""
        raise NotImplementedError

    def _on_asked(self, file: ObservationFile, question: Question) -> None:
        if file is self.text_file:
            self.question = question

    def _on_open_failed(self, problem: str) -> None:
        self._wanted = None
        self.param.update(opening="", open_problem=problem)

    def wait(self) -> None:
        """Block until everything asked for is there; for programs without a browser."""
        for work in self._works:
            work.wait()

    def close(self) -> None:
        """Let go of everything when the session ends."""
        self._wanted = None
        for work in self._works:
            work.close()
