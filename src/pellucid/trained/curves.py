"""The curves of a run: from its history to a figure and a picture file, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import RunError
from pellucid.language import tell
from pellucid.plots.formats import format_of
from pellucid.run.files import write_file
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.text import shortened

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure


def draw_curves(history: History, record: RunRecord, path: Path) -> Path:
    """Draw accuracy and loss against epoch.

    Args:
        history: The finished epochs.
        record: Says which run it is.
        path: A .png or .svg file; its folder is made when it is missing.

    Raises:
        SettingError: The file is neither.
        RunError: No epoch was finished, or the file cannot be written.
    """
    kind = format_of(path)
    figure = curves_of(history, record)
    from pellucid.plots.figures import render

    write_file(path, render(figure, kind), make_folder=True)
    return path


def curves_of(history: History, record: RunRecord) -> Figure:
    """Accuracy and loss against epoch as a figure.

    Raises:
        RunError: No epoch was finished.
    """
    require_epochs(history)
    # matplotlib takes most of a second to import, and training need not wait for it.
    from pellucid.plots.curves import curves

    return curves(history, title_of(record))


def title_of(record: RunRecord) -> str:
    """Which run the curves are of."""
    names = {"data": shortened(record.data.name), "recipe": shortened(record.recipe)}
    return tell("{data}, recipe {recipe}, seed {seed}", seed=record.train.seed, **names)


def require_epochs(history: History) -> None:
    """See that there is something to draw.

    Raises:
        RunError: No epoch was finished.
    """
    if not history.epochs:
        raise RunError("The run has no finished epoch, so there are no curves to draw.")
