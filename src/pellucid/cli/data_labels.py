"""The part of `pellucid data audit` that looks for wrong labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.output import print_path, print_text, say
from pellucid.cli.show import tell
from pellucid.cli.study_answer import resumable

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.study.suspects import Suspects

CSV, PICTURE = "suspects.csv", "suspects.png"


def report_labels(
    splits: DataSplits, run_name: str, k: int, top: int, out_folder: Path, as_json: bool
) -> dict[str, Any]:
    """Look for suspected label errors, and write suspects.csv (all of them) and suspects.png (the first).

    Args:
        splits: The data.
        run_name: A run folder, a name below ``runs/``, or ``latest``; its network is trained anew k times. A study of
            folds is taken as it is.
        k: How many folds.
        top: How many suspects of each split are shown, at least 1.
        out_folder: Where the files go; it is made if it is missing.
        as_json: Print nothing; the caller prints what is returned.

    Returns:
        The findings as a JSON document: the first suspects of each split, how many there are, and the files.

    Raises:
        PellucidError: The run, the data, k or top do not serve, or a file cannot be written.
        typer.Exit: It was interrupted; what was measured is kept in the study's folder.
    """
    from pellucid.errors import Fault, SettingError

    if top < 1:
        raise SettingError([Fault("top must be at least 1 suspect", str(top))])
    with uninterrupted():
        from pellucid.study.folder import study_named
        from pellucid.study.suspects import suspects_of_study
        from pellucid.study.suspects_section import suspects_section

    out = _made(out_folder)
    study = study_named(run_name)
    found = suspects_of_study(splits, study) if study else _suspects(splits, run_name, k)
    written = _write(found, splits, top, out)
    section = suspects_section(found, splits, top)
    if not as_json:
        print_text()
        tell(section)
        for path in written:
            print_path(path)
    return section.document | {"files": [str(path) for path in written]}


def _suspects(splits: DataSplits, run_name: str, k: int) -> Suspects:
    """From k networks that are trained for it: a study of folds in a folder of its own, as of `pellucid study`."""
    from pellucid.study.suspects import find_suspects
    from pellucid.trained.run import load_run

    run, places = load_run(run_name), list[Path]()

    def tell_folder(place: Path) -> None:
        places.append(place)
        say(f"labels: training {k} networks like {run.path}, each without one fold; the study is {place}")

    try:
        with resumable(places):
            return find_suspects(splits, run, k=k, progress=True, on_folder=tell_folder)
    except typer.Exit:
        told = f"; when the study is done: pellucid data audit {splits.location} --labels {places[0]}" if places else ""
        say(f"no suspects were written{told}")
        raise


def _made(folder: Path) -> Path:
    from pellucid.errors import RunError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be made ({error.strerror or error}). Give another folder.") from None
    return folder


def _write(found: Suspects, splits: DataSplits, top: int, out: Path) -> list[Path]:
    """Write the table, and the picture where there is anything to see; an older picture of Pellucid's does not stay."""
    from pellucid.run.files import bears_mark, write_file
    from pellucid.study.suspects import suspects_csv, suspects_png

    write_file(out / CSV, suspects_csv(found))
    if not found.suspects:
        if bears_mark(out / PICTURE):
            (out / PICTURE).unlink()
        elif (out / PICTURE).exists():
            say(f"{out / PICTURE} was there before; it does not show these findings")
        return [out / CSV]
    write_file(out / PICTURE, suspects_png(found, splits, top))
    return [out / CSV, out / PICTURE]
