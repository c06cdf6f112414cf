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

DEFAULT_SHAPE = (28, 28, 1)


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
    run = source
    if source and _is_data(source):
        from pellucid.data.load import load_data

        data = load_data(source, progress=True, **reading)
        run, input_shape, classes = None, times_of(data.train.input_shape), len(data.class_names)
    else:
        require_idle(reading, "no data are read")
    spec, networks = _spec(run, recipe, model, input_shape, classes), _networks(run)
    from pellucid.sections.shapes import shapes_section

    show(shapes_section(spec, networks, _speed(spec, networks, device) if timed else None), as_json, {})


def _speed(spec: ModelSpec, networks: int, device: str) -> Speed:
    """How long the network, or a vote of several, takes here; only this imports torch."""
    with uninterrupted():
        from pellucid.trained.speed import measure_speed

    return measure_speed(spec, networks, device=device)


def _networks(run: str | None) -> int:
    """How many networks answer in a run."""
    from pellucid.run.folder import find_run

    return find_run(run).read_record().train.vote if run else 1


def _is_data(source: str) -> bool:
    """Whether it names data and no run."""
    import os

    from pellucid.data.catalogue import CATALOGUE
    from pellucid.run.folder import RunFolder
    from pellucid.run.resolver import means

    is_there = os.path.exists(source)  # noqa: PTH110 - a Path raises for texts that are too long for one
    return not means(RunFolder, source) and (source in CATALOGUE or is_there)


def times_of(shape: tuple[int, ...]) -> str:
    """A shape as `--input` takes it."""
    return "x".join(map(str, shape))


def _spec(run: str | None, recipe: str | None, model: str | None, input_shape: str | None, classes: int) -> ModelSpec:
    from pellucid.errors import Fault, SpecError
    from pellucid.run.folder import find_run
    from pellucid.spec.model import FactorySpec, ModelSpec, names_factory
    from pellucid.spec.recipes import recipe as named_recipe

    if sum(source is not None for source in (run, recipe, model)) > 1:
        raise typer.BadParameter("give one of RUN, --recipe and --model")
    if input_shape and (run or (model and model.endswith(".json"))):
        raise typer.BadParameter("a run and a .json file have an input of their own; leave --input out")
    shape = _read_shape(input_shape) if input_shape else None
    if model is None:
        named = named_recipe(recipe or "fast", shape or DEFAULT_SHAPE, classes).model
        spec = find_run(run).read_record().model if run else named
        if isinstance(spec, FactorySpec):
            raise SpecError([Fault("Shapes are known for layers only", f"the factory {spec.factory}")])
        return spec
    if names_factory(model):
        raise SpecError([Fault("Shapes are known for layers only", f"the factory {model}")])
    if model.endswith(".json"):
        return ModelSpec.from_file(model)
    return ModelSpec.from_shorthand(
        model, shape or (None if model.lstrip().lower().startswith("input") else DEFAULT_SHAPE)
    )


def _read_shape(text: str) -> tuple[int, int, int]:
    sizes = text.lower().replace("\u00d7", "x").split("x")
    if len(sizes) != 3 or not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise typer.BadParameter(f"--input must be height x width x channels, like 28x28x1; received {text!r}")
    height, width, channels = map(int, sizes)
    return height, width, channels
