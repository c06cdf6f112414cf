"""A run's page made, and written to its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import SettingError, unknown
from pellucid.explore.page import page, template
from pellucid.explore.payload import payload_of
from pellucid.language import ENGLISH, LANGUAGES, speaking
from pellucid.names import user_path
from pellucid.run.contents import EXPLORER
from pellucid.run.files import require_own, require_place, write_file
from pellucid.trained.material import OnStep, folder_of, material_of

if TYPE_CHECKING:
    from pellucid.trained.run import Run


def write_explorer(
    run: Run | str | PathLike[str],
    out: str | PathLike[str] | None = None,
    *,
    language: str = ENGLISH,
    whole: bool = True,
    images: bool = True,
    device: str = "auto",
    on_step: OnStep | None = None,
) -> Path:
    """Write a page to draw on and to walk through a run's own network: one HTML file, which works offline.

    It holds the weights, what tells doubt, some held-out images with the run's answers, and the run's record. What
    cannot be had any more, as data that were moved or code that is not trusted, is told, and left out.

    Args:
        run: The run, its folder, a name below ``runs/``, or ``latest``.
        out: The file; unless given explorer.html in the run's folder.
        language: ``en`` or ``zh``.
        whole: Put pictures that maximise filters and classes into it too, which take longest.
        images: Put some held-out images into it. Pictures that maximise filters may still look like them.
        device: Where the network is to answer, unless a run is given that is loaded.
        on_step: Told how far long work has come: its name, steps done, steps in all.

    Returns:
        The file.

    Raises:
        RunError: There is no such run, its run.json is damaged, the file cannot be written, or another stands there.
        SettingError: The language is unknown.
    """
    require_language(language)
    name = EXPLORER.format("" if language == ENGLISH else f"-{language}")
    file = require_place(user_path(out) if out else folder_of(run).path / name)
    require_own(file, "the page")
    write_file(
        file,
        explorer_page(run, language=language, whole=whole, images=images, device=device, on_step=on_step),
        make_folder=True,
    )
    return file


def explorer_page(
    run: Run | str | PathLike[str],
    *,
    language: str = ENGLISH,
    whole: bool = True,
    images: bool = True,
    device: str = "auto",
    on_step: OnStep | None = None,
) -> str:
    """The page as text; see `write_explorer`.

    Raises:
        RunError: There is no such run, or its run.json is damaged.
        SettingError: The language is unknown.
    """
    require_language(language)
    template()  # before work is done in vain
    loaded = None if isinstance(run, str | PathLike) else run
    with speaking(language):
        found = material_of(folder_of(run), loaded, whole=whole, device=device, on_step=on_step)
        return page(payload_of(found, with_images=images))


def require_language(language: str) -> None:
    """See that a language is spoken here.

    Raises:
        SettingError: It is not.
    """
    if language not in LANGUAGES:
        raise SettingError([unknown("language", language, LANGUAGES)])
