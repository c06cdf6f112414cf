"""The run folder: the interface between commands. Every file in it is readable without Pellucid."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import datetime
from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from pellucid.errors import PellucidError, RunError, suggest
from pellucid.run.files import write_file
from pellucid.run.history import History
from pellucid.run.record import RunRecord

RUNS = Path("runs")
RECORD, HISTORY, WEIGHTS, CURVES, EVALUATION = (
    "run.json",
    "history.csv",
    "model.safetensors",
    "curves.png",
    "evaluation.json",
)


class RunFolder:
    """One run on disk. Each file is written atomically.

    Attributes:
        path: The folder.
        replaced: Where the older run lies that this one replaces, until it is done; None when there is none.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.replaced: Path | None = None

    def __fspath__(self) -> str:
        return str(self.path)

    def keep_replaced(self) -> None:
        """Keep the older run beside this one, under a name that can be seen."""
        if self.replaced:
            number = 1
            while (place := self.path.with_name(f"{self.path.name}-before-{number}")).exists():
                number += 1
            self.replaced = self.replaced.rename(place)

    @property
    def has_weights(self) -> bool:
        """Whether there is a trained network in it."""
        return (self.path / WEIGHTS).exists()

    def write(self, name: str, content: bytes | str) -> Path:
        """Write one file of the run.

        Raises:
            RunError: The disk is full or read-only.
        """
        write_file(self.path / name, content)
        return self.path / name

    def read_bytes(self, name: str) -> bytes:
        """Read one file of the run.

        Raises:
            RunError: It is missing or cannot be read.
        """
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            raise RunError(f"{self.path} has no {name}. A run that was trained to its end has one.") from None
        except OSError as error:
            raise RunError(f"{self.path / name} cannot be read ({error.strerror or error}).") from None

    def write_record(self, record: RunRecord) -> None:
        """Write run.json."""
        self.write(RECORD, record.model_dump_json(indent=2) + "\n")

    def read_record(self) -> RunRecord:
        """Read run.json.

        Raises:
            RunError: It is missing, truncated, or not what Pellucid writes.
        """
        raw = self.read_bytes(RECORD)
        try:
            return RunRecord.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise RunError(f"{self.path / RECORD} is not a run of Pellucid's: {where}: {first['msg']}.") from None
        except PellucidError as error:
            raise RunError(f"{self.path / RECORD} is not a run of Pellucid's: {error}") from None

    def read_history(self) -> History:
        """Read history.csv.

        Raises:
            RunError: It is missing or damaged.
        """
        return History.from_csv(self.path / HISTORY)


@contextlib.contextmanager
def new_run(path: Path, *, overwrite: bool = False) -> Iterator[RunFolder]:
    """Make a run folder for the duration of a training; on an exception it is gone, or as it was before.

    Args:
        path: The folder, which must not exist yet.
        overwrite: Let the new run take the place of an older one. The older one is kept aside until the new one is
            whole, and comes back if that does not happen.

    Raises:
        RunError: Something stands in that place, or the folder cannot be made.
    """
    path = path.resolve() if overwrite and path.is_symlink() else path  # the link stays, and leads to the new run
    folder = RunFolder(path)
    folder.replaced = aside = _set_aside(path) if overwrite and path.exists() else None
    made = False
    try:
        _make(path)
        made = True
        yield folder
    except BaseException:
        if made:
            shutil.rmtree(path, ignore_errors=True)
        if aside:
            aside.rename(path)
        raise
    if aside and folder.replaced == aside:
        shutil.rmtree(aside, ignore_errors=True)


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        remedy = "Choose another --out, or give --overwrite to replace a run."
        raise RunError(f"{path} exists already. {remedy}") from None
    except OSError as error:
        raise RunError(f"{path} cannot be made ({error.strerror or error}).") from None


def _set_aside(path: Path) -> Path:
    if not (path / RECORD).exists():
        raise RunError(f"{path} is not a run: it has no {RECORD}. Only a run is replaced; choose another --out.")
    place = path.resolve()
    if Path.cwd().is_relative_to(place):
        raise RunError(f"{path} holds the current folder, so it cannot be replaced. Start elsewhere.")
    aside = place.with_name(f".{place.name}.replaced")
    if aside.exists():
        raise RunError(f"{aside} stands in the way: another run is replacing {path}, or was killed. Move it away.")
    try:
        return place.rename(aside)
    except OSError as error:
        raise RunError(f"{path} cannot be moved aside ({error.strerror or error}).") from None


def default_path(data: str, recipe: str, started: datetime, runs: Path = RUNS) -> Path:
    """Where a run goes unless it is told: ``runs/<data>-<recipe>-<UTC time>``, numbered if that is taken."""
    wanted = f"{data}-{recipe}-{started:%Y%m%dT%H%M%SZ}"
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in wanted)
    path, number = runs / name, 1
    while path.exists():
        number += 1
        path = runs / f"{name}-{number}"
    return path


def list_runs(runs: Path = RUNS) -> tuple[list[tuple[Path, RunRecord]], list[RunError]]:
    """The runs below a folder, oldest first, and what is wrong with those that cannot be read."""
    found, faults = [], []
    for record in sorted(runs.glob(f"[!.]*/{RECORD}")):
        try:
            found.append((record.parent, RunFolder(record.parent).read_record()))
        except RunError as error:
            faults.append(error)
    return sorted(found, key=lambda run: run[1].started), faults


def find_run(name: str, runs: Path = RUNS) -> RunFolder:
    """The run of a path, of a name below ``runs``, or the ``latest`` one that has weights.

    Raises:
        RunError: There is no such run.
    """
    if name == "latest":
        trained = [path for path, _ in list_runs(runs)[0] if RunFolder(path).has_weights]
        if not trained:
            raise RunError(f"There is no trained run below {runs}/. Train one with: pellucid train")
        return RunFolder(trained[-1])
    for path in (Path(name), runs / name):
        if (path / RECORD).exists():
            return RunFolder(path)
    if Path(name).exists():
        raise RunError(f"{name} is not a run: it has no {RECORD}.")
    names = [path.parent.name for path in runs.glob(f"[!.]*/{RECORD}")]
    raise RunError(f"There is no run {name}. {suggest(name, ['latest', *names])}")
