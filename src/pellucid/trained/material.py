"""What there is of a run to tell of: its files, and where they can be had its network and its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import PellucidError, RunError
from pellucid.judge.evaluation import Evaluation
from pellucid.judge.robustness import Robustness
from pellucid.language import tell
from pellucid.run.folder import EVALUATION, ROBUSTNESS, RunFolder, find_run
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.trained.run import Run

OnStep = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True, eq=False)
class Material:
    """What a report or an explorer page is made of.

    Attributes:
        path: The run folder.
        record: How the run came about.
        history: Its finished epochs.
        evaluation: How it answers its own test split; None where it was not judged.
        robustness: How it answers images that get worse; None where that was not measured.
        run: The run with its network; None where that cannot be had.
        data: The run's own data; None where they cannot be had.
        lacking: What cannot be had, and why.
        without_run: Why the run with its network cannot be had; None where it can.
        whole: Whether what takes long is told too.
        on_step: Told how far such work has come.
    """

    path: Path
    record: RunRecord
    history: History
    evaluation: Evaluation | None
    robustness: Robustness | None
    run: Run | None
    data: DataSplits | None
    lacking: tuple[str, ...]
    without_run: str | None
    whole: bool
    on_step: OnStep | None = None

    @property
    def judged_images(self) -> ImageDataset | None:
        """The images that were judged; None where they cannot be had, or are others by now."""
        if self.data is None or self.evaluation is None or not self.data.has_test:
            return None
        return self.data.test if self.data.test.fingerprint == self.evaluation.fingerprint else None


def folder_of(run: Run | str | PathLike[str]) -> RunFolder:
    """The folder of a run that is told of.

    Args:
        run: The run, its folder, a name below ``runs/``, or ``latest``.

    Raises:
        RunError: There is no such run, or it is in memory only.
    """
    if isinstance(run, str | PathLike):
        return find_run(str(run))
    if run.folder is None:
        raise RunError("This tells of a run in a folder; the run is in memory only. Save it first: run.save(PATH).")
    return run.folder


def material_of(
    folder: RunFolder,
    run: Run | None = None,
    *,
    whole: bool = True,
    device: str = "auto",
    on_step: OnStep | None = None,
) -> Material:
    """What can be had of a run. What cannot is told, and done without.

    Args:
        folder: The run folder.
        run: The run itself, where it is loaded already.
        whole: Whether to tell what takes long too.
        device: Where the network is to answer.
        on_step: Told how far long work has come.

    Raises:
        RunError: run.json is missing or damaged.
    """
    record, lacking = folder.read_record(), list[str]()

    def had(make: Callable[[], object]) -> object:
        try:
            return make()
        except PellucidError as error:
            lacking.append(printable(str(error)))
            return None

    history = run.history if run else had(folder.read_history)
    evaluation = run.evaluation if run else None
    if evaluation is None and (folder.path / EVALUATION).exists():
        evaluation = had(lambda: Evaluation.from_json(folder.read_bytes(EVALUATION), folder.path / EVALUATION))
    elif evaluation is None and record.results is not None and record.data.counts.get("test"):
        lacking.append(tell("It has not been judged: pellucid evaluate {run} does that.", run=folder.path))
    robustness = None
    if (folder.path / ROBUSTNESS).exists():
        robustness = had(lambda: Robustness.from_json(folder.read_bytes(ROBUSTNESS), folder.path / ROBUSTNESS))
    run = run or had(lambda: _loaded(folder, device))  # pyright: ignore[reportAssignmentType]
    without_run = None if run else lacking[-1]
    data = had(lambda: _data(run, record))
    return Material(
        path=folder.path,
        record=record,
        history=history if isinstance(history, History) else History(),
        evaluation=evaluation if isinstance(evaluation, Evaluation) else None,
        robustness=robustness if isinstance(robustness, Robustness) else None,
        run=run,
        data=data if isinstance(data, DataSplits) else None,
        lacking=tuple(dict.fromkeys(lacking)),
        without_run=without_run,
        whole=whole,
        on_step=on_step,
    )


def _loaded(folder: RunFolder, device: str) -> Run:
    from pellucid.trained.run import Run

    return Run.load(folder, device=device)


def _data(run: Run | None, record: RunRecord) -> DataSplits:
    from pellucid.trained.data import load_own, require_test_unchanged

    data = run.own_data() if run else load_own(record)
    if data.has_test:
        require_test_unchanged(record, data.name, data.test)
    return data
