"""The run folder: the interface between commands. Every file in it is readable without Pellucid."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from os import PathLike
from pathlib import Path

from typing_extensions import override

from pellucid.errors import PellucidWarning, RunError, TrainingError
from pellucid.names import plain_name, user_path
from pellucid.run.base import RecordFolder
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.contents import CURVES as CURVES
from pellucid.run.contents import DOUBT as DOUBT
from pellucid.run.contents import EVALUATION as EVALUATION
from pellucid.run.contents import HISTORY, RECORD, WEIGHTS, checkpoint_files, own_files, parts
from pellucid.run.contents import ROBUSTNESS as ROBUSTNESS
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.run.replaced import Replaced
from pellucid.run.resolver import RUNS, find_folder, list_folders

SAVED = "What was saved stays."
FINISH = "The training is done and kept; finish it with: pellucid evaluate {}"
GO_ON = "Go on with: pellucid train --resume {}"


class RunFolder(RecordFolder[RunRecord]):
    """One run on disk.

    Attributes:
        path: The folder.
        checkpoints: Where its training can be gone on with.
        replaced: Where the older run lies; None when there is none.
        kept: What the user had put into the older run's folder, where it still is.
    """

    kind = "run"
    record_name = RECORD
    record_type = RunRecord
    if_taken = "Choose another --out, or give --overwrite to replace a run."
    if_none = "There is no trained run below {runs}. Train one with: pellucid train"

    def __init__(self, path: str | PathLike[str]) -> None:
        super().__init__(path)
        self.checkpoints = Checkpoints(self.path)
        self.replaced: Path | None = None
        self.kept: tuple[Path, ...] = ()
        self._older: Replaced | None = None
        self._put_down = False

    @override
    def locked(self) -> AbstractContextManager[None]:
        return self.checkpoints.locked()

    def set_aside(self) -> None:
        """Move the run that is in the folder aside, until this one is whole.

        Raises:
            RunError: It cannot be moved.
        """
        self._older = Replaced.set_aside(self.path)
        self.replaced, self.kept = self._older.place, tuple(self._older.kept)

    def keep_aside(self) -> None:
        """Copy the finished run aside before it is trained further, until that is done.

        Raises:
            RunError: The copy cannot be written.
        """
        self._older = Replaced.copied(self.path)
        self.replaced = self._older.place

    def forget_results(self) -> None:
        """Remove what was told and drawn of the weights that the run had before."""
        kept = {self.path / RECORD, self.path / HISTORY, self.path / WEIGHTS, *checkpoint_files(self.path)}
        for file in own_files(self.path):
            if file not in kept:
                with contextlib.suppress(OSError):
                    file.unlink()

    def tidy(self) -> None:
        """Remove the checkpoints of a run that is done, which a process leaves that is killed just then."""
        if self.checkpoints and self.read_record().status == "done":
            with contextlib.suppress(RunError), self.locked():  # else another process is at it
                self.checkpoints.clear()

    def put_down(self) -> None:
        """Leave the run to be gone on with later: its checkpoints stay, and so does the older run beside it."""
        self._put_down = True

    def give_way(self) -> None:
        """Take what was written out again, and let the older run come back."""
        self.checkpoints.remove()
        for file in own_files(self.path):
            with contextlib.suppress(OSError):
                file.unlink()
        if self._older:
            self._older.put_back()
        with contextlib.suppress(OSError):  # what somebody else put into it stays
            self.path.rmdir()

    def take_place(self) -> None:
        """Remove the older run, the checkpoints and what kills left: this one is whole, unless it was put down."""
        if self._put_down:
            return
        self.checkpoints.remove()
        for part in parts(self.path):
            with contextlib.suppress(OSError):
                part.unlink()
        if self._older:
            self._older.remove()
            self._older = self.replaced = None

    @property
    def is_done(self) -> bool:
        """Whether the record says that the training came to its end."""
        try:
            return self.read_record().status == "done"
        except RunError:
            return False

    @property
    def has_weights(self) -> bool:
        """Whether there is a trained network in the folder."""
        return (self.path / WEIGHTS).exists()

    @property
    @override
    def is_ready(self) -> bool:
        return self.has_weights

    def read_history(self) -> History:
        """Read history.csv.

        Raises:
            RunError: history.csv is missing or damaged.
        """
        return History.from_csv(self.place(HISTORY))


def require_whole(folder: RunFolder, told: str | None, found: str) -> None:
    """See that weights are those that were written; the format itself does not notice a flipped bit.

    Args:
        folder: Of the run.
        told: SHA-256 of their file as run.json says it; None in runs of earlier versions.
        found: The same as it is.

    Raises:
        RunError: They are others.
    """
    if told not in {None, found}:
        remedy = "Bring the file back as it was, or train anew."
        raise RunError(f"{folder.path / WEIGHTS} has changed: its SHA-256 is another than run.json says. {remedy}")


@contextlib.contextmanager
def new_run(path: Path, *, overwrite: bool = False, numbered: bool = False) -> Iterator[RunFolder]:
    """Make a run folder for the duration of a training; on an exception it is gone, or as it was before.

    Where there is a checkpoint the run stays, to be gone on with, unless what it was trained to would fail again.
    Whatever is not Pellucid's stays where it is, whether the training comes to its end or not.

    Args:
        path: The folder, which must not exist yet.
        overwrite: Let the new run take the place of an older one. The older one is kept aside until the new one is
            whole, and comes back if that does not happen.
        numbered: Where the folder exists, take the next name that is free: NAME-2, NAME-3, …; nothing is replaced.

    Raises:
        RunError: Something stands in that place, another process trains there, or the folder cannot be made.
    """
    path = user_path(path)
    path = path.resolve() if overwrite and path.is_symlink() else path  # the link stays, and leads to the new run
    replaces = overwrite and not numbered and path.exists()
    folder = _replaceable(path) if replaces else RunFolder.make(path, numbered=numbered)
    with folder.locked():
        if replaces:
            folder.set_aside()
        with whole_or_as_before(folder):
            yield folder


@contextlib.contextmanager
def whole_or_as_before(folder: RunFolder) -> Iterator[None]:
    """Make a run in a folder that this process has locked; see `new_run` for what happens on an exception."""
    try:
        yield
    except BaseException as error:
        if folder.is_done:
            folder.take_place()
            if isinstance(error, KeyboardInterrupt):
                warnings.warn(FINISH.format(folder.path), PellucidWarning, stacklevel=3)
        elif folder.checkpoints and not isinstance(error, TrainingError):
            older = f" The older run is kept in {folder.replaced}." if folder.replaced else ""
            warnings.warn(f"{SAVED}{older} {GO_ON.format(folder.path)}", PellucidWarning, stacklevel=3)
        else:
            folder.give_way()
        raise
    folder.take_place()


@contextlib.contextmanager
def taken_up(folder: RunFolder) -> Iterator[None]:
    """Go on with the run in a folder; whatever happens, no checkpoint is lost before the run is whole.

    Raises:
        RunError: Another process trains there, or the folder cannot be written.
    """
    with folder.locked():
        yield
        folder.take_place()


def _replaceable(path: Path) -> RunFolder:
    folder = RunFolder(path)
    try:
        folder.read_record()
    except RunError as error:
        raise RunError(f"{error} Only a run is replaced; choose another --out.") from None
    return folder


def default_path(data: str, recipe: str, started: datetime, runs: Path = RUNS) -> Path:
    """Where a run goes unless it is told: ``runs/<data>-<recipe>-<UTC time>``; to be numbered if that is taken."""
    return runs / f"{plain_name(f'{data}-{recipe}', keep='.')}-{started:%Y%m%dT%H%M%SZ}"


def list_runs(runs: Path = RUNS) -> tuple[list[tuple[Path, RunRecord]], list[RunError]]:
    """The runs below a folder, oldest first, and what is wrong with those that cannot be read."""
    return list_folders(RunFolder, runs)


def find_run(name: str, runs: Path = RUNS) -> RunFolder:
    """The run of a path, of a name below ``runs``, or the ``latest`` one that has weights.

    Raises:
        RunError: There is no such run.
    """
    return find_folder(RunFolder, name, runs)
