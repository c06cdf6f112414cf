"""`pellucid maximize`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.pictures import Out, Untrained, require_room_beside, write_section
from pellucid.cli.show import show
from pellucid.errors import Fault, SettingError, unknown

if TYPE_CHECKING:
    from pellucid.interpret.maximize.targets import Target
    from pellucid.predict.predictor import Predictor

METHODS = {"raw": ("raw",), "constrained": ("constrained",), "both": ("raw", "constrained")}
FRAMES = 24


def maximize(
    run: RunArgument,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="A class to draw; may be repeated.  [default: all classes]")
    ] = None,
    layers: Annotated[
        list[str] | None, typer.Option("--layer", help="Show the filters of this layer instead; may be repeated.")
    ] = None,
    filters: Annotated[
        list[int] | None, typer.Option("--filter", help="A filter of the layer, counted from 0; may be repeated.")
    ] = None,
    neurons: Annotated[
        list[str] | None, typer.Option("--neuron", metavar="N,ROW,COL", help="One neuron of the layer; repeatable.")
    ] = None,
    method: Annotated[str, typer.Option(help="How to draw: raw, constrained or both.")] = "both",
    prior: Annotated[
        bool, typer.Option("--prior/--no-prior", help="Draw the constrained pictures from what training images share.")
    ] = True,
    steps: Annotated[int, typer.Option(min=1, help="How many steps the ascent takes.")] = 128,
    starts: Annotated[
        int | None, typer.Option(min=1, help="Pictures of each target; the best is shown.  [default: 8, filters 2]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The noise that the pictures begin with follows from it.")] = 0,
    singles: Annotated[
        bool, typer.Option("--singles", help="Write each picture shown as a PNG of its own too.")
    ] = False,
    animate: Annotated[bool, typer.Option("--animate", help="Write a GIF of the ascent too.")] = False,
    untrained: Untrained = False,
    out: Out = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw inputs that a class, a filter or a neuron answers most strongly, before its activation.

    Beside each picture stands the nearest training image: how far it is, against how far real images are that were
    held out, says whether the picture looks like the data.

    \b
    Examples:
      pellucid maximize latest
      pellucid maximize latest --class 3 --class 8 --animate
      pellucid maximize latest --layer conv2d_2 --filter 0 --filter 7 --method constrained
      pellucid maximize latest --untrained --json
    """
    if method not in METHODS:
        raise SettingError([unknown("method", method, METHODS)])
    if animate:
        require_room_beside(out, ".gif", "animation")
    with uninterrupted():
        from pellucid.interpret.maximize.portraits import portray
        from pellucid.run.folder import find_run
        from pellucid.sections.maximisation import animation_of, maximisation_section
        from pellucid.sections.maximisation import singles as singles_of
        from pellucid.sections.origin import Origin
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    targets = _targets(trained.predictor, classes, layers, filters, neurons)
    settings: dict[str, Any] = {"prior": prior, "untrained": untrained, "starts": starts, "steps": steps, "seed": seed}
    with _bar() as on_step:
        found = portray(trained, targets, METHODS[method], frames=FRAMES if animate else 0, on_step=on_step, **settings)
    section = maximisation_section(found, Origin(folder.path, trained.record.train.seed, untrained))
    written = write_section(section, out, folder)
    path = Path(written["picture"])
    own = _write_all(singles_of(found), path.with_suffix("")) if singles else []
    gif = _write(path.with_suffix(".gif"), animation_of(found, section.title)) if animate else None
    files = {"singles": own, "animation": gif, **written}
    show(section, as_json, files, paths=[*own, *([gif] if gif else []), *written.values()])


def _targets(
    predictor: Predictor,
    classes: list[str] | None,
    layers: list[str] | None,
    filters: list[int] | None,
    neurons: list[str] | None,
) -> list[Target]:
    from pellucid.interpret.maximize import class_targets, filter_targets, neuron_target

    if classes and layers:
        raise SettingError([Fault("--class and --layer must not stand together", remedy="Give the command twice.")])
    if (filters or neurons) and len(layers or []) != 1:
        rule, received = "--filter and --neuron need one --layer", str(len(layers or []))
        raise SettingError([Fault(rule, received, "Add one; pellucid shapes RUN lists the layers.")])
    if not layers:
        return class_targets(predictor, classes)
    places = [_place(text) for text in neurons or []]
    own = [] if places and not filters else layers
    whole = [target for layer in own for target in filter_targets(predictor, layer, filters or None)]
    return whole + [neuron_target(predictor, layers[0], *place) for place in places]


def _place(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
        raise SettingError([Fault("--neuron must be three numbers, N,ROW,COL", text, 'Write as "0,12,12".')])
    index, row, column = map(int, parts)
    return index, row, column


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each method on stderr, on a terminal only."""
    from rich.progress import MofNCompleteColumn, TaskID, TimeRemainingColumn

    from pellucid.bars import make_bar, stderr

    tasks: dict[str, TaskID] = {}
    with make_bar(stderr(), MofNCompleteColumn(), TimeRemainingColumn(compact=True)) as bar:

        def on_step(method: str, done: int, total: int) -> None:
            if method not in tasks:
                tasks[method] = bar.add_task(f"{method}, steps")
            bar.update(tasks[method], completed=done, total=total)

        yield on_step


def _write(file: Path, raw: bytes) -> str:
    from pellucid.run.files import write_file

    write_file(file, raw, make_folder=True)
    return str(file)


def _write_all(files: dict[str, bytes], folder: Path) -> list[str]:
    return [_write(folder / name, raw) for name, raw in files.items()]
