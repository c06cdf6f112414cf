"""Where pictures of a run go, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.errors import RunError
from pellucid.plots.formats import format_of
from pellucid.run.contents import PICTURES
from pellucid.run.files import NUMBERS, bears_mark, require_place, write_file

if TYPE_CHECKING:
    from pellucid.run.folder import RunFolder
    from pellucid.sections.section import Picture, Section


def picture_place(out: Path | None) -> Path | None:
    """See that the file that was asked for, if any, can be a picture and be written, before work is done.

    Raises:
        SettingError: The file is neither .png nor .svg.
        RunError: It cannot be written there.
    """
    if out is not None:
        format_of(out)
        require_place(out)
    return out


def numbered_place(out: Path | None) -> Path | None:
    """As `picture_place`, for a picture with its numbers beside it.

    Raises:
        SettingError: The file is neither .png nor .svg.
        RunError: It cannot be written there, or its numbers would take the place of a file that is not Pellucid's.
    """
    require_room_beside(picture_place(out), NUMBERS, "numbers")
    return out


def require_room_beside(out: Path | None, suffix: str, what: str) -> None:
    """See that what goes beside the file that was asked for, if any, takes the place of nothing of the user's.

    Raises:
        RunError: A file is there that is not Pellucid's.
    """
    if out is None:
        return
    beside = out.with_suffix(suffix)
    if beside.exists() and not bears_mark(beside):
        rule = f"{beside} is there and is not Pellucid's"
        raise RunError(f"{rule}; the {what} of {out.name} would replace it. Choose another --out.")


Out = Annotated[
    Path | None,
    typer.Option(
        callback=numbered_place,
        help=f"A .png or .svg file; its numbers go beside it.  [default: in {PICTURES}/ of the run folder]",
    ),
]
Untrained = Annotated[
    bool, typer.Option("--untrained", help="Show the control: the same network with the weights it began with.")
]


def write_section(section: Section, out: Path | None, folder: RunFolder) -> dict[str, str]:
    """Write a section's picture to the file that was asked for, or else into the run folder.

    Returns:
        The paths of the picture and of the numbers behind it, as the section's document has them.

    Raises:
        RunError: A file cannot be written.
    """
    (picture,) = section.pictures
    path = out or folder.place(f"{PICTURES}/{picture.name}.png")
    return {"numbers": str(write_picture(picture, path)), "picture": str(path)}


def write_picture(picture: Picture, path: Path) -> Path:
    """Draw a picture to a file, and write the arrays behind it beside it, as .npz, where there are any.

    Args:
        picture: What to draw.
        path: A .png or .svg file; its folder is made when it is missing.

    Returns:
        The path of the arrays.

    Raises:
        SettingError: The file is neither .png nor .svg.
        RunError: A file cannot be written.
    """
    from pellucid.plots.figures import render

    kind = format_of(path)
    raw = render(picture.draw(), kind)
    write_file(path, raw, make_folder=True)
    numbers = path.with_suffix(NUMBERS)
    if picture.numbers:
        write_file(numbers, _npz(picture.numbers))
    return numbers


def _npz(arrays: Mapping[str, Any]) -> bytes:
    import io
    import zipfile

    import numpy as np

    from pellucid.names import MARK

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = MARK.encode()
    return buffer.getvalue()
