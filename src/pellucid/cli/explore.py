"""`pellucid explore`."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, file_place
from pellucid.cli.output import print_json, print_path, say
from pellucid.language import ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from pellucid.explore.serve import PageServer


def explore(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="A run folder, a name below runs/, or latest (the default).")
    ] = "latest",
    out: Annotated[
        Path | None,
        typer.Option(callback=file_place, help="Write the page to this HTML file, in place of opening it."),
    ] = None,
    language: Annotated[str, typer.Option(help=f"Language of the page: {' or '.join(LANGUAGES)}.")] = ENGLISH,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes longest: pictures that maximise filters and classes.")
    ] = False,
    no_images: Annotated[
        bool,
        typer.Option("--no-images", help="Leave the held-out images out, where they are not to be seen by others."),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of this machine to serve the page on.  [default: a free one]"),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the page's address, and do not open a browser.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw, and walk through your own network: a page that runs it in the browser, with its run's images and record.

    The page is served to this machine alone until Ctrl-C. With --out it is written to a file, which works offline and
    can be mailed; it holds the network's weights and some hundred held-out images.

    \b
    Examples:
      pellucid explore latest
      pellucid explore runs/first --out first.html
      pellucid explore latest --language zh --port 8000 --no-open
    """
    if out and (port is not None or no_open):
        raise typer.BadParameter("--port and --no-open are of a page that is served: leave them out, or --out")
    with uninterrupted():
        from pellucid.explore.write import explorer_page, write_explorer
    from pellucid.run.folder import find_run

    place = find_run(run).path
    settings: dict[str, Any] = {"language": language, "whole": not quick, "images": not no_images, "device": device}
    if out:
        with _bar() as on_step:
            file = write_explorer(place, out, **settings, on_step=on_step)
        _tell(place, file, as_json)
        return
    from pellucid.explore.serve import PageServer

    with PageServer(port or 0) as server:
        with _bar() as on_step:
            server.show(explorer_page(place, **settings, on_step=on_step))
        _serve(place, server, open_browser=not no_open, as_json=as_json)


def export_page(run: str, out: Path | None, *, overwrite: bool, images: bool, as_json: bool) -> None:
    """Write the page as an export of a run.

    Args:
        run: A run folder, a name below runs/, or latest.
        out: The HTML file; below exports/, by the name of the run, unless given.
        overwrite: Let it take the place of an older page.
        images: Put some held-out images into it.
        as_json: Print one JSON document.

    Raises:
        RunError: There is no such run, or something stands in that place.
    """
    with uninterrupted():
        from pellucid.explore.write import write_explorer
    from pellucid.errors import RunError
    from pellucid.run.files import require_own, require_place
    from pellucid.run.folder import find_run

    folder = find_run(run)
    file = require_place(out or Path("exports") / f"{folder.path.resolve().name}.html")
    if file.exists() and not overwrite:
        raise RunError(f"{file} exists already. Choose another --out, or give --overwrite to replace the page.")
    require_own(file, "the page")
    with _bar() as on_step:
        write_explorer(folder.path, file, images=images, on_step=on_step)
    _tell(folder.path, file, as_json)


def _tell(run: Path, file: Path, as_json: bool) -> None:
    if as_json:
        print_json({"run": str(run), "page": str(file), "bytes": file.stat().st_size})
    else:
        print_path(file)


def _serve(run: Path, server: PageServer, *, open_browser: bool, as_json: bool) -> None:
    """Serve the page until Ctrl-C, which is how this is done and no interruption."""
    if as_json:
        print_json({"run": str(run), "address": server.address, "bytes": len(server.content)})
    else:
        print_path(server.address)
    sys.stdout.flush()  # where it is read by a program
    say("Ctrl-C ends it.")
    if open_browser:
        Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("")


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal that shows how far long work has come."""
    from pellucid.bars import make_bar, stderr

    with make_bar(stderr()) as bar:
        task: Any = bar.add_task("explore", total=None)

        def on_step(name: str, done: int, total: int) -> None:
            bar.update(task, description=f"explore: {name}", completed=done, total=total)

        yield on_step
