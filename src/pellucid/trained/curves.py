"""The curves of a run: from its history to a picture file, without torch."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import RunError, SettingError, unknown
from pellucid.run.files import write_file
from pellucid.run.history import History
from pellucid.run.record import RunRecord

FORMATS = ("png", "svg")


def draw_curves(history: History, record: RunRecord, path: Path) -> Path:
    """Draw accuracy and loss against epoch.

    Args:
        history: The finished epochs.
        record: Says which run it is.
        path: A .png or .svg file.

    Raises:
        SettingError: The file is neither.
        RunError: No epoch was finished, or the file cannot be written.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise SettingError([unknown("picture format", path.suffix, [f".{name}" for name in FORMATS])])
    if not history.epochs:
        raise RunError("The run has no finished epoch, so there are no curves to draw.")
    # matplotlib takes most of a second to import, and training need not wait for it.
    from pellucid.plots.curves import curves
    from pellucid.plots.figures import render

    title = f"{record.data.name}, recipe {record.recipe}, seed {record.train.seed}"
    write_file(path, render(curves(history, title), kind))
    return path
