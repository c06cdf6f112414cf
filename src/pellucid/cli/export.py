"""`pellucid export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.explore import export_page
from pellucid.cli.options import Json
from pellucid.cli.show import show

PROOF_IMAGES = 200


def export(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run folder, a name below runs/, or latest (the default).")
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="The format to write: onnx; int8 (ONNX in 8 bits, smaller, not exact); torch (a program of"
            " torch.export); safetensors (weights, and the network as JSON); c (one C99 file, for microcontrollers);"
            " html (the page of pellucid explore, in one file).",
        ),
    ] = "onnx",
    out: Annotated[
        Path | None, typer.Option(help="The folder to write.  [default: exports/ and the name of the run]")
    ] = None,
    maps: Annotated[
        bool,
        typer.Option(
            "--maps", help="Give what each layer makes of an image as further outputs, by its name; onnx only."
        ),
    ] = False,
    raw_images: Annotated[
        bool,
        typer.Option(
            "--raw-images",
            help="Write raw.onnx, too, which takes images of any size and resizes them itself; onnx only.",
        ),
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How much accuracy an export in int8 may cost, as a share.  [default: 0.01]"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Data to take the images of the proof from, where the run's own are not here."),
    ] = None,
    proof_images: Annotated[
        int, typer.Option(min=0, help="How many of the images of the proof go into the folder, for --verify elsewhere.")
    ] = PROOF_IMAGES,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let the export take the place of an older one.")
    ] = False,
    verify: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Prove the export in this folder again, without its run and without torch."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a trained network as ONNX or in another format, with the proof that it answers elsewhere as here.

    Run and export answer the test split, or the validation split where there is none, each in a process of its own. If
    a probability differs by more than 1e-4, or an answer that is no tie, nothing is written and the images are named.
    In int8, which is not exact, the accuracy is held against the run's on the same images: it must not be worse by
    more than --margin, and the 95% interval of the difference must show that.
    The folder has the network, labels.json, parity.json (the proof), README.md (how to use it, for somebody who has
    never heard of Pellucid) and images of the proof. ONNX needs the extra: pip install 'pellucid[export]'. C needs a
    compiler. Exports in torch and c are code, which --verify runs only with --trust.

    \b
    Examples:
      pellucid export latest
      pellucid export runs/first --out shipped --maps
      pellucid export runs/small --format c --out sketch
      pellucid export --verify shipped
    """
    if verify is not None:
        if run is not None:
            raise typer.BadParameter("--verify needs no run: give either")
        from pellucid.export.verify import verify_export
        from pellucid.sections.export import verification_section

        show(verification_section(verify_export(verify)), as_json, {})
        return
    if form == "html":
        if maps or raw_images or data or margin is not None:
            rule = "--maps, --raw-images, --margin and --data are of other formats than html"
            raise typer.BadParameter(f"{rule}: leave them out")
        export_page(run or "latest", out, overwrite=overwrite, images=proof_images > 0, as_json=as_json)
        return
    from pellucid.export.export import export_folder
    from pellucid.run.folder import find_run
    from pellucid.sections.export import export_section

    exported = export_folder(
        find_run(run or "latest"),
        out,
        form=form,
        maps=maps,
        raw_images=raw_images,
        margin=margin,
        data=data,
        proof_images=proof_images,
        overwrite=overwrite,
    )
    show(export_section(exported), as_json, {}, [str(exported.path)])
