"""Run a study: make the trials that are still to be made, write a row as each ends, draw the conclusions."""

from __future__ import annotations

import contextlib
import os
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
from pellucid.device import choose_device, enough_memory, repeatable, threads
from pellucid.errors import DataError, DeviceError, PellucidError, RunError, SpecError
from pellucid.machine import keep_freed_memory
from pellucid.model.trust import require_trust
from pellucid.parent import end_with
from pellucid.plots.figures import render
from pellucid.run.record import DataRecord
from pellucid.spec.reading import ReadSpec
from pellucid.study.folder import STUDY, TRIALS, StudyFolder, StudyRecord, new_folder
from pellucid.study.kinds import KINDS
from pellucid.study.progress import StudyProgress
from pellucid.study.question import Findings, Key, Question
from pellucid.train.describe import describe_data, describe_environment
from pellucid.untrusted import trusted, trusting
from pellucid.version import __version__

OnPlan = Callable[[int, float | None], None]
OnFolder = Callable[[Path], None]


@dataclass(frozen=True)
class StudyResult:
    """A study that is done.

    Attributes:
        path: Folder of the study.
        question: What was asked.
        trials: A row a trial, in the order of the plan.
        findings: What follows from the trials.
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
    on_folder: OnFolder | None = None,
) -> StudyResult:
    """Answer a question in a folder of its own.

    After Ctrl-C, or the end of the process however it comes, `resume_study` goes on, and comes to the same. Trainings
    go on from where they were last put down; range tests, and trials whose times are what is measured, are made anew.

    Args:
        question: What is asked.
        data: The data to study on.
        out: Folder of the study; ``runs/study-<kind>-<data>-<UTC time>`` unless given.
        progress: Show the progress on stderr; unless given, only where that is a terminal.
        on_plan: Told beforehand how many trials there are, and how many seconds they will take, or None where that
            is not known.
        on_folder: Told of the folder as soon as it is there.

    Raises:
        SettingError: A setting does not fit the data or the machine.
        DataError: The data do not suffice.
        RunError: The folder exists, or cannot be written.
        TrainingError: A loss is not finite.
        KeyboardInterrupt: The user asked to stop.
    """
    question.require_device()
    question.check(data)
    with _workplace():
        question = question.prepared(data)
    if on_plan:
        seconds = [question.seconds_of(key, data) for key in question.plan(data)]
        on_plan(len(seconds), None if None in seconds else sum(filter(None, seconds)))
    started = datetime.now(UTC)
    record = StudyRecord(
        pellucid_version=__version__,
        kind=question.title,
        status="running",
        started=started.isoformat(),
        question=question.model_dump(mode="json"),
        data=_describe(question, data),
        environment=describe_environment(choose_device(question.device), question.precision),
    )
    folder = new_folder(out, question.title, data.name, started)
    if on_folder:
        on_folder(folder.path)
    with folder.locked():
        try:
            folder.write_rows(question.row, [])
            folder.write_record(record)
        except RunError:
            folder.remove_begun()
            raise
        return _finish(question, data, folder, record, progress)


def resume_study(
    path: str | PathLike[str], *, data: DataSplits | None = None, progress: bool | None = None, trust: bool = False
) -> StudyResult:
    """Go on with a study that was interrupted or killed; trials that are done are not made again.

    Of a study that is done, the conclusions and figures are made anew.

    Args:
        path: Folder of the study.
        data: The data that are studied on; loaded again from where they were unless given.
        progress: Show the progress on stderr; see `run_study`.
        trust: Whether the study may name code that makes its networks, which is imported and run.

    Raises:
        RunError: The folder is no study, of another version, damaged, another process works on it, or it names code.
        DataError: The data are not here, or have changed.
    """
    folder = StudyFolder(path)
    record = folder.read_record()
    if record.kind not in KINDS:
        raise RunError(f"{folder.path} holds a study of an unknown kind, {record.kind}.")
    with folder.locked(), trusting(trust):
        question = _read_question(folder, record)
        for recipe in question.recipes:
            require_trust(recipe.model, folder.path)
        question.require_device()
        data = data or load_data(record.data.location or record.data.name, record.data.reading)
        if _fingerprints(_describe(question, data)) != _fingerprints(record.data):
            raise DataError(f"{data.name} has changed since the study was begun. Begin a new one.")
        return _finish(question, data, folder, record, progress)


def _read_question(folder: StudyFolder, record: StudyRecord) -> Question:
    try:
        return KINDS[record.kind].model_validate(record.question)
    except SpecError as error:
        raise RunError(f"{folder.path / STUDY} is not a study of Pellucid's: {error}") from None


def _describe(question: Question, data: DataSplits) -> DataRecord:
    """What study.json says of the data: the fingerprints of all that trials read."""
    record = describe_data(data, {"train": len(data.train)})
    if not question.reads_test(data):
        return record
    counts = record.counts | {"test": len(data.test)}
    return record.model_copy(update={"counts": counts, "test_fingerprint": data.test.fingerprint})


def _fingerprints(data: DataRecord) -> tuple[str | None, ...]:
    return data.fingerprint, data.validation_fingerprint, data.test_fingerprint


def _finish(
    question: Question, data: DataSplits, folder: StudyFolder, record: StudyRecord, progress: bool | None
) -> StudyResult:
    """Make what is missing, and conclude."""
    plan = list(question.plan(data))
    threads_each = max(1, record.environment.threads // min(question.processes, len(plan)))  # then as when it was begun
    done = {question.key(row): row for row in folder.read_rows(question.row)}
    for key in done:  # a process may have been killed between the row and this
        folder.end_trial(key)
    folder.write_record(record.model_copy(update={"status": "running"}))
    todo = [key for key in plan if key not in done]
    if todo:
        question.begin(folder)
    seconds = {key: question.seconds_of(key, data) for key in plan}
    bar = StudyProgress(question, seconds, done, progress)
    try:
        with bar:
            for key, row in _made(question, todo, data, folder, bar, threads_each):
                done[key] = row
                folder.write_rows(question.row, [done[key] for key in plan if key in done])
                folder.end_trial(key)
                bar.ended(key, row)
        rows = [done[key] for key in plan]
        with _blaming_table(folder, read=len(todo) < len(plan)):
            findings: Findings = question.conclude(rows, data, folder)
            for picture in question.pictures(findings, rows, folder):
                folder.write(f"{picture.name}.png", render(picture.draw()))
    except BaseException:
        with contextlib.suppress(RunError):  # a full disk has been said already
            folder.write_record(record.model_copy(update={"status": "interrupted"}))
        raise
    folder.write_record(record.model_copy(update={"status": "done", "findings": findings.model_dump(mode="json")}))
    return StudyResult(folder.path, question, rows, findings)


@contextlib.contextmanager
def _blaming_table(folder: StudyFolder, *, read: bool) -> Iterator[None]:
    """Within this context what cannot be worked out is the fault of rows that were read, where any were.

    Raises:
        RunError: The rows contradict each other, as when a number is missing in some of them.
    """
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if not read:
            raise
        remedy = "Take the wrong rows out and resume the study."
        rule = f"{folder.path / TRIALS} is damaged: nothing follows from its rows ({error})"
        raise RunError(f"{rule}. {remedy}") from None


def _made(
    question: Question,
    todo: Sequence[Key],
    data: DataSplits,
    folder: StudyFolder,
    bar: StudyProgress,
    threads_each: int,
) -> Iterator[tuple[Key, Any]]:
    """The trials as they end: one after another, or in processes that share the cores."""
    if question.processes == 1 or len(todo) < 2:
        for key in todo:
            bar.begun(key)
            with _workplace(), threads(threads_each):
                row = question.measure(key, data, folder)
            yield key, row
        return
    from concurrent.futures import as_completed

    from loky import ProcessPoolExecutor
    from loky.process_executor import BrokenProcessPool

    workers = min(question.processes, len(todo))
    given = (question, _sendable(data), folder, threads_each, os.getpid(), trusted())
    pool = ProcessPoolExecutor(workers, initializer=_begin_work, initargs=given)
    try:
        futures: dict[Any, Key] = {pool.submit(_work, key): key for key in todo}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        remedy = "Take fewer --processes, and go on with: pellucid study resume"
        raise DeviceError(f"A process ended before its trial, perhaps for want of memory. {remedy}") from None
    finally:
        pool.shutdown(kill_workers=True)


@contextlib.contextmanager
def _workplace() -> Iterator[None]:
    """Within this context trials are repeatable, leave torch's own generator alone, and say when memory is short."""
    keep_freed_memory()
    with torch.random.fork_rng(devices=[]), repeatable(), enough_memory():
        yield


def _sendable(data: DataSplits) -> DataSplits | tuple[str, ReadSpec | None]:
    """The data for another process; those that are found where they were read are opened there, and not sent."""
    if getattr(data.train.images, "_mmap", None) is None:
        return data
    try:
        found = load_data(data.location, data.reading)
    except PellucidError:
        return data
    same = _fingerprints(describe_data(found, {})) == _fingerprints(describe_data(data, {}))
    return (data.location, data.reading) if same else data


_bench: dict[str, Any] = {}  # in a worker process: what it works with


def _begin_work(
    question: Question,
    data: DataSplits | tuple[str, ReadSpec | None],
    folder: StudyFolder,
    threads_each: int,
    parent: int,
    trust: bool,
) -> None:
    """Give a worker its data and its share of the cores. Ctrl-C is the parent's affair, who ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    torch.set_num_threads(threads_each)
    data = data if isinstance(data, DataSplits) else load_data(*data)
    _bench.update(question=question, data=data, folder=folder, trust=trust)


def _work(key: Key) -> Any:
    with _workplace(), trusting(_bench["trust"]):
        return _bench["question"].measure(key, _bench["data"], _bench["folder"])
