"""`pellucid serve`."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device
from pellucid.cli.output import print_text, say
from pellucid.machine import cores


def serve(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="A run folder, a name below runs/, latest (the default), or an export's folder."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at. Another than loopback needs a token in PELLUCID_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = 8000,
    max_body: Annotated[float, typer.Option(metavar="MIB", help="Most MiB of a request's body.")] = 4,
    max_pixels: Annotated[int, typer.Option(help="Most pixels of an image in colour.")] = 1_800_000,
    max_images: Annotated[int, typer.Option(help="Most images of one request.")] = 32,
    max_waiting: Annotated[
        int, typer.Option(help="Most images that wait for their answer; more get status 429.")
    ] = 128,
    max_connections: Annotated[int, typer.Option(help="Most connections; the longest idle one makes room.")] = 256,
    processes: Annotated[
        int, typer.Option(help="Processes that decode images: more are faster for large ones, where there are cores.")
    ] = 1,
    client_seconds: Annotated[
        float, typer.Option(help="Seconds that a client may take to send its header, and again for its body.")
    ] = 5,
    device: Device = "auto",
) -> None:
    """Answer for images over HTTP, until Ctrl-C.

    POST an image to /v1/predict: the answer is JSON with the class, the probabilities, whether it is unknown and why.
    /openapi.json describes all paths. Images are read as pellucid predict reads them. Only this machine reaches the
    server unless --host says otherwise; clients then send the token, as in Authorization: Bearer TOKEN. When the server
    listens it prints its URL on stdout. Try it:
    curl --data-binary @digit.png -H 'Content-Type: image/png' http://127.0.0.1:8000/v1/predict
    Needs the extra: pip install 'pellucid[serve]'

    \b
    Examples:
      pellucid serve latest
      pellucid serve runs/first --port 0
      pellucid serve latest --host 0.0.0.0 --max-pixels 13000000
    """
    from pellucid.serve.extra import require_libraries

    require_libraries()
    from pellucid.run.resolver import LATEST
    from pellucid.serve.address import TOKEN, Address
    from pellucid.serve.limits import MIB, Limits

    limits = Limits(
        body_bytes=round(max_body * MIB),
        buffered_bytes=round(2 * max_body * MIB),
        pixels=max_pixels,
        images=max_images,
        waiting=max_waiting,
        connections=max_connections,
        processes=processes,
        client_seconds=client_seconds,
    )
    token = os.environ.get(TOKEN)
    # Before torch reads it. Where threads outnumber cores they wait for each other, many times as long as they work.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() - 1 - processes)))
    with contextlib.closing(Address.bind(host, port)) as address:
        address.require_token(token)
        with uninterrupted():
            from pellucid.serve.model import Model
            from pellucid.serve.server import server
            from pellucid.serve.service import Service

            service = Service(Model.load(run or LATEST, device=device), limits)

        def tell() -> None:
            print_text(address.url)
            sys.stdout.flush()
            name = service.model.name
            say(f"{name} answers for images that are posted to {address.url}/v1/predict. Ctrl-C ends it.")

        server(service, address, token, tell).run(sockets=[address.socket])
