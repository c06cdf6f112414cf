"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

STUDIES = "Questions about training, answered by experiments that anyone can repeat."

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, a name below runs/, or latest.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Device = Annotated[
    str, typer.Option(help="Where to compute: auto (CUDA, then MPS, then CPU), cpu, cuda, cuda:N or mps.")
]
Precision = Annotated[str, typer.Option(help="Precision of the activations: auto, fp32, bf16 or fp16.")]
