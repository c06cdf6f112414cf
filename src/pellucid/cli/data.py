"""`pellucid data`: what there is, what is in it, what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.data_audit import audit
from pellucid.cli.data_get import get
from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_table, say
from pellucid.cli.reading import notes_of
from pellucid.plots.formats import format_of

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits, ImageDataset

app = typer.Typer(help="See which data there are, and look into them.", no_args_is_help=True, rich_markup_mode=None)
app.command()(audit)
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
        typer.echo(name)
    say("A folder, a table, an .npz file or an archive of your own serves as well; see: pellucid train --help")


@app.command()
def show(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set's name, or your own images.")] = "mnist",
    augment: Annotated[
        str | None, typer.Option("--augmented", help="Show variants: shift=0.1,rotation=10,noise=0.05 …")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which images are shown, and how they are varied.")] = 0,
    out: Annotated[Path, typer.Option(help="A .png or .svg file.")] = Path("data.png"),
    as_json: Json = False,
) -> None:
    """Draw a picture of some images of each class, or of augmented variants of them.

    \b
    Examples:
      pellucid data show mnist
      pellucid data show photos/ --augmented shift=0.1,rotation=10 --out variants.png
    """
    from pellucid.data.load import load_data

    format_of(out)
    splits = load_data(data, progress=True)
    for note in notes_of(splits):
        say(note)
    _draw(splits, augment, seed, out)
    counts = {"train": len(splits.train)}
    counts |= {"validation": len(splits.validation)} if splits.validation else {}
    counts |= {"test": len(splits.test)} if splits.has_test else {}
    if as_json:
        document = {"data": splits.name, "counts": counts, "class_names": splits.class_names}
        print_json(document | {"input_shape": splits.train.input_shape, "file": str(out)})
        return
    typer.echo(f"{splits.name}: {', '.join(f'{count:,} {name}' for name, count in counts.items())} images")
    typer.echo(f"{len(splits.class_names)} classes: {', '.join(splits.class_names)}")
    typer.echo("x".join(map(str, splits.train.input_shape)))
    typer.echo(str(out))


@app.command()
def cache(
    clean: Annotated[bool, typer.Option("--clean", help="Remove all; they are decoded anew when needed.")] = False,
    as_json: Json = False,
) -> None:
    """List the decoded images that are kept on disk, or remove them.

    \b
    Examples:
      pellucid data cache
      pellucid data cache --clean
    """
    from pellucid.data.cache import cache_folder, clean_cache, list_cache

    entries = list_cache()
    freed = clean_cache() if clean else 0
    if as_json:
        kept = [] if clean else [{"name": path.name, "bytes": size} for path, size in entries]
        print_json({"folder": str(cache_folder()), "entries": kept, "freed_bytes": freed})
    elif clean:
        typer.echo(f"freed {freed / 2**20:.1f} MiB")
    else:
        print_table(["data set", "MiB"], [[path.name, f"{size / 2**20:.1f}"] for path, size in entries])
        typer.echo(str(cache_folder()))


def _draw(splits: DataSplits, augment: str | None, seed: int, out: Path) -> None:
    from pellucid.plots.figures import render
    from pellucid.plots.images import image_grid
    from pellucid.run.files import write_file
    from pellucid.spec.augment import AugmentSpec

    spec = AugmentSpec.from_text(augment) if augment else None
    rows = _sample(splits.train, 1 if spec else 10, seed)
    images: list[Any] = [splits.train.images[row] for row in rows]
    titles = [splits.class_names[splits.train.labels[row]] for row in rows]
    title = f"{splits.name}, training images"
    if spec:
        images, titles = _variants(splits, rows, spec, seed)
        title = f"{splits.name}: first the image, then variants of it ({augment}, seed {seed})"
    write_file(out, render(image_grid(images, titles, title), out.suffix.lower().lstrip(".")))


def _sample(dataset: ImageDataset, per_class: int, seed: int) -> list[int]:
    """Some images of each class, of ten classes at most."""
    import numpy as np

    random = np.random.default_rng(seed)
    rows: list[int] = []
    for label in range(min(10, len(dataset.class_names))):
        own = np.flatnonzero(dataset.labels == label)
        rows += random.permutation(own)[:per_class].tolist()
    return rows


def _variants(splits: DataSplits, rows: list[int], spec: Any, seed: int) -> tuple[list[Any], list[str]]:
    with uninterrupted():
        import numpy as np
        import torch

        from pellucid.batches.augment import augment
        from pellucid.batches.images import as_input

    images, titles = [], []
    for row in rows:
        image = as_input(torch.from_numpy(np.array(splits.train.images[row : row + 1])))
        varied = augment(image.repeat(9, 1, 1, 1), spec, seed + row)
        images += [picture.permute(1, 2, 0).numpy() for picture in torch.cat([image, varied])]
        titles += [splits.class_names[splits.train.labels[row]], *[""] * 9]
    return images, titles
