"""Run a study: make the trials that are still to be made, write a row as each ends, draw the conclusions."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from pellucid.data.dataset import DataSplits
from pellucid.data.load import load_data
from pellucid.device import choose_device, cores
from pellucid.errors import DataError, RunError
from pellucid.study.folder import StudyFolder, StudyRecord, new_folder
from pellucid.study.kinds import KINDS
from pellucid.study.progress import StudyProgress
from pellucid.study.question import Findings, Key, Question
from pellucid.train.fit import describe_data, describe_environment
from pellucid.version import __version__

OnPlan = Callable[[int, float | None], None]


@dataclass(frozen=True)
class StudyResult:
    """A study that is done.

    Attributes:
        path: Its folder.
        question: What was asked.
        trials: A row a trial, in the order of the plan.
        findings: What follows from them.
    """

    path: Path
    question: Any
    trials: Sequence[Any]
    findings: Any


def run_study(
    question: Question,
    data: DataSplits,
    *,
    out: str | PathLike[str] | None = None,
    progress: bool | None = None,
    on_plan: OnPlan | None = None,
) -> StudyResult:
    """Answer a question in a folder of its own.

    Ctrl-C, or the end of the process however it comes, loses the trials under way alone: `resume_study` makes them
    anew and goes on.

    Args:
        question: What is asked.
        data: On which data.
        out: The folder; ``runs/study-<kind>-<data>-<UTC time>`` unless given.
        progress: Show it on stderr; unless given, only where that is a terminal.
        on_plan: Told beforehand how many trials there are, and how many seconds they will take, or None where that
            is not known.

    Raises:
        SettingError: A setting does not fit the data or the machine.
        DataError: The data do not suffice.
        RunError: The folder exists, or cannot be written.
        TrainingError: A loss is not finite.
        KeyboardInterrupt: The user asked to stop.
    """
    question.require_device()
    question.check(data)
    question = question.prepared(data)
    if on_plan:
        on_plan(len(question.plan(data)), question.estimate(data))
    started = datetime.now(UTC)
    record = StudyRecord(
        pellucid_version=__version__,
        kind=question.title,
        status="running",
        started=started.isoformat(),
        question=question.model_dump(mode="json"),
        data=describe_data(data, {"train": len(data.train)}),
        environment=describe_environment(choose_device(question.device), question.precision),
    )
    folder = new_folder(out, question.title, data.name, started)
    with folder.locked():
        folder.write_rows(question.row, [])
        folder.write_record(record)
        return _finish(question, data, folder, record, progress)


def resume_study(
    path: str | PathLike[str], *, data: DataSplits | None = None, progress: bool | None = None
) -> StudyResult:
    """Go on with a study that was interrupted or killed; trials that are done are not made again.

    Of a study that is done, the conclusions and figures are made anew.

    Args:
        path: Its folder.
        data: What it studies; loaded again from where they were unless given.
        progress: See `run_study`.

    Raises:
        RunError: The folder is no study, of another version, damaged, or another process works on it.
        DataError: The data are not here, or have changed.
    """
    folder = StudyFolder(path)
    record = folder.read_record()
    if record.kind not in KINDS:
        raise RunError(f"{folder.path} holds a study of an unknown kind, {record.kind}.")
    with folder.locked():
        question = KINDS[record.kind].model_validate(record.question)
        question.require_device()
        data = data or load_data(record.data.location or record.data.name, record.data.reading)
        if data.train.fingerprint != record.data.fingerprint:
            raise DataError(f"{data.name} has changed since the study was begun. Begin a new one.")
        return _finish(question, data, folder, record, progress)


def _finish(
    question: Question, data: DataSplits, folder: StudyFolder, record: StudyRecord, progress: bool | None
) -> StudyResult:
    """Make what is missing, and conclude."""
    plan = list(question.plan(data))
    done = {question.key(row): row for row in folder.read_rows(question.row)}
    folder.write_record(record.model_copy(update={"status": "running"}))
    todo = [key for key in plan if key not in done]
    if todo:
        question.begin(folder)
    bar = StudyProgress(question, plan, done, progress)
    try:
        with bar:
            for key, row in _made(question, todo, data, folder, bar):
                done[key] = row
                folder.write_rows(question.row, [done[key] for key in plan if key in done])
                bar.ended(key, row)
        rows = [done[key] for key in plan]
        findings: Findings = question.conclude(rows, data, folder)
        for name, picture in question.draw(findings, rows, folder).items():
            folder.write(name, picture)
    except BaseException:
        with contextlib.suppress(RunError):  # a full disk has been said already
            folder.write_record(record.model_copy(update={"status": "interrupted"}))
        raise
    folder.write_record(record.model_copy(update={"status": "done", "findings": findings.model_dump(mode="json")}))
    return StudyResult(folder.path, question, rows, findings)


def _made(
    question: Question, todo: Sequence[Key], data: DataSplits, folder: StudyFolder, bar: StudyProgress
) -> Iterator[tuple[Key, Any]]:
    """The trials as they end: one after another, or in processes that share the cores."""
    if question.processes == 1 or len(todo) < 2:
        for key in todo:
            bar.begun(key)
            yield key, question.measure(key, data, folder)
        return
    from concurrent.futures import as_completed

    from loky import ProcessPoolExecutor

    workers = min(question.processes, len(todo))
    pool = ProcessPoolExecutor(workers, initializer=_begin_work, initargs=(question, data, folder, workers))
    try:
        futures: dict[Any, Key] = {pool.submit(_work, key): key for key in todo}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(kill_workers=True)


_bench: dict[str, Any] = {}  # in a worker process: what it works with


def _begin_work(question: Question, data: DataSplits, folder: StudyFolder, workers: int) -> None:
    """Give a worker its share of the cores. Ctrl-C is the parent's affair, who ends the workers."""
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(max(1, cores() // workers))
    _bench.update(question=question, data=data, folder=folder)


def _work(key: Key) -> Any:
    return _bench["question"].measure(key, _bench["data"], _bench["folder"])
