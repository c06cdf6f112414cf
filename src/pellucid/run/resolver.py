"""From what a user typed to the folder that was meant; runs and studies alike."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pellucid.errors import RunError, suggest
from pellucid.names import user_path
from pellucid.run.base import RecordFolder

RUNS = Path("runs")
LATEST = "latest"
MOST_BYTES = 255  # of a name, whatever the system
Folder = TypeVar("Folder", bound=RecordFolder[Any])


def find_folder(kind: type[Folder], text: str, runs: Path = RUNS, *, names_only: bool = False) -> Folder:
    """The folder of a path, of a name below ``runs``, or the ``latest`` one that is ready.

    Args:
        kind: Whether a run or a study is wanted.
        text: What was typed, or sent.
        runs: The folder that names stand in.
        names_only: For texts of strangers, as a server gets them: a name below ``runs`` or ``latest`` alone, which
            cannot lead to anything outside of ``runs``, nor to what is hidden.

    Raises:
        RunError: There is no such folder, or the text is not a name.
    """
    if names_only:
        _require_name(kind, text)
    if text == LATEST:
        found = latest_folder(kind, runs)
        if found is None:
            raise RunError(kind.if_none.format(runs=f"{runs}/"))
    else:
        found = folder_named(kind, text, runs, names_only=names_only)
    if found is None:
        if not names_only and os.path.exists(text):  # noqa: PTH110 - a Path raises for names too long or with a NUL
            raise kind(text).not_one()
        names = [path.name for path in _folders(kind, runs)]
        raise RunError(f"There is no {kind.kind} {_short(text)}. {suggest(text[:MOST_BYTES], [LATEST, *names])}")
    if names_only:
        _require_inside(found, runs)
    return found


def folder_named(kind: type[Folder], text: str, runs: Path = RUNS, *, names_only: bool = False) -> Folder | None:
    """The folder of a path or of a name below ``runs``; None where there is none, whatever the text is."""
    if not text:
        return None
    for path in (runs / text,) if names_only else (user_path(text), runs / text):
        if os.path.exists(path / kind.record_name):  # noqa: PTH110 - see above
            return kind(path)
    return None


def latest_folder(kind: type[Folder], runs: Path = RUNS) -> Folder | None:
    """The folder below ``runs`` that was begun last, of those that are ready; None where there is none."""
    ready = [path for path, _ in list_folders(kind, runs)[0] if kind(path).is_ready]
    return kind(ready[-1]) if ready else None


def means(kind: type[RecordFolder[Any]], text: str, runs: Path = RUNS) -> bool:
    """Whether a text that may mean other things too, such as data or a network, means a folder of this kind."""
    return text == LATEST or folder_named(kind, text, runs) is not None


def list_folders(kind: type[RecordFolder[Any]], runs: Path = RUNS) -> tuple[list[tuple[Path, Any]], list[RunError]]:
    """The folders of a kind below ``runs`` with their records, oldest first, and what is wrong with the others."""
    found, faults = [], []
    for path in _folders(kind, runs):
        try:
            found.append((path, kind(path).read_record()))
        except RunError as error:
            faults.append(RunError(str(error)))  # the error itself would keep what was read in memory
    return sorted(found, key=lambda folder: _started(kind, *folder)), faults


def _started(kind: type[RecordFolder[Any]], path: Path, record: Any) -> str:
    """When a run or study was begun; where that is still to come, by another clock, when its record was written."""
    now = datetime.now(UTC)
    if str(record.started) <= now.isoformat():
        return str(record.started)
    written = datetime.fromtimestamp((path / kind.record_name).stat().st_mtime, UTC)
    return min(written, now).isoformat()


def _folders(kind: type[RecordFolder[Any]], runs: Path) -> list[Path]:
    return sorted(record.parent for record in runs.glob(f"[!.]*/{kind.record_name}"))


def _require_name(kind: type[RecordFolder[Any]], text: str) -> None:
    """See that a text is a plain name: one part, visible, and not longer than names can be.

    Raises:
        RunError: It is not.
    """
    odd = any(letter in "/\\:" or not letter.isprintable() for letter in text)
    if not text or odd or text.startswith(".") or len(text.encode(errors="replace")) > MOST_BYTES:
        rule = f"The name of a {kind.kind} must be a name without / \\ : and control characters, not begin with a dot"
        remedy = f"Give the name of a folder below {RUNS}/, or {LATEST}."
        raise RunError(f"{rule}, and have at most {MOST_BYTES} bytes; received {_short(text)!r}. {remedy}")


def _require_inside(folder: RecordFolder[Any], runs: Path) -> None:
    """See that neither the folder nor an entry of it is a link that leads out of ``runs``.

    Raises:
        RunError: One is.
    """
    inside = runs.resolve()
    try:
        for place in (folder.path, *folder.path.iterdir()):
            if not place.resolve().is_relative_to(inside):
                raise RunError(f"{place} is a link that leads out of {runs}/, and is not followed.")
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise RunError(f"{folder.path} cannot be read ({getattr(error, 'strerror', None) or error}).") from None


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
