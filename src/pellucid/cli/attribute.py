"""`pellucid attribute`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.pictures import Out, Untrained, write_section
from pellucid.cli.show import show

ALL = "all"


def attribute(
    run: RunArgument,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="An image file, or test:17, or train:17.")],
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="How to explain: saliency, smoothgrad, integrated_gradients, grad_cam, layer_cam, occlusion, or all; "
            "may be repeated.",
            show_default=ALL,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="The class to explain.  [default: the predicted one]")
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="Whose maps Grad-CAM and Layer-CAM take.  [default: the last convolution with fine maps]"),
    ] = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Noise, random orders and random weights follow from it.")] = 0,
    untrained: Untrained = False,
    out: Out = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Show which pixels of an image speak for its answer, by several methods, and how far each can be trusted.

    Deletion and insertion say what the marked pixels do to the class's probability, beside random orders. A map that
    networks of random weights give as well does not show what was learned.

    \b
    Examples:
      pellucid attribute latest digit.png
      pellucid attribute latest test:17 --class 3 --method grad_cam --method occlusion
      pellucid attribute runs/first test:17 --untrained --json
    """
    with uninterrupted():
        from pellucid.interpret.attribution.explanation import explain
        from pellucid.interpret.images import read_image_argument
        from pellucid.run.folder import find_run
        from pellucid.sections.attribution import attribution_section
        from pellucid.sections.file_names import attribution_name
        from pellucid.sections.origin import Origin
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    chosen = read_image_argument(trained, image, invert)
    found = explain(trained, chosen, method or [ALL], target, layer, untrained=untrained, seed=seed)
    origin = Origin(folder.path, trained.record.train.seed, untrained)
    section = attribution_section(found, origin, attribution_name(image, target, untrained))
    files = write_section(section, out, folder)
    show(section, as_json, {"picture": files["picture"], "numbers": files["numbers"]}, paths=[files["picture"]])
