"""The folder of a study: the question, a row a trial as each ends, the conclusions, and the figures."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray
from typing_extensions import override

from pellucid.data.arrays import read_array
from pellucid.errors import DataError, RunError
from pellucid.record import FiniteDict, Record
from pellucid.run.base import RecordFolder
from pellucid.run.folder import RunFolder, default_path, find_run
from pellucid.run.lock import LOCK
from pellucid.run.record import DataRecord, Environment, Status
from pellucid.run.resolver import LATEST, RUNS, find_folder, folder_named
from pellucid.run.table import from_csv, rows_to_csv

STUDY, TRIALS, UNDER_WAY = "study.json", "trials.csv", "trials"
FORMAT = 1
Row = TypeVar("Row")


class StudyRecord(Record):
    """The whole of study.json.

    Attributes:
        pellucid_version: Version of Pellucid that wrote the record.
        format: Format of the folder; another one is refused.
        kind: Kind of the question.
        status: ``running``, ``done`` or ``interrupted``.
        started: When the study was begun: UTC time, ISO 8601.
        question: Settings of the question, from which the study is resumed.
        data: The data that are studied on.
        environment: Where the study was begun.
        findings: What the study came to; None until all trials are done.
    """

    pellucid_version: str
    format: int = FORMAT
    kind: str
    status: Status
    started: str
    question: FiniteDict
    data: DataRecord
    environment: Environment
    findings: FiniteDict | None = None


class StudyFolder(RecordFolder[StudyRecord]):
    """One study on disk.

    Attributes:
        path: The folder.
    """

    kind = "study"
    record_name = STUDY
    record_type = StudyRecord
    if_taken = "Choose another --out; a study is taken up again with: pellucid study resume {path}"
    if_none = "There is no study below {runs}. Begin one with: pellucid study seeds"

    @override
    def read_record(self) -> StudyRecord:
        """Read study.json.

        Raises:
            RunError: study.json is missing, not what Pellucid writes, or of another version of the format.
        """
        record = super().read_record()
        if record.format != FORMAT:
            rule = f"{self.path / STUDY} must have format {FORMAT}; received {record.format}"
            raise RunError(f"{rule}, from Pellucid {record.pellucid_version}. Go on with that version.")
        return record

    @property
    def data_name(self) -> str:
        """Name of the data that are studied on."""
        return self.read_record().data.name

    def remove_begun(self) -> None:
        """Remove a study whose record could not be written, so that its name is free."""
        for name in (TRIALS, STUDY, LOCK):
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def write_rows(self, kind: type[Any], rows: Sequence[Any]) -> None:
        """Write trials.csv."""
        self.write(TRIALS, rows_to_csv(kind, rows))

    def read_rows(self, kind: type[Row]) -> list[Row]:
        """Read trials.csv: the trials that are done.

        Raises:
            RunError: trials.csv is missing or damaged.
        """
        return from_csv(kind, self.place(TRIALS), "a table of such trials")

    def trial(self, key: tuple[Any, ...]) -> RunFolder:
        """Where a trial is trained, and can be gone on with, until its row is written."""
        return RunFolder(self.path / UNDER_WAY / "-".join(map(str, key)))

    def end_trial(self, key: tuple[Any, ...]) -> None:
        """Remove what a trial was trained in: its row is written."""
        self.trial(key).give_way()
        with contextlib.suppress(OSError):  # other trials are under way, or there is none
            (self.path / UNDER_WAY).rmdir()

    def write_arrays(self, name: str, **arrays: ndarray) -> None:
        """Write arrays to an .npz file, by name."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        self.write(name, buffer.getvalue())

    def read_array(self, file: str, name: str) -> ndarray:
        """Read one array of an .npz file that a trial wrote.

        Raises:
            RunError: The file or the array is missing, or damaged.
        """
        place = self.place(file)
        try:
            return read_array(place, name)
        except (DataError, KeyError) as error:
            remedy = f"Take its row out of {self.path / TRIALS} and resume the study to make it anew."
            raise RunError(f"{place} cannot be read ({error}). {remedy}") from None


def new_folder(path: str | PathLike[str] | None, kind: str, data: str, started: datetime) -> StudyFolder:
    """Make a folder for a study: at the path, or ``runs/study-<kind>-<data>-<UTC time>``, numbered if that is taken.

    Raises:
        RunError: Something stands in that place, or the folder cannot be made.
    """
    if path:
        return StudyFolder.make(Path(path))
    return StudyFolder.make(default_path(f"study-{kind}", data, started), numbered=True)


def study_named(name: str, runs: Path = RUNS) -> StudyFolder | None:
    """The study of a path or of a name below ``runs``; None where there is none. ``latest`` is the latest run."""
    return None if name == LATEST else folder_named(StudyFolder, name, runs)


def find_study(name: str, runs: Path = RUNS) -> StudyFolder:
    """The study of a path, of a name below ``runs``, or the ``latest`` one.

    Raises:
        RunError: There is no such study.
    """
    return find_folder(StudyFolder, name, runs)


def find_run_or_study(name: str, runs: Path = RUNS) -> RunFolder | StudyFolder:
    """The study of a path or of a name below ``runs``, or else the run of that name.

    Raises:
        RunError: There is neither a study nor a run of that name.
    """
    return study_named(name, runs) or find_run(name, runs)
