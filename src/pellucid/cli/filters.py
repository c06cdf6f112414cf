"""`pellucid filters`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.pictures import Out, Untrained, write_section
from pellucid.cli.show import show


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
        from pellucid.interpret.filters import filters_on_data
        from pellucid.run.folder import find_run
        from pellucid.sections.filters import filters_section
        from pellucid.sections.origin import Origin
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    found, without_images = filters_on_data(trained, layer, untrained=untrained, with_images=not no_data)
    origin = Origin(folder.path, trained.record.train.seed, untrained)
    section = filters_section(found, origin, without_images)
    show(section, as_json, write_section(section, out, folder))
