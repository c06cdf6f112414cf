"""Work on many files at once: in processes where it pays, with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from pellucid.data.listing import Content
from pellucid.data.remarks import gathered
from pellucid.errors import DataError
from pellucid.machine import cores
from pellucid.parent import end_with

T = TypeVar("T")
FILES_PER_TASK = 64
FEW_FILES = 1_000  # below this, starting processes takes longer than it saves


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of the work on a file.

    Attributes:
        result: The result, or the ValueError that says why there is none.
        remarks: What libraries remarked meanwhile.
    """

    result: T | ValueError
    remarks: Sequence[str]


def over_files(
    work: Callable[[Content], T], contents: Sequence[Content], on_done: Callable[[int], None]
) -> Iterator[Done[T]]:
    """Do the same work on every file, and give what came of each, in the files' order.

    Args:
        work: What to do; can be pickled. A ValueError that it raises takes the place of its result.
        contents: The files.
        on_done: Told how many more files are done.

    Raises:
        DataError: A process ended before its work was done.
    """
    tasks = [contents[start : start + FILES_PER_TASK] for start in range(0, len(contents), FILES_PER_TASK)]
    run = partial(_run, work)
    workers = cores()
    alone = workers == 1 or len(contents) < FEW_FILES
    for result in map(run, tasks) if alone else _in_processes(run, tasks, workers):
        on_done(len(result))
        yield from result


def _in_processes(run: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Iterator[Any]:
    from loky import get_reusable_executor
    from loky.process_executor import BrokenProcessPool

    try:
        pool = get_reusable_executor(max_workers=workers, initializer=end_with, initargs=(os.getpid(),))
        yield from pool.map(run, tasks)
    except BrokenProcessPool:
        raise DataError("A process that read images ended before its time, perhaps for want of memory.") from None


def _run(work: Callable[[Content], T], contents: Sequence[Content]) -> list[Done[T]]:
    return [over_file(work, content) for content in contents]


def over_file(work: Callable[[Content], T], content: Content) -> Done[T]:
    """Do some work on one file; a ValueError that it raises takes the place of its result."""
    with gathered() as remarks:
        try:
            result = work(content)
        except ValueError as error:
            # Another one, since the first keeps alive what the functions held that it went through: the file's bytes.
            result = ValueError(str(error))
    return Done(result, remarks)
