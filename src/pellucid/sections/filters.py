"""The filters of a convolution: what they look like, which are dead and which are alike."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.interpret.filters import Filter, LayerFilters
from pellucid.names import plain_name
from pellucid.sections.origin import Origin
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import printable
from pellucid.words import counted, number, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

MISSING: dict[str, Any] = {"duplicate_of": -1}  # in numbers; of other figures NaN


def filters_section(found: LayerFilters, origin: Origin, without_images: str | None = None) -> Section:
    """Figures of each filter, and all of them as tiles.

    Args:
        found: The filters.
        origin: Whose they are.
        without_images: Why no images could be looked at; None where they were, or were not wanted.
    """
    title = _title(found, origin)
    rows = [dataclasses.asdict(filter_) for filter_ in found.filters]
    dead = f"{len(found.dead)} dead ({found.rule})"
    text = f"{title}. One tile a filter, red above zero and blue below. {dead}."
    return Section(
        title=title,
        document={
            "run": str(origin.path),
            "layer": found.layer,
            "untrained": origin.untrained,
            "dead_rule": found.rule,
            "measured_at": found.measured_at,
            "images": found.images,
            "filters": rows,
        },
        body=(Table(("filter", "norm", "mean", "min", "max", "positive", ""), tuple(map(_cells, found.filters))),),
        pictures=(
            Picture(
                name=plain_name(f"filters-{found.layer}{origin.suffix}", keep="."),
                alternative_text=text,
                draw=partial(_figure, found, title),
                numbers={"kernels": found.kernels, **_columns(rows)},
            ),
        ),
        remarks=(*_reading(found), f"{dead}; {len(found.duplicates)} like an earlier filter"),
        warnings=(f"{without_images} Dead filters are judged by their weights alone.",) if without_images else (),
    )


def _title(found: LayerFilters, origin: Origin) -> str:
    height, width, channels = found.kernels.shape[1:]
    what = "before training (control)" if origin.untrained else "as learned"
    size = f"{counted(len(found.filters), 'filter')} of {height}x{width}x{channels}"
    return f"{printable(found.layer)}: {size}, kernels {what}. Run {origin.name}, seed {origin.seed}"


def _figure(found: LayerFilters, title: str) -> Figure:
    from pellucid.plots.filters import filter_grid

    return filter_grid(found.kernels, title, dead=found.dead, duplicates=found.duplicates, rule=found.rule)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The figures as a column each; what is not known is NaN, and -1 where it is the number of a filter."""
    return {key: [MISSING.get(key, float("nan")) if row[key] is None else row[key] for row in rows] for key in rows[0]}


def _reading(found: LayerFilters) -> list[str]:
    if not found.measured_at:
        return []
    images = counted(found.images, "training image", separator=",")
    return [f"positive: share of the values of {found.measured_at} above 0, on {images}"]


def _cells(found: Filter) -> tuple[str, ...]:
    figures = map(number, (found.norm, found.mean, found.minimum, found.maximum))
    like = found.duplicate_of
    words = ", ".join(["dead"] * found.dead + ([] if like is None else [f"like {like}"]))
    return (str(found.number), *figures, percent(found.positive_share), words)
