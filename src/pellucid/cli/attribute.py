"""`pellucid attribute`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.output import number, percent, print_json, print_table, say
from pellucid.cli.pictures import Out, Untrained, picture_path, write_numbers, write_picture
from pellucid.names import plain_name

if TYPE_CHECKING:
    from pellucid.interpret.attribution.attribution import Attribution
    from pellucid.interpret.attribution.scores import Curves, Score, Scores
    from pellucid.plots.figures import Figure
    from pellucid.predict.predictor import Predictor

ALL = "all"
VERDICTS = {
    "signs changed": "random weights differ in signs only",
    "unchanged": "random weights mark the same places",
}
HOW_TO_READ = (
    "solid: marked pixels come (insertion)",
    "dashed: they turn black (deletion)",
    "pale: pixels in random orders",
    "\u03c1: likeness to maps of random weights",
)


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
        typer.Option(help="Whose maps Grad-CAM and Layer-CAM take.  [default: the last convolution of at least 3x3]"),
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
        from pellucid.interpret.attribution.attribution import attribute as explain
        from pellucid.interpret.attribution.scores import score_maps
        from pellucid.interpret.control import untrained as as_built
        from pellucid.interpret.images import read_image_argument
        from pellucid.run.folder import find_run
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device)
    predictor = trained.predictor
    methods = _methods(predictor, method or [ALL], layer)
    chosen = read_image_argument(trained, image, invert)
    probabilities = predictor.probabilities(chosen.pixels[None], alone=True)[0]
    picture = picture_path(out, folder, _name(image, target, untrained))
    shown = as_built(predictor) if untrained else predictor
    asked = int(probabilities.argmax()) if target is None else target
    maps = [explain(shown, chosen.pixels, name, asked, fitting, seed) for name, fitting in methods]
    scores = score_maps(shown, chosen.pixels, maps, seed)
    title = f"Which pixels speak for class {maps[0].class_name}? {chosen.description}; run {folder.path.name}"
    title += f"{', untrained (control)' if untrained else ''}; seed {seed}"
    answer = predictor.class_names[int(probabilities.argmax())]
    label = None if chosen.label is None else predictor.class_names[chosen.label]
    answered = f"{'trained ' * untrained}answer {answer} ({percent(float(probabilities.max()), 1)})"
    caption = (f"label {label or 'unknown'}, {answered}", *HOW_TO_READ)
    write_picture(_figure(chosen.pixels, caption, maps, scores, title), picture)
    numbers = write_numbers(picture, **_arrays(chosen.pixels, maps, scores))
    for found in maps:
        if found.degenerate is not None:
            say(f"{found.method}: no map: {found.degenerate}")
    if not as_json:
        _print(maps, scores)
        typer.echo(str(picture))
        return
    about = {"run": str(folder.path), "image": chosen.description, "label": label, "answer": answer}
    about |= {"untrained": untrained, "seed": seed, "class": maps[0].class_name, "probability": maps[0].probability}
    files = {"picture": str(picture), "numbers": str(numbers)}
    print_json(about | _document(maps, scores) | files)


def _methods(predictor: Predictor, names: Sequence[str], layer: str | None) -> list[tuple[str, str | None]]:
    """The methods to use, each once, and the layer for those that need one."""
    from pellucid.interpret.attribution.maps import map_layers
    from pellucid.interpret.attribution.methods import METHODS
    from pellucid.interpret.layers import require_layer

    layered = [name for name, method in METHODS.items() if method.layered]
    asked = list(dict.fromkeys(require_layer(name.replace("-", "_"), [*METHODS, ALL], "method") for name in names))
    if ALL in asked:
        asked = list(METHODS)
        if layer is None and not map_layers(predictor):
            say(f"{', '.join(layered)}: left out, since no layer of the network has maps larger than 1x1")
            asked = [name for name in METHODS if name not in layered]
    fits = [name for name in asked if name in layered] or asked  # a layer that fits none is a fault to be told
    return [(name, layer if name in fits else None) for name in asked]


def _name(image: str, target: str | None, untrained: bool) -> str:
    parts = ["attribution", image, *([] if target is None else ["class", target]), *(["untrained"] * untrained)]
    return plain_name("-".join(Path(part).name for part in parts))


def _figure(pixels: Any, caption: Sequence[str], maps: Sequence[Attribution], scores: Scores, title: str) -> Figure:
    from pellucid.interpret.attribution.methods import METHODS
    from pellucid.plots.attribution import MapPanel, ProbabilityCurves, attribution_maps

    def curves(found: Curves) -> ProbabilityCurves:
        return ProbabilityCurves(found.moved, found.deletion.mean(axis=0), found.insertion.mean(axis=0))

    panels = [
        MapPanel(
            title=METHODS[found.method].title + (f", {found.layer}" if found.layer else ""),
            unit=METHODS[found.method].unit,
            values=found.values,
            signed=found.signed,
            degenerate=found.degenerate,
            notes=_notes(found, score, scores),
            curves=None if score.curves is None else curves(score.curves),
        )
        for found, score in zip(maps, scores.each, strict=True)
    ]
    return attribution_maps(pixels, caption, panels, curves(scores.chance), title)


def _notes(found: Attribution, score: Score, scores: Scores) -> list[str]:
    """What stands below a map."""
    standings = scores.against_chance(score)
    if score.curves is None or standings is None:
        return ["no scores"]
    chance = (scores.chance.deletion_areas, scores.chance.insertion_areas)
    lines = [
        f"{name} {area:.2f} {standing} random {areas.min():.2f}\u2013{areas.max():.2f}"
        for name, area, standing, areas in zip(
            ("deletion", "insertion"), _areas(score.curves), standings, chance, strict=True
        )
    ]
    if score.correlation is None:
        lines.append("random weights give no map")
    else:
        signs = "" if score.signed_correlation is None else f", signed {score.signed_correlation:.2f}"
        lines.append(f"\u03c1 {score.correlation:.2f}{signs}")
    return [*lines, *_remarks(found, score)]


def _remarks(found: Attribution, score: Score) -> list[str]:
    remarks = [VERDICTS[score.verdict]] if score.verdict in VERDICTS else []
    if found.completeness is not None:
        total, difference = found.completeness.total, found.completeness.difference
        remarks.append(f"sum {total:.2f}, logit change {difference:.2f}")
    return remarks


def _areas(curves: Curves) -> tuple[float, float]:
    """Mean areas of deletion and insertion."""
    return float(curves.deletion_areas.mean()), float(curves.insertion_areas.mean())


def _arrays(pixels: Any, maps: Sequence[Attribution], scores: Scores) -> dict[str, Any]:
    arrays = {"image": pixels, "moved": scores.chance.moved}
    arrays |= {"deletion_random": scores.chance.deletion, "insertion_random": scores.chance.insertion}
    for found, score in zip(maps, scores.each, strict=True):
        arrays[f"map_{found.method}"] = found.values
        if score.curves is not None:
            arrays[f"deletion_{found.method}"] = score.curves.deletion[0]
            arrays[f"insertion_{found.method}"] = score.curves.insertion[0]
    return arrays


def _document(maps: Sequence[Attribution], scores: Scores) -> dict[str, Any]:
    chance = {"deletion": scores.chance.deletion_areas, "insertion": scores.chance.insertion_areas}
    spread = {
        name: {"mean": float(areas.mean()), "least": float(areas.min()), "most": float(areas.max())}
        for name, areas in chance.items()
    }
    methods = {}
    for found, score in zip(maps, scores.each, strict=True):
        areas = (None, None) if score.curves is None else _areas(score.curves)
        standings = scores.against_chance(score) or (None, None)
        adds_up = found.completeness
        methods[found.method] = {
            "layer": found.layer,
            "degenerate": found.degenerate,
            "deletion": areas[0],
            "insertion": areas[1],
            "against_random_order": {"deletion": standings[0], "insertion": standings[1]},
            "random_weights": {
                "rank_correlation": score.correlation,
                "signed_rank_correlation": score.signed_correlation,
                "verdict": score.verdict,
            },
            "completeness": adds_up
            and {"sum": adds_up.total, "logit_change": adds_up.difference, "gap": adds_up.gap, "holds": adds_up.holds},
        }
    return {"baseline": "black", "random_order": spread, "methods": methods}


def _print(maps: Sequence[Attribution], scores: Scores) -> None:
    typer.echo(f"Which pixels speak for class {maps[0].class_name} ({percent(maps[0].probability)})?")
    rows = []
    for found, score in zip(maps, scores.each, strict=True):
        standings = scores.against_chance(score)
        cells = ["-", "-"]
        if score.curves is not None and standings is not None:
            cells = [f"{area:.2f} {standing}" for area, standing in zip(_areas(score.curves), standings, strict=True)]
        note = found.degenerate or ", ".join(_remarks(found, score))
        rows.append([found.method, found.layer or "-", *cells, number(score.correlation, 2), note])
    rows.append(["random order", "-", *(number(value, 2) for value in _areas(scores.chance)), "-", ""])
    print_table(["method", "layer", "deletion", "insertion", "random weights", "note"], rows, left=6)
