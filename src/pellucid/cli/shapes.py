"""`pellucid shapes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json
from pellucid.cli.reading import Reading, reads_data, require_idle
from pellucid.cli.show import show

if TYPE_CHECKING:
    from pellucid.judge.speed import Speed
    from pellucid.spec.model import ModelSpec


@reads_data()
def shapes(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|DATA]", help="A run (folder, name, latest), or data that a recipe is to fit."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe: fast, accurate, tiny, tutorial or a .json file.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The network: shorthand or a .json file.")] = None,
    input_shape: Annotated[
        str | None,
        typer.Option("--input", help="Height x width x channels, for a recipe or shorthand.  [default: 28x28x1]"),
    ] = None,
    classes: Annotated[int, typer.Option(min=2, help="Number of classes, for a recipe.")] = 10,
    timed: Annotated[
        bool, typer.Option("--time", help="Measure how long the network takes for an image here, which needs torch.")
    ] = False,
    device: Device = "auto",
    *,
    reading: Reading,
    as_json: Json = False,
) -> None:
    """Walk one image's shape through a network: what each layer gives and costs, and what of the image is seen.

    Costs are weights, multiply-adds, memory of the activations and, with --time, the time for an image on this machine.

    \b
    Examples:
      pellucid shapes --recipe tutorial
      pellucid shapes --model "conv 32 3x3, maxpool 2x2 stride 1, flatten, dense 10"
      pellucid shapes latest
      pellucid shapes photos/ --recipe fast
      pellucid shapes latest --time
    """
    if device != "auto" and not timed:
        raise typer.BadParameter("--device says where --time measures; give both")
    shape, run, networks = input_shape and _read_shape(input_shape), source, 1
    if source and _is_data(source):
        from pellucid.data.load import load_data

        data = load_data(source, progress=True, **reading)
        run, shape, classes = None, data.train.input_shape, len(data.class_names)
    else:
        require_idle(reading, "no data are read")
    _require_one_network(run, recipe, model, shape)
    from pellucid.sections.shapes import shapes_section
    from pellucid.spec.network import network, require_layers

    if run:
        from pellucid.run.folder import find_run

        record = find_run(run).read_record()
        spec, networks = require_layers(record.model), record.train.vote
    else:
        spec = network(model, recipe or "fast", shape or None, classes)
    show(shapes_section(spec, networks, _speed(spec, networks, device) if timed else None), as_json, {})


def _speed(spec: ModelSpec, networks: int, device: str) -> Speed:
    """How long the network, or a vote of several, takes here; only this imports torch."""
    with uninterrupted():
        from pellucid.trained.speed import measure_speed

    return measure_speed(spec, networks, device=device)


def _is_data(source: str) -> bool:
    """Whether it names data and no run."""
    import os

    from pellucid.data.catalogue import CATALOGUE
    from pellucid.run.folder import RunFolder
    from pellucid.run.resolver import means

    is_there = os.path.exists(source)  # noqa: PTH110 - a Path raises for texts that are too long for one
    return not means(RunFolder, source) and (source in CATALOGUE or is_there)


def _require_one_network(run: str | None, recipe: str | None, model: str | None, shape: object) -> None:
    if sum(source is not None for source in (run, recipe, model)) > 1:
        raise typer.BadParameter("give one of RUN, --recipe and --model")
    if shape and (run or (model and model.endswith(".json"))):
        raise typer.BadParameter("a run and a .json file have an input of their own; leave --input out")


def _read_shape(text: str) -> tuple[int, int, int]:
    sizes = text.lower().replace("\u00d7", "x").split("x")
    if len(sizes) != 3 or not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(f"--input must be height x width x channels, like 28x28x1; received {text!r}")
    height, width, channels = map(int, sizes)
    return height, width, channels
