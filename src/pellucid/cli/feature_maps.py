"""`pellucid feature-maps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.output import number, percent, print_json, print_table, say
from pellucid.cli.pictures import Out, Untrained, picture_path, write_numbers, write_picture
from pellucid.names import plain_name

if TYPE_CHECKING:
    from pellucid.interpret.feature_maps import LayerMaps

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="An image file; or test:17, train:17, an image of the run's data by number.",
    ),
]


def feature_maps(
    run: RunArgument,
    image: Image,
    layer: Annotated[
        str | None, typer.Option(help="Draw all maps of this layer.  [default: some of each layer]")
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    untrained: Untrained = False,
    out: Out = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw what every layer gives for an image, from the image itself to the probabilities.

    The values of all layers go into an .npz file beside the picture, under the layers' names.

    \b
    Examples:
      pellucid feature-maps latest digit.png --invert
      pellucid feature-maps latest test:17 --layer conv2d_1
      pellucid feature-maps runs/first test:17 --untrained --json
    """
    with uninterrupted():
        from pellucid.interpret.control import untrained as untrained_of
        from pellucid.interpret.feature_maps import feature_maps as feature_maps_of
        from pellucid.interpret.images import read_image_argument
        from pellucid.interpret.layers import require_layer
        from pellucid.plots.feature_maps import layer_grid, layer_walk
        from pellucid.run.folder import find_run
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    predictor = trained.predictor
    pixels, label, description = read_image_argument(trained, image, invert)
    layers = feature_maps_of(untrained_of(predictor) if untrained else predictor, pixels)
    by_name = {each.name: each for each in layers}
    if layer is not None:
        require_layer(layer, by_name)
    path = picture_path(out, folder, _file_name(layer, description, untrained))
    names = predictor.class_names
    answer = _answer(layers[-1], names)
    about = f"{description}{'' if label is None else f' (true class {names[label]})'}, answer {answer}"
    about += f". Run {folder.path.resolve().name}, seed {predictor.record.train.seed}"
    about += ", before training (control)" * untrained
    if layer is None:
        figure = layer_walk(layers, f"Every layer for {about}", names)
    else:
        figure = layer_grid(by_name[layer], layers[0].values, f"{layer} for {about}", names)
    write_picture(figure, path)
    numbers = write_numbers(path, **{each.name: each.values for each in layers})
    rows = [_figures(each) for each in layers]
    if as_json:
        document = {"run": str(folder.path), "image": description, "untrained": untrained}
        document |= {"true_class": None if label is None else names[label], "layers": rows}
        document |= {"probabilities": dict(zip(names, layers[-1].values.tolist(), strict=True))}
        print_json(document | {"numbers": str(numbers), "picture": str(path)})
        return
    print_table(["layer", "shape", "min", "max", "mean", "zero"], [_texts(row) for row in rows], left=2)
    say(f"answer {answer}")
    typer.echo(str(numbers))
    typer.echo(str(path))


def _file_name(layer: str | None, description: str, untrained: bool) -> str:
    return plain_name("-".join(["feature-maps", *([layer] if layer else []), description]) + "-untrained" * untrained)


def _answer(probabilities: LayerMaps, names: tuple[str, ...]) -> str:
    best = int(probabilities.values.argmax())
    return f"{names[best]} ({percent(float(probabilities.values[best]), 1)})"


def _figures(layer: LayerMaps) -> dict[str, Any]:
    values = layer.values
    return {
        "name": layer.name,
        "shape": list(values.shape),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "mean": float(values.mean()),
        "zero_share": float((values == 0).mean()),
    }


def _texts(row: dict[str, Any]) -> list[str]:
    shape = "x".join(map(str, row["shape"]))
    figures = [number(row[key]) for key in ("minimum", "maximum", "mean")]
    return [row["name"], shape, *figures, percent(row["zero_share"], 1)]
