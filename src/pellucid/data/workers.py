"""Work on many files at once: in processes where it pays, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from pellucid.data.listing import Content
from pellucid.errors import DataError
from pellucid.machine import cores

T = TypeVar("T")
FILES_PER_TASK = 64
FEW_FILES = 1_000  # below this, starting processes takes longer than it saves


def over_files(
    work: Callable[[Content], T], contents: Sequence[Content], on_done: Callable[[int], None]
) -> Iterator[list[T | ValueError]]:
    """Do the same work on every file, and give the results in the files' order, some at a time.

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
        yield result


def _in_processes(run: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Iterator[Any]:
    from loky import get_reusable_executor
    from loky.process_executor import BrokenProcessPool

    try:
        yield from get_reusable_executor(max_workers=workers).map(run, tasks)
    except BrokenProcessPool:
        raise DataError("A process that read images ended before its time, perhaps for want of memory.") from None


def _run(work: Callable[[Content], T], contents: Sequence[Content]) -> list[T | ValueError]:
    return [_one(work, content) for content in contents]


def _one(work: Callable[[Content], T], content: Content) -> T | ValueError:
    try:
        return work(content)
    except ValueError as error:
        return error
