"""A report written to its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import SettingError, unknown
from pellucid.judge.comparison import MARGIN, require_margin
from pellucid.language import ENGLISH, LANGUAGES, speaking
from pellucid.names import user_path
from pellucid.report.chapters import OnChapter, chapters_of
from pellucid.report.comparison import compared
from pellucid.report.page import Head, page
from pellucid.run.contents import REPORT
from pellucid.run.files import require_own, require_place, write_file
from pellucid.sections.headline import headline_section
from pellucid.sections.repeat import repeat_section
from pellucid.text import shortened
from pellucid.trained.material import OnStep, folder_of, material_of

if TYPE_CHECKING:
    from pellucid.trained.run import Run


def write_report(
    run: Run | str | PathLike[str],
    *others: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    language: str = ENGLISH,
    whole: bool = True,
    device: str = "auto",
    margin: float = MARGIN,
    on_chapter: OnChapter | None = None,
    on_step: OnStep | None = None,
) -> Path:
    """Write all that there is to tell of a run as one HTML file, which needs no other file and no network.

    What cannot be had any more, as data that were moved or code that is not trusted, is told, and left out.

    Args:
        run: The run, its folder, a name below ``runs/``, or ``latest``.
        others: Further runs, which it is then held against.
        out: The file; unless given report.html in the run's folder, and of several runs here.
        language: ``en`` or ``zh``.
        whole: Report what takes long as well: maximised inputs, and the time of an answer.
        device: Where the network is to answer, unless a run is given that is loaded.
        margin: Difference of accuracy below which two runs count as equally good.
        on_chapter: Told the name of each chapter before it is made.
        on_step: Told how far long work has come: its name, steps done, steps in all.

    Returns:
        The file.

    Raises:
        RunError: There is no such run, its run.json is damaged, the file cannot be written, or another stands there.
        SettingError: The language is unknown, or the margin is no share.
    """
    if language not in LANGUAGES:
        raise SettingError([unknown("language", language, LANGUAGES)])
    require_margin(margin)
    loaded = None if isinstance(run, str | PathLike) else run
    first = folder_of(run)
    folders = [first, *map(folder_of, others)]
    name = REPORT.format("" if language == ENGLISH else f"-{language}")
    file = require_place(user_path(out) if out else first.path / name if not others else Path(f"comparison-{name}"))
    require_own(file, "the report")
    with speaking(language):
        if others:
            text = compared(folders, margin)
        else:
            found = material_of(first, loaded, whole=whole, device=device, on_step=on_step)
            record = found.record
            kicker = " \u00b7 ".join([shortened(record.data.name), shortened(record.recipe), record.started[:10]])
            head = Head(kicker, headline_section(record, found.evaluation), repeat_section(record), found.lacking)
            text = page(head, chapters_of(found, on_chapter))
    write_file(file, text, make_folder=True)
    return file
