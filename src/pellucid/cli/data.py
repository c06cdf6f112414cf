"""`pellucid data`: what there is, what is in it, what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.commands import CommandGroup
from pellucid.cli.data_audit import audit
from pellucid.cli.data_clean import clean
from pellucid.cli.data_get import get
from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import DATA, Json
from pellucid.cli.output import print_json, print_path, print_table, print_text, say
from pellucid.cli.pictures import picture_place, write_picture
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.show import show as show_section

app = typer.Typer(
    cls=CommandGroup,
    help=DATA,
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(audit)
app.command()(clean)
app.command()(get)


@app.command("list")
def list_data(as_json: Json = False) -> None:
    """List the data sets that have a name.

    \b
    Examples:
      pellucid data list
    """
    from pellucid.data.catalogue import CATALOGUE

    if as_json:
        print_json({"data": list(CATALOGUE)})
        return
    for name in CATALOGUE:
        print_text(name)
    say("A folder, a table, an .npz file or an archive of your own serves as well; see: pellucid train --help")


@app.command()
@reads_data()
def show(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set's name, or your own images.")] = "mnist",
    augment: Annotated[
        str | None, typer.Option("--augmented", help="Show variants: shift=0.1,rotation=10,noise=0.05 …")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which images are shown, and how they are varied.")] = 0,
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="A class to draw; may be repeated.  [default: the first ten]"),
    ] = None,
    *,
    reading: Reading,
    out: Annotated[Path, typer.Option(callback=picture_place, help="A .png or .svg file.")] = Path("data.png"),
    as_json: Json = False,
) -> None:
    """Draw a picture of some images of each class, or of augmented variants of them.

    \b
    Examples:
      pellucid data show mnist
      pellucid data show photos/ --class cat --class dog
      pellucid data show photos/ --augmented shift=0.1,rotation=10 --out variants.png
    """
    from pellucid.sections.data import data_section

    splits = load(data, reading)
    section = data_section(splits, augment, seed, classes)
    if augment:
        with uninterrupted():
            import torch  # noqa: F401  # which the variants are made with
    write_picture(section.pictures[0], out)
    show_section(section, as_json, {"file": str(out)})


@app.command()
def cache(
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove all that Pellucid wrote; it is made anew when needed.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look at every cached image; what is damaged is decoded again when needed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the decoded images that are kept on disk, verify that they are as they were decoded, or remove them.

    Some of them are verified at each use anyway. With --verify the exit status is 1 where something was damaged.

    \b
    Examples:
      pellucid data cache
      pellucid data cache --verify
      pellucid data cache --clean
    """
    from pellucid.data.cache import Cleaned, cache_folder, clean_cache, list_cache

    if verify:
        if clean:
            raise typer.BadParameter("give either --verify or --clean")
        _verify(as_json)
        return
    cleaned = clean_cache() if clean else Cleaned(0, ())
    entries = list_cache()
    for path, reason in cleaned.left:
        say(f"left {path}: {reason}")
    if as_json:
        document = {"folder": str(cache_folder()), "freed_bytes": cleaned.freed_bytes}
        document["entries"] = [{"name": path.name, "bytes": size} for path, size in entries]
        document["left"] = [{"path": str(path), "reason": reason} for path, reason in cleaned.left]
        print_json(document)
    elif clean:
        print_text(f"freed {cleaned.freed_bytes / 2**20:.1f} MiB")
    else:
        print_table(["data set", "MiB"], [[path.name, f"{size / 2**20:.1f}"] for path, size in entries])
        print_path(cache_folder())


def _verify(as_json: bool) -> None:
    """Look at every cached image, and tell of each data set whether it is whole."""
    from pellucid.data.cache import cache_folder, verify_cache
    from pellucid.data.progress import ReadingBar

    with ReadingBar(None) as bar:
        found = verify_cache(bar)
    if as_json:
        entries = [{"name": path.name, "whole": not fault, "fault": fault} for path, fault in found]
        print_json({"folder": str(cache_folder()), "verified": entries})
    else:
        print_table(["data set", "is"], [[path.name, fault or "whole"] for path, fault in found])
    if any(fault for _, fault in found):
        raise typer.Exit(1)
