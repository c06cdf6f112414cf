"""Processes of their own, each of which answers for held-out images without the other: the run's, and the export's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pellucid.errors import PellucidError, RunError

RUN, EXPORT = "pellucid.export.of_run", "pellucid.export.of_export"
TRACE, PROGRAM = "pellucid.export.trace", "pellucid.export.program"
FACTS, FAULT = "facts.json", "fault.txt"
RUN_ANSWERS, IN_BATCHES, ONE_BY_ONE = "run.npy", "in-batches.npy", "one-by-one.npy"


@dataclass(frozen=True)
class Question:
    """What a process is asked.

    Attributes:
        run: The run folder.
        work: A folder in which the processes leave what they find; the export lies there.
        form: The name of the format.
        source: Other data than the run's own to take the images from; None for its own.
        arrays: A folder that holds the images as arrays, see `held_out_images`; None where they are found anew.
        trust: Whether the run may name code that makes its network.
    """

    run: Path
    work: Path
    form: str
    source: str | None = None
    arrays: Path | None = None
    trust: bool = False


def ask(module: str, question: Question) -> dict[str, Any]:
    """Let a process of its own answer.

    Args:
        module: Which; see `RUN`, `EXPORT`, `TRACE` and `PROGRAM`.
        question: What it is asked.

    Returns:
        What it says beside the files that it leaves.

    Raises:
        PellucidError: It failed.
    """
    fault, facts = question.work / FAULT, question.work / FACTS
    facts.unlink(missing_ok=True)
    given = json.dumps({name: str(value) if value else None for name, value in asdict(question).items()})
    done = subprocess.run(  # noqa: S603 - this Python, on a module of Pellucid's own
        # -P: a file of the user's that is called as a library is does not stand in for it.
        [sys.executable, "-P", "-m", module, given],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # what is found here is found there
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is heard here, which ends the process
        check=False,
    )
    if fault.exists():
        raise PellucidError(fault.read_text(encoding="utf-8"))
    if done.returncode or not facts.exists():
        ended = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise RunError(f"The process that was to answer by itself ({module}) ended with {ended}; nothing was written.")
    return json.loads(facts.read_bytes())


def answer(asked: Callable[[Question], dict[str, Any]]) -> None:
    """The whole of such a process: what it finds, or what is wrong, goes to the folder of the question."""
    given = json.loads(sys.argv[1])
    question = Question(
        run=Path(given["run"]),
        work=Path(given["work"]),
        form=given["form"],
        source=given["source"],
        arrays=Path(given["arrays"]) if given["arrays"] else None,
        trust=bool(given["trust"]),
    )
    sys.path.append("")  # a network of the user's own code is found beside the user
    try:
        facts = asked(question)
    except PellucidError as error:
        (question.work / FAULT).write_text(str(error), encoding="utf-8")
        sys.exit(error.exit_status)
    (question.work / FACTS).write_text(json.dumps(facts), encoding="utf-8")
