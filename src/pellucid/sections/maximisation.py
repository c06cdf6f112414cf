"""What a class, a filter or a neuron looks like to a network, and whether that looks like the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.interpret.legibility import Reference
from pellucid.interpret.maximize.bar import Bar
from pellucid.interpret.maximize.findings import Finding, Summary
from pellucid.interpret.maximize.portraits import Portraits
from pellucid.interpret.maximize.targets import OUTPUT
from pellucid.language import sentences, tell
from pellucid.names import plain_name
from pellucid.sections.file_names import single_name
from pellucid.sections.origin import Origin
from pellucid.sections.section import Gallery, Picture, Section, Table, Tile
from pellucid.text import printable, shortened
from pellucid.words import counted, number, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure
    from pellucid.plots.maximize import Cell


def maximisation_section(found: Portraits, origin: Origin) -> Section:
    """The picture of each target with its activation, and beside it the nearest training image.

    Args:
        found: The pictures.
        origin: Whose targets they are.
    """
    title = _title(found, origin)
    text = tell("{title}. One card a target: its pictures by each method, with their activations.", title=title)
    if found.reference:
        text = sentences(text, tell("Beside each stands the nearest training image."))
    header = (tell("target"), tell("method"), tell("reads"), tell("activation"), tell("distance"))
    name = plain_name("-".join(["maximize", *(_layers(found) or ["classes"])]), keep=".") + origin.suffix
    missing = tell(
        "{why} So there is no prior from data, and legibility is not measured.", why=found.without_data or ""
    )
    return Section(
        title=title,
        document=_document(found, origin),
        body=(Table(header, tuple(_cells(row) for row in _rows(found)), left=3),),
        pictures=(Picture(name, text, partial(_figure, found, title), _numbers(found)),),
        galleries=_galleries(found),
        remarks=_remarks(found),
        warnings=(missing,) if found.without_data else (),
    )


def singles(found: Portraits) -> dict[str, bytes]:
    """Each picture that is shown as a PNG file of its own, by its name; dead targets have none."""
    from pellucid.plots.maximize import png

    shown = (finding for findings in found.findings for finding in findings)
    return {
        f"{single_name(finding.method, finding.target.label)}.png": png(finding.image)
        for finding in shown
        if finding.image is not None
    }


def animation_of(found: Portraits, title: str) -> bytes:
    """The pictures that are shown on their way, as a GIF file; some were to be kept."""
    import numpy as np

    from pellucid.plots.animation import animation

    shown = np.concatenate([one.frames[:, range(len(one.best)), one.best] for one in found.made], axis=1)
    names = [target.label for one in found.made for target in one.targets]
    methods = "\n".join(f"{one.method}: {one.manner}" for one in found.made)
    return animation(shown, names, f"{title}\n{methods}")


def _layers(found: Portraits) -> list[str]:
    """The layers of the targets; none for classes."""
    return [name for name in dict.fromkeys(target.layer for target in found.made[0].targets) if name != OUTPUT]


def _title(found: Portraits, origin: Origin) -> str:
    layers = _layers(found)
    what = tell("filters of {layers}", layers=printable(", ".join(layers))) if layers else tell("class logits")
    control = origin.control(tell(", before training (control)"))
    seed = found.made[0].seed
    return tell(
        "What maximises {what}{control}. Run {run}, seed {seed}", what=what, control=control, run=origin.name, seed=seed
    )


def _galleries(found: Portraits) -> tuple[Gallery, ...]:
    """A card a target."""
    cards = zip(*found.findings, strict=True)
    return tuple(Gallery(printable(card[0].target.label), partial(_tiles, card)) for card in cards)


def _tiles(card: Sequence[Finding]) -> list[Tile]:
    """The picture of each method, and beside it the nearest training image."""
    tiles: list[Tile] = []
    for finding in card:
        label, near = shortened(finding.target.label), finding.nearest
        if finding.image is not None:
            pixels = (finding.image * 255).round().astype("uint8")
            text = tell("Input that maximises {target}, {method}.", target=label, method=finding.method)
            tiles.append(Tile(pixels, text, (finding.method, number(finding.activation, 1))))
        if near:
            star = "\u2605" if near.starred else ""
            text = tell("The training image nearest to it, of class {name}.", name=shortened(near.label))
            tiles.append(Tile(near.image, text, (tell("nearest"), f"{near.distance:.3f} {star}".strip())))
    return tiles


def _figure(found: Portraits, title: str) -> Figure:
    from pellucid.plots.maximize import Card, card_grid

    judged = found.reference is not None
    heads = [text for one in found.made for text in (one.method, *(["nearest\ntraining image"] * judged))]
    cards = [
        Card(printable(row[0].target.label), tuple(cell for finding in row for cell in _pictures(finding, judged)))
        for row in zip(*found.findings, strict=True)
    ]
    return card_grid(cards, heads, title, _how_to_read(found))


def _pictures(finding: Finding, judged: bool) -> list[Cell]:
    from pellucid.plots.maximize import Cell

    text = f"{finding.activation:.2f}" if finding.image is not None else "dead:\nno gradient"
    cells, near = [Cell(finding.image, text)], finding.nearest
    if judged:
        star = "*" if near and near.starred else ""
        read = f"\nread {printable(near.reading)}" if near and finding.target.layer == OUTPUT else ""
        cells.append(Cell(near.image, f"{near.distance:.3f}{star}{read}") if near else Cell(None, ""))
    return cells


def _how_to_read(found: Portraits) -> str:
    notes = [f"{one.method}: {one.manner}." for one in found.made]
    starts = counted(found.made[0].images.shape[1], "start")
    notes.append(f"Shown: of {starts} the one with the greatest activation, given below it.")
    if found.reference:
        images = counted(len(found.reference.images), "training image", separator=",")
        of_class = "" if _layers(found) else " of its class"
        read = (
            f"of a class, what the 5 nearest read ({percent(found.reference.read_right, 0)} of held-out images rightly)"
        )
        notes += [
            f"Beside it: cosine distance to the nearest of {images}, blurred by 3x3 and without means; {read}.",
            f"A star: nearer to an image{of_class} than 99% of pictures that know nothing (untrained network, noise).",
        ]
        notes += [f"{method}: {_bar(bar)}." for method, bar in found.bars.items()]
    return "\n".join(notes)


def _rows(found: Portraits) -> list[dict[str, Any]]:
    return [finding.row() for findings in found.findings for finding in findings]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    reads = tell("dead") if row["dead"] else row["reading"] or "-"
    return (row["label"], row["method"], reads, number(row["activation"], 2), number(row["distance"], 3))


def _remarks(found: Portraits) -> tuple[str, ...]:
    reference = found.reference
    if reference is None:
        return ()
    return tuple(
        _standing(name, summary, reference, found.bars[name])
        for name, summary in found.summaries.items()
        if summary.pictures
    )


def _bar(bar: Bar) -> str:
    """What a star of a method means."""
    real = percent(bar.real, 0)
    if bar.tells:
        near = "\u2013".join(dict.fromkeys(number(limit, 3) for limit in (bar.limits.min(), bar.limits.max())))
        return tell("starred within {near}, as {real} of held-out images are", near=near, real=real)
    return tell("no star can be given: only {real} of held-out images come nearer than what knows nothing", real=real)


def _standing(name: str, summary: Summary, reference: Reference, bar: Bar) -> str:
    """How all pictures of a method stand to real images."""
    stars = f"{percent(summary.share_starred, 0)} {_bar(bar)}" if bar.tells else _bar(bar)
    text = tell(
        "{method}: of {pictures} {stars}; median distance {median} (held-out images {held_out})",
        method=name,
        pictures=counted(summary.pictures, "picture"),
        stars=stars,
        median=number(summary.median_distance, 3),
        held_out=number(reference.median, 3),
    )
    if summary.read_right is None:
        return text
    right = percent(reference.read_right, 0)
    return text + tell(
        "; {count} read as their class ({right} of held-out images)", count=summary.read_right, right=right
    )


def _numbers(found: Portraits) -> dict[str, Any]:
    arrays: dict[str, Any] = {"targets": [target.label for target in found.made[0].targets]}
    for one in found.made:
        for name in ("images", "activations", "history", "moved"):
            arrays[f"{one.method}_{name}"] = getattr(one, name)
    return arrays


def _document(found: Portraits, origin: Origin) -> dict[str, Any]:
    first, reference = found.made[0], found.reference
    real = {"images": len(reference.images), "held_out": len(reference.distances)} if reference else None
    if reference and real:
        real |= {"median_distance": reference.median, "limit_distance": reference.limit}
        real |= {"read_right": reference.read_right}
    return {
        "run": str(origin.path),
        "untrained": origin.untrained,
        "starts": first.images.shape[1],
        "steps": len(first.history),
        "seed": first.seed,
        "reference": real,
        "methods": {
            one.method: {"drawn_as": one.painter}
            | dataclasses.asdict(found.summaries[one.method])
            | {"bar": _limits(found, one.method)}
            for one in found.made
        },
        "pictures": _rows(found),
    }


def _limits(found: Portraits, method: str) -> dict[str, Any] | None:
    """How near a picture must be to be starred, by class, or one limit for all filters."""
    if method not in found.bars:
        return None
    bar = found.bars[method]
    limits = bar.limits.tolist()
    return {"limits": limits[0] if len(limits) == 1 else limits, "held_out_share": bar.real, "tells": bar.tells}
