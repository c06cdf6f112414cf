"""A report written to its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import RunError, SettingError, unknown
from pellucid.judge.comparison import MARGIN
from pellucid.language import ENGLISH, LANGUAGES, speaking
from pellucid.names import user_path
from pellucid.report.chapters import OnChapter, chapters_of
from pellucid.report.comparison import compared
from pellucid.report.page import Head, page
from pellucid.run.contents import REPORT
from pellucid.run.files import bears_mark, require_place, write_file
from pellucid.run.folder import RunFolder, find_run
from pellucid.sections.headline import headline_section
from pellucid.sections.repeat import repeat_section
from pellucid.text import shortened
from pellucid.trained.material import OnStep, material_of

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
        RunError: There is no such run, its run.json is damaged, or the file cannot be written.
        SettingError: The language is unknown.
    """
    if language not in LANGUAGES:
        raise SettingError([unknown("language", language, LANGUAGES)])
    loaded = None if isinstance(run, str | PathLike) else run
    first = _folder(run)
    folders = [first, *map(_folder, others)]
    name = REPORT.format("" if language == ENGLISH else f"-{language}")
    file = _place(
        user_path(out) if out else first.path / name if not others else Path(f"comparison-{name}"), out is None
    )
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


def _folder(run: Run | str | PathLike[str]) -> RunFolder:
    if isinstance(run, str | PathLike):
        return find_run(str(run))
    if run.folder is None:
        raise RunError("A report is of a run in a folder; this one is in memory only. Save it first: run.save(PATH).")
    return run.folder


def _place(file: Path, own: bool) -> Path:
    """The file, which may be written; where its name was not given, it takes the place of Pellucid's own only.

    Raises:
        RunError: It cannot be written, or something of the user's is there.
    """
    require_place(file)
    if own and file.exists() and not bears_mark(file):
        raise RunError(f"{file} is there and is not Pellucid's; the report would replace it. Choose another --out.")
    return file
