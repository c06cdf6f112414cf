"""`pellucid feature-maps`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.pictures import Out, Untrained, write_section
from pellucid.cli.show import show

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
        from pellucid.run.folder import find_run
        from pellucid.sections.feature_maps import feature_maps_section
        from pellucid.sections.origin import Origin
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    chosen = read_image_argument(trained, image, invert)
    layers = feature_maps_of(untrained_of(trained) if untrained else trained, chosen.pixels)
    origin = Origin(folder.path, trained.record.train.seed, untrained)
    section = feature_maps_section(layers, chosen, trained.class_names, origin, layer)
    show(section, as_json, write_section(section, out, folder))
