"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.run.files import require_place

DATA = "See which data there are, look into them, and copy them without faults."
STUDIES = "Questions about training, answered by experiments that anyone can repeat."

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, a name below runs/, or latest.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Device = Annotated[
    str, typer.Option(help="Where to compute: auto (CUDA, then MPS, then CPU), cpu, cuda, cuda:N or mps.")
]
Precision = Annotated[str, typer.Option(help="Precision of the activations: auto, fp32, bf16 or fp16.")]

Keep = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Share of images like those trained on that is answered; the others are unknown.  [default: 0.99]",
    ),
]
NoUnknown = Annotated[bool, typer.Option("--no-unknown", help="Answer every image, however strange or doubtful.")]


def asking(keep: float | None, no_unknown: bool) -> dict[str, Any]:
    """How a run is asked, as `Predictor.predict` takes it.

    Raises:
        typer.BadParameter: The options contradict each other.
    """
    if no_unknown and keep is not None:
        raise typer.BadParameter("give either --keep or --no-unknown")
    return {"unknown": not no_unknown, "keep": keep}


def file_place(path: Path | None) -> Path | None:
    """See that the file that was asked for, if any, can be written, before work is done.

    Raises:
        RunError: It cannot be written there.
    """
    return path and require_place(path)
