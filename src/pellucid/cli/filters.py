"""`pellucid filters`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.output import number, percent, print_json, print_table, say
from pellucid.cli.pictures import Out, Untrained, picture_path, write_numbers, write_picture

if TYPE_CHECKING:
    from pellucid.interpret.filters import Filter, LayerFilters
    from pellucid.trained.run import Run

MOST_IMAGES = 1000


def filters(
    run: RunArgument,
    layer: Annotated[
        str | None, typer.Option(help="The convolution to show, by its name.  [default: the first]")
    ] = None,
    untrained: Untrained = False,
    no_data: Annotated[
        bool, typer.Option("--no-data", help="Judge dead filters by their weights alone, without images.")
    ] = False,
    out: Out = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw the filters that a convolution has learned, on one scale; dead and duplicate ones are labelled.

    A filter is dead when the ReLU after it gives 0 everywhere on up to 1,000 of the run's training images, and a
    duplicate when its kernel points the way of an earlier one (cosine similarity of at least 0.98).

    \b
    Examples:
      pellucid filters latest
      pellucid filters latest --untrained
      pellucid filters runs/first --layer conv2d_2 --out filters.svg --json
    """
    with uninterrupted():
        from pellucid.interpret.control import untrained as untrained_of
        from pellucid.interpret.filters import filters_of
        from pellucid.plots.filters import filter_grid
        from pellucid.run.folder import find_run
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    predictor = trained.predictor
    shown = untrained_of(predictor) if untrained else predictor
    found = filters_of(shown, layer)
    if not no_data and (images := _sample(trained)) is not None:
        found = filters_of(shown, layer, images)
    path = picture_path(out, folder, f"filters-{found.layer}" + "-untrained" * untrained)
    title = _title(found, folder.path.resolve().name, predictor.record.train.seed, untrained)
    marks: dict[str, Any] = {"dead": found.dead, "duplicates": found.duplicates, "rule": found.rule}
    write_picture(filter_grid(found.kernels, title, **marks), path)
    rows = [dataclasses.asdict(filter_) for filter_ in found.filters]
    numbers = write_numbers(path, kernels=found.kernels, **_columns(rows))
    if as_json:
        document = {"run": str(folder.path), "layer": found.layer, "untrained": untrained, "dead_rule": found.rule}
        document |= {"measured_at": found.measured_at, "images": found.images, "filters": rows}
        print_json(document | {"numbers": str(numbers), "picture": str(path)})
        return
    _print(found)
    typer.echo(str(numbers))
    typer.echo(str(path))


def _sample(run: Run) -> Any:
    """Some training images, or None where the data cannot be had; then it says so."""
    from pellucid.errors import DataError
    from pellucid.trained.sample import training_sample

    try:
        return training_sample(run, MOST_IMAGES)
    except DataError as error:
        say(f"{error} Dead filters are judged by their weights alone.")
        return None


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The figures as a column each; what is not known is NaN, and -1 where it is the number of a filter."""
    missing: dict[str, Any] = {"duplicate_of": -1}
    return {key: [missing.get(key, float("nan")) if row[key] is None else row[key] for row in rows] for key in rows[0]}


def _title(found: LayerFilters, run: str, seed: int, untrained: bool) -> str:
    height, width, channels = found.kernels.shape[1:]
    what = "before training (control)" if untrained else "as learned"
    size = f"{len(found.filters)} filters of {height}x{width}x{channels}"
    return f"{found.layer}: {size}, kernels {what}. Run {run}, seed {seed}"


def _print(found: LayerFilters) -> None:
    print_table(
        ["filter", "norm", "mean", "min", "max", "positive", ""],
        [
            [str(f.number), *map(number, (f.norm, f.mean, f.minimum, f.maximum)), percent(f.positive_share), _words(f)]
            for f in found.filters
        ],
    )
    if found.measured_at:
        say(f"positive: share of the values of {found.measured_at} above 0, on {found.images:,} training images")
    say(f"{len(found.dead)} dead ({found.rule}); {len(found.duplicates)} like an earlier filter")


def _words(found: Filter) -> str:
    like = found.duplicate_of
    return ", ".join(["dead"] * found.dead + ([] if like is None else [f"like {like}"]))
