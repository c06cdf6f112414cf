"""Which pixels of an image speak for a class, and how far that can be trusted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.interpret.attribution.attribution import Attribution
from pellucid.interpret.attribution.explanation import Explanation
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.scores import Curves, Score, Scores
from pellucid.sections.origin import Origin
from pellucid.sections.section import Picture, Section, Table
from pellucid.spec.layers import times
from pellucid.text import printable, shortened
from pellucid.words import number, percent

if TYPE_CHECKING:
    from pellucid.plots.attribution import MapPanel, ProbabilityCurves
    from pellucid.plots.figures import Figure

HEADER = ("method", "layer", "deletion", "insertion", "random weights", "note")
VERDICTS = {
    "signs changed": "random weights differ in signs only",
    "unchanged": "random weights mark the same places",
}
NAME = 16  # columns of a class below the image
HOW_TO_READ = (
    "solid: marked pixels come (insertion)",
    "dashed: they turn black (deletion)",
    "pale: pixels in random orders",
    "\u03c1: likeness to maps of random weights",
)


def attribution_section(found: Explanation, origin: Origin, name: str = "attribution") -> Section:
    """The scores of each map, and the maps themselves beside the image.

    Args:
        found: The maps and their scores.
        origin: Whose answer they explain.
        name: Of the picture.
    """
    asked = found.maps[0]
    title = f"Which pixels speak for class {shortened(asked.class_name)}? {shortened(found.image.description)}"
    title += f"; run {origin.name}{origin.control(', untrained (control)')}; seed {found.seed}"
    text = f"{title}. The image beside one map a method, with what happens to the class's probability below each."
    return Section(
        title=title,
        document=_document(found, origin),
        body=(_table(found),),
        pictures=(Picture(name, text, partial(_figure, found, origin, title), _numbers(found)),),
        warnings=_warnings(found),
    )


def _table(found: Explanation) -> Table:
    rows = []
    for each, score in zip(found.maps, found.scores.each, strict=True):
        standings = found.scores.against_chance(score)
        cells = ["-", "-"]
        if score.curves is not None and standings is not None:
            cells = [f"{area:.2f} {standing}" for area, standing in zip(_areas(score.curves), standings, strict=True)]
        note = each.degenerate or ", ".join(_remarks(each, score))
        rows.append(
            (
                each.method,
                each.layer or "-",
                *cells,
                number(score.correlation, 2),
                note,
            )
        )
    chance = (number(value, 2) for value in _areas(found.scores.chance))
    rows.append(("random order", "-", *chance, "-", ""))
    asked = found.maps[0]
    caption = f"Which pixels speak for class {shortened(asked.class_name)} ({percent(asked.probability)})?"
    return Table(HEADER, tuple(rows), left=len(HEADER), caption=caption)


def _warnings(found: Explanation) -> tuple[str, ...]:
    left_out = ", ".join(found.left_out)
    without = [f"{left_out}: left out, since no layer of the network has maps larger than 1x1"] if left_out else []
    faults = [f"{each.method}: no map: {each.degenerate}" for each in found.maps if each.degenerate is not None]
    return (*without, *faults)


def _remarks(found: Attribution, score: Score) -> list[str]:
    remarks = [VERDICTS[score.verdict]] if score.verdict in VERDICTS else []
    if found.coarse and found.map_size:
        remarks.append(f"coarse: {times(found.map_size)} values over the image")
    if found.completeness is not None:
        total, difference = found.completeness.total, found.completeness.difference
        remarks.append(f"sum {total:.2f}, logit change {difference:.2f}")
    return remarks


def _areas(curves: Curves) -> tuple[float, float]:
    """Mean areas of deletion and insertion."""
    return float(curves.deletion_areas.mean()), float(curves.insertion_areas.mean())


def _figure(found: Explanation, origin: Origin, title: str) -> Figure:
    from pellucid.plots.attribution import attribution_maps

    answered = f"{origin.control('trained ')}answer {shortened(found.answer, NAME)} ({percent(found.confidence, 1)})"
    caption = (f"label {shortened(found.label or 'unknown', NAME)}", answered, *HOW_TO_READ)
    panels = [_panel(each, score, found.scores) for each, score in zip(found.maps, found.scores.each, strict=True)]
    return attribution_maps(found.image.pixels, caption, panels, _curves(found.scores.chance), title)


def _panel(found: Attribution, score: Score, scores: Scores) -> MapPanel:
    from pellucid.plots.attribution import MapPanel

    method = METHODS[found.method]
    return MapPanel(
        title=method.title + (f", {printable(found.layer or '')} {times(found.map_size)}" if found.map_size else ""),
        unit=method.unit,
        values=found.values,
        signed=found.signed,
        degenerate=found.degenerate,
        notes=_notes(found, score, scores),
        curves=None if score.curves is None else _curves(score.curves),
    )


def _curves(found: Curves) -> ProbabilityCurves:
    from pellucid.plots.attribution import ProbabilityCurves

    return ProbabilityCurves(found.moved, found.deletion.mean(axis=0), found.insertion.mean(axis=0))


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


def _numbers(found: Explanation) -> dict[str, Any]:
    chance = found.scores.chance
    arrays = {"image": found.image.pixels, "moved": chance.moved}
    arrays |= {"deletion_random": chance.deletion, "insertion_random": chance.insertion}
    for each, score in zip(found.maps, found.scores.each, strict=True):
        arrays[f"map_{each.method}"] = each.values
        if score.curves is not None:
            arrays[f"deletion_{each.method}"] = score.curves.deletion[0]
            arrays[f"insertion_{each.method}"] = score.curves.insertion[0]
    return arrays


def _document(found: Explanation, origin: Origin) -> dict[str, Any]:
    chance = {"deletion": found.scores.chance.deletion_areas, "insertion": found.scores.chance.insertion_areas}
    pairs = zip(found.maps, found.scores.each, strict=True)
    return {
        "run": str(origin.path),
        "image": found.image.description,
        "label": found.label,
        "answer": found.answer,
        "untrained": origin.untrained,
        "seed": found.seed,
        "class": found.maps[0].class_name,
        "probability": found.maps[0].probability,
        "baseline": "black",
        "random_order": {
            name: {"mean": float(areas.mean()), "least": float(areas.min()), "most": float(areas.max())}
            for name, areas in chance.items()
        },
        "methods": {each.method: _method(each, score, found.scores) for each, score in pairs},
    }


def _method(found: Attribution, score: Score, scores: Scores) -> dict[str, Any]:
    areas = (None, None) if score.curves is None else _areas(score.curves)
    standings = scores.against_chance(score) or (None, None)
    adds_up = found.completeness
    return {
        "layer": found.layer,
        "map_size": found.map_size,
        "coarse": found.coarse,
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
