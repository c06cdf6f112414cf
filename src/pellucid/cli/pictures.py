"""Where pictures of a run go, and the numbers behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.plots.formats import format_of

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure
    from pellucid.run.folder import RunFolder

PICTURES = "pictures"
Out = Annotated[
    Path | None,
    typer.Option(help=f"A .png or .svg file; its numbers go beside it.  [default: in {PICTURES}/ of the run folder]"),
]
Untrained = Annotated[
    bool, typer.Option("--untrained", help="Show the control: the same network with the weights it began with.")
]


def picture_path(out: Path | None, folder: RunFolder, name: str) -> Path:
    """The file that was asked for, or else one of this name in the run folder.

    Raises:
        SettingError: It is neither .png nor .svg.
    """
    path = out or folder.path / PICTURES / f"{name}.png"
    format_of(path)
    return path


def write_picture(figure: Figure, path: Path) -> None:
    """Write a figure to its file; the run's folder for pictures is made when it is missing.

    Raises:
        RunError: The file cannot be written.
    """
    from pellucid.plots.figures import render
    from pellucid.run.files import write_file

    raw = render(figure, path.suffix.lower().lstrip("."))
    if path.parent.name == PICTURES:
        path.parent.mkdir(exist_ok=True)
    write_file(path, raw)


def write_numbers(path: Path, **arrays: Any) -> Path:
    """Write the arrays behind a picture beside it, as .npz, and give that file's path.

    Raises:
        RunError: The file cannot be written.
    """
    import io

    import numpy as np

    from pellucid.run.files import write_file

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    numbers = path.with_suffix(".npz")
    write_file(numbers, buffer.getvalue())
    return numbers
