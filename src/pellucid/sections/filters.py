"""The filters of a convolution: what they look like, which are dead and which are alike."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.interpret.filters import Filter, LayerFilters
from pellucid.language import tell
from pellucid.names import plain_name
from pellucid.sections.origin import Origin
from pellucid.sections.section import Gallery, Picture, Section, Table, Tile
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
    dead = tell("{count} dead ({rule})", count=len(found.dead), rule=found.rule)
    text = tell("{title}. One tile a filter, red above zero and blue below. {dead}.", title=title, dead=dead)
    header = (tell("filter"), tell("norm"), tell("mean"), tell("min"), tell("max"), tell("positive"), "")
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
        body=(Table(header, tuple(map(_cells, found.filters))),),
        pictures=(
            Picture(
                name=plain_name(f"filters-{found.layer}{origin.suffix}", keep="."),
                alternative_text=text,
                draw=partial(_figure, found, title),
                numbers={"kernels": found.kernels, **_columns(rows)},
            ),
        ),
        galleries=(Gallery(tell("Red is above zero, blue below, white at zero."), partial(_gallery, found)),),
        remarks=(
            *_reading(found),
            tell("{dead}; {count} like an earlier filter", dead=dead, count=len(found.duplicates)),
        ),
        warnings=_missing(without_images),
    )


def _missing(why: str | None) -> tuple[str, ...]:
    return (tell("{why} Dead filters are judged by their weights alone.", why=why),) if why else ()


def _title(found: LayerFilters, origin: Origin) -> str:
    height, width, channels = found.kernels.shape[1:]
    what = tell("before training (control)") if origin.untrained else tell("as learned")
    return tell(
        "{layer}: {filters} of {shape}, kernels {what}. Run {run}, seed {seed}",
        layer=printable(found.layer),
        filters=counted(len(found.filters), "filter"),
        shape=f"{height}x{width}x{channels}",
        what=what,
        run=origin.name,
        seed=origin.seed,
    )


def _gallery(found: LayerFilters) -> list[Tile]:
    from pellucid.plots.filters import filter_tiles

    tiles, reading = filter_tiles(found.kernels)
    return [
        Tile(tile, f"{tell('filter')} {filter_.number}. {reading}", (str(filter_.number), *_standing(filter_)))
        for tile, filter_ in zip(tiles, found.filters, strict=False)
    ]


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
    return [
        tell("positive: share of the values of {layer} above 0, on {images}", layer=found.measured_at, images=images)
    ]


def _cells(found: Filter) -> tuple[str, ...]:
    figures = map(number, (found.norm, found.mean, found.minimum, found.maximum))
    return (str(found.number), *figures, percent(found.positive_share), ", ".join(_standing(found)))


def _standing(found: Filter) -> list[str]:
    """What is to be said of a filter that gives nothing, or nothing of its own."""
    like = found.duplicate_of
    return [tell("dead")] * found.dead + ([] if like is None else [tell("like {number}", number=like)])
