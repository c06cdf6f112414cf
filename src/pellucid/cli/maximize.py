"""`pellucid maximize`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.output import number, percent, print_json, print_table, say
from pellucid.cli.pictures import Out, Untrained, picture_path, write_numbers, write_picture
from pellucid.errors import DataError, Fault, SettingError, unknown
from pellucid.names import plain_name

if TYPE_CHECKING:
    from pellucid.interpret.legibility import Reference
    from pellucid.interpret.maximize.findings import Finding, Summary
    from pellucid.interpret.maximize.maximized import Maximized
    from pellucid.interpret.maximize.prior import DataPrior
    from pellucid.interpret.maximize.targets import Target
    from pellucid.plots.maximize import Cell
    from pellucid.predict.predictor import Predictor
    from pellucid.trained.run import Run

METHODS = {"raw": ("raw",), "constrained": ("constrained",), "both": ("raw", "constrained")}
STARTS_OF_CLASSES, STARTS_OF_FILTERS = 8, 2
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
    with uninterrupted():
        from pellucid.interpret import maximize as ascent
        from pellucid.interpret.control import untrained as untrained_of
        from pellucid.interpret.maximize.findings import findings_of
        from pellucid.run.folder import find_run
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    predictor = trained.predictor
    targets = _targets(predictor, classes, layers, filters, neurons)
    reference, drawn = _real_images(trained, prior and method != "raw")
    shown = untrained_of(predictor) if untrained else predictor
    path = picture_path(out, folder, "-".join(["maximize", *(layers or ["classes"])]) + "-untrained" * untrained)
    settings: dict[str, Any] = {
        "starts": starts or (STARTS_OF_FILTERS if layers else STARTS_OF_CLASSES),
        "steps": steps,
        "seed": seed,
        "frames": FRAMES if animate else 0,
    }
    made, findings, summaries = [], [], {}
    for name in METHODS[method]:
        with _bar(name) as on_step:
            own = drawn if name == "constrained" else None
            made.append(ascent.maximize(shown, targets, method=name, prior=own, on_step=on_step, **settings))
        found, summaries[name] = findings_of(made[-1], reference)
        findings.append(found)
    title = _title(folder.path.name, layers, seed, untrained)
    _draw(findings, made, reference, title, path)
    files: dict[str, Any] = {"singles": _write_singles(findings, path) if singles else []}
    files["animation"] = _write_animation(made, title, path) if animate else None
    files |= {"numbers": str(_write_numbers(made, path)), "picture": str(path)}
    if as_json:
        document = {"run": str(folder.path), "untrained": untrained, **settings}
        del document["frames"]
        print_json(document | _document(made, findings, summaries, reference) | files)
        return
    _print(findings, summaries, reference)
    for file in (*files["singles"], files["animation"], files["numbers"], files["picture"]):
        if file:
            typer.echo(file)


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


def _real_images(run: Run, prior: bool) -> tuple[Reference | None, DataPrior | None]:
    """Real images of the run and a prior from them, or None where the data cannot be had; then it says so."""
    from pellucid.interpret.legibility import reference_of
    from pellucid.interpret.maximize import fit_prior
    from pellucid.trained.sample import sample_of

    try:
        sample = sample_of(run)
        return reference_of(sample), fit_prior(sample.train.images) if prior else None
    except DataError as error:
        say(f"{error} So there is no prior from data, and legibility is not measured.")
        return None, None


@contextmanager
def _bar(method: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, on a terminal only."""
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from pellucid.bars import make_bar, stderr

    with make_bar(stderr(), MofNCompleteColumn(), TimeRemainingColumn(compact=True)) as bar:
        task = bar.add_task(f"{method}, steps", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _title(run: str, layers: list[str] | None, seed: int, untrained: bool) -> str:
    what = f"filters of {', '.join(layers)}" if layers else "class logits"
    control = ", before training (control)" if untrained else ""
    return f"What maximises {what}{control}. Run {run}, seed {seed}"


def _draw(
    findings: list[list[Finding]], made: list[Maximized], reference: Reference | None, title: str, path: Path
) -> None:
    from pellucid.plots.maximize import Card, card_grid

    heads = [text for one in made for text in (one.method, *(["nearest\ntraining image"] * (reference is not None)))]
    cards = [
        Card(row[0].target.label, tuple(cell for finding in row for cell in _cells(finding, reference is not None)))
        for row in zip(*findings, strict=True)
    ]
    notes = [f"{one.method}: {one.manner}." for one in made]
    starts = made[0].images.shape[1]
    notes.append(f"Shown: of {starts} starts the one with the greatest activation, given below it.")
    if reference:
        notes.append(
            f"Beside it: cosine distance after a 3x3 blur to the nearest of {len(reference.images):,} training images, "
            f"starred within {reference.limit:.3f}\n(95% of held-out images; their median is {reference.median:.3f}), "
            "and, of a class, what the 5 nearest read."
        )
    write_picture(card_grid(cards, heads, title, "\n".join(notes)), path)


def _cells(finding: Finding, judged: bool) -> list[Cell]:
    from pellucid.interpret.maximize.targets import OUTPUT
    from pellucid.plots.maximize import Cell

    text = f"{finding.activation:.2f}" if finding.image is not None else "dead:\nno gradient"
    cells, near = [Cell(finding.image, text)], finding.nearest
    if judged:
        star = "*" if near and near.within else ""
        read = f"\nread {near.reading}" if near and finding.target.layer == OUTPUT else ""
        cells.append(Cell(near.image, f"{near.distance:.3f}{star}{read}") if near else Cell(None, ""))
    return cells


def _write_singles(findings: list[list[Finding]], path: Path) -> list[str]:
    from pellucid.plots.maximize import png
    from pellucid.run.files import write_file

    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    files = []
    for finding in (finding for found in findings for finding in found):
        if finding.image is not None:
            files.append(folder / f"{finding.method}-{plain_name(finding.target.label, keep='.,')}.png")
            write_file(files[-1], png(finding.image))
    return [str(file) for file in files]


def _write_animation(made: list[Maximized], title: str, path: Path) -> str:
    import numpy as np

    from pellucid.plots.maximize import animation
    from pellucid.run.files import write_file

    shown = np.concatenate([one.frames[:, range(len(one.best)), one.best] for one in made], axis=1)
    names = [target.label for one in made for target in one.targets]
    methods = "\n".join(f"{one.method}: {one.manner}" for one in made)
    file = path.with_suffix(".gif")
    write_file(file, animation(shown, names, f"{title}\n{methods}"))
    return str(file)


def _write_numbers(made: list[Maximized], path: Path) -> Path:
    arrays: dict[str, Any] = {"targets": [target.label for target in made[0].targets]}
    for one in made:
        for name in ("images", "activations", "history", "moved"):
            arrays[f"{one.method}_{name}"] = getattr(one, name)
    return write_numbers(path, **arrays)


def _document(
    made: list[Maximized], findings: list[list[Finding]], summaries: dict[str, Summary], reference: Reference | None
) -> dict[str, Any]:
    methods = {one.method: {"drawn_as": one.painter} | dataclasses.asdict(summaries[one.method]) for one in made}
    real = {"images": len(reference.images), "held_out": len(reference.distances)} if reference else None
    if reference and real:
        real |= {"median_distance": reference.median, "limit_distance": reference.limit}
    return {
        "reference": real,
        "methods": methods,
        "pictures": [finding.row() for found in findings for finding in found],
    }


def _print(findings: list[list[Finding]], summaries: dict[str, Summary], reference: Reference | None) -> None:
    cells = []
    for row in (finding.row() for found in findings for finding in found):
        reads = "dead" if row["dead"] else row["reading"] or "-"
        figures = number(row["activation"], 2), number(row["distance"], 3)
        cells.append((row["label"], row["method"], reads, *figures))
    print_table(["target", "method", "reads", "activation", "distance"], cells, left=3)
    for name, summary in summaries.items():
        if reference is None or not summary.pictures:
            continue
        text = f"{name}: of {summary.pictures} pictures {percent(summary.share_within, 0)} within {reference.limit:.3f}"
        text += (
            f" (95% of held-out images), median {number(summary.median_distance, 3)} (theirs {reference.median:.3f})"
        )
        say(text if summary.read_right is None else f"{text}, {summary.read_right} read as their class")
