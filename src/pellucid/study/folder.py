"""The folder of a study: the question, a row a trial as each ends, the conclusions, and the figures."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock, Timeout
from numpy import ndarray
from pydantic import BaseModel, ConfigDict, ValidationError

from pellucid.errors import RunError
from pellucid.run.files import write_file
from pellucid.run.folder import RUNS, default_path
from pellucid.run.record import DataRecord, Environment, Status
from pellucid.run.table import from_csv, rows_to_csv

STUDY, TRIALS, LOCK = "study.json", "trials.csv", ".lock"
FORMAT = 1
Row = TypeVar("Row")


class StudyRecord(BaseModel):
    """The whole of study.json.

    Attributes:
        pellucid_version: What wrote it.
        format: Of the folder; another one is refused.
        kind: Of the question.
        status: ``running``, ``done`` or ``interrupted``.
        started: UTC time, ISO 8601.
        question: Its settings, from which the study is resumed.
        data: What is studied on.
        environment: Where it was begun.
        findings: What it came to; None until all trials are done.
    """

    model_config = ConfigDict(frozen=True)

    pellucid_version: str
    format: int = FORMAT
    kind: str
    status: Status
    started: str
    question: dict[str, Any]
    data: DataRecord
    environment: Environment
    findings: dict[str, Any] | None = None


class StudyFolder:
    """One study on disk. Each file is written atomically.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    def write(self, name: str, content: bytes | str) -> Path:
        """Write one file of the study.

        Raises:
            RunError: The disk is full or read-only.
        """
        write_file(self.path / name, content)
        return self.path / name

    def write_record(self, record: StudyRecord) -> None:
        """Write study.json."""
        self.write(STUDY, record.model_dump_json(indent=2) + "\n")

    def read_record(self) -> StudyRecord:
        """Read study.json.

        Raises:
            RunError: It is missing, not what Pellucid writes, or of another version of the format.
        """
        place = self.path / STUDY
        try:
            raw = place.read_bytes()
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a study: it has no {STUDY}.") from None
        except OSError as error:
            raise RunError(f"{place} cannot be read ({error.strerror or error}).") from None
        try:
            record = StudyRecord.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise RunError(f"{place} is not a study of Pellucid's: {where}: {first['msg']}.") from None
        if record.format != FORMAT:
            rule = f"{place} must have format {FORMAT}; received {record.format}"
            raise RunError(f"{rule}, from Pellucid {record.pellucid_version}. Go on with that version.")
        return record

    @property
    def data_name(self) -> str:
        """What is studied on."""
        return self.read_record().data.name

    def write_rows(self, kind: type[Any], rows: Sequence[Any]) -> None:
        """Write trials.csv."""
        self.write(TRIALS, rows_to_csv(kind, rows))

    def read_rows(self, kind: type[Row]) -> list[Row]:
        """Read trials.csv: the trials that are done.

        Raises:
            RunError: It is missing or damaged.
        """
        return from_csv(kind, self.path / TRIALS, "a table of such trials")

    def write_arrays(self, name: str, **arrays: ndarray) -> None:
        """Write arrays to an .npz file, by name."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        self.write(name, buffer.getvalue())

    def read_array(self, file: str, name: str) -> ndarray:
        """Read one array of an .npz file that a trial wrote.

        Raises:
            RunError: It is missing or damaged.
        """
        place = self.path / file
        try:
            with np.load(place, allow_pickle=False) as arrays:
                return arrays[name]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            remedy = f"Take its row out of {self.path / TRIALS} and resume the study to make it anew."
            raise RunError(f"{place} cannot be read ({error}). {remedy}") from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Within this context no other process works on the study. A killed process leaves it free.

        Raises:
            RunError: Another one does.
        """
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"Another process is working on {self.path}. Wait for it, or end it first.") from None
        except OSError as error:
            raise RunError(f"{self.path} cannot be locked ({error.strerror or error}).") from None
        try:
            yield
        finally:
            lock.release()


def new_folder(path: str | PathLike[str] | None, kind: str, data: str, started: datetime) -> StudyFolder:
    """Make a folder for a study: at the path, or ``runs/study-<kind>-<data>-<UTC time>``.

    Raises:
        RunError: Something stands in that place, or it cannot be made.
    """
    place = Path(path) if path else default_path(f"study-{kind}", data, started)
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        remedy = f"Choose another --out; a study is taken up again with: pellucid study resume {place}"
        raise RunError(f"{place} exists already. {remedy}") from None
    except OSError as error:
        raise RunError(f"{place} cannot be made ({error.strerror or error}).") from None
    return StudyFolder(place)


def study_named(name: str, runs: Path = RUNS) -> StudyFolder | None:
    """The study of a path or of a name below ``runs``; None where there is none."""
    return next((StudyFolder(path) for path in (Path(name), runs / name) if (path / STUDY).exists()), None)


def find_study(name: str, runs: Path = RUNS) -> StudyFolder:
    """The study of a path, of a name below ``runs``, or the ``latest`` one.

    Raises:
        RunError: There is no such study.
    """
    if name == "latest":
        found = sorted(runs.glob(f"[!.]*/{STUDY}"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise RunError(f"There is no study below {runs}/. Begin one with: pellucid study seeds")
        return StudyFolder(found[-1].parent)
    if study := study_named(name, runs):
        return study
    raise RunError(f"There is no study {name}: a study's folder has a {STUDY}.")
