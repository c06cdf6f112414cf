"""Slices: parts of the judged images that have something in common, and whether they fare differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.judge.intervals import wilson_interval
from pellucid.judge.look import brightness_and_drawn
from pellucid.judge.pairs import holm
from pellucid.record import Record

MOST_VALUES = 50  # of a column, that are a slice each
NUMBERS = 12  # different numbers in a column that make it one of amounts
QUARTERS = (0.25, 0.5, 0.75)
LEVEL = 0.05
EMPTY, OTHERS = "(empty)", "(others)"


class Slice(Record):
    """Images that have something in common.

    Attributes:
        by: What they have in common: ``class``, ``size``, ``brightness``, ``amount drawn``, or a column of a table.
        name: The value, or the range of values, that is theirs.
        count: How many they are.
        accuracy: Share of them that are answered right.
        interval: 95% Wilson interval of the accuracy.
        p_value: How probable at least so great a difference from all other images is if there is none, by Fisher's
            exact test, corrected for all slices that were looked at (Holm).
        differs: Whether that is less than 0.05.
    """

    by: str
    name: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    p_value: float
    differs: bool


def slices_of(right: Bool[ndarray, " count"], values: Mapping[str, Sequence[str]]) -> tuple[Slice, ...]:
    """Judge the slices that images fall into, each against all other images.

    Args:
        right: Which images are answered right.
        values: For each thing that images may have in common its name, and the value of each image. What all images
            have in common is no slice.
    """
    found: list[tuple[str, str, int, int]] = []
    for by, own in values.items():
        of_value = np.array(own, dtype=object)
        names = dict.fromkeys(own)
        members = [(name, of_value == name) for name in names] if len(names) > 1 else []
        found += [(by, name, int(right[rows].sum()), int(rows.sum())) for name, rows in members]
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(right) + 1)))])
    whole = int(right.sum())
    chances = holm([_fisher(hits, count, whole, len(right), logarithms) for _, _, hits, count in found])
    return tuple(
        Slice(
            by=by,
            name=name,
            count=count,
            accuracy=hits / count,
            interval=wilson_interval(hits, count),
            p_value=chance,
            differs=chance < LEVEL,
        )
        for (by, name, hits, count), chance in zip(found, chances, strict=True)
    )


def what_is_common(dataset: ImageDataset, columns: Mapping[str, Sequence[str]] | None = None) -> dict[str, list[str]]:
    """What images may have in common: their class, size, brightness, how much is drawn, and columns of a table.

    Args:
        dataset: The images.
        columns: The text of each image in columns of a table, by their name.
    """
    brightness, drawn = brightness_and_drawn(dataset.images)
    common = {"class": [dataset.class_names[label] for label in dataset.labels.tolist()]}
    if dataset.sizes is not None:
        common["size"] = in_quarters(dataset.sizes.max(axis=1).astype(np.float64), "{:.0f}", " pixels")
    common["brightness"] = in_quarters(brightness, "{:.2f}")
    common["amount drawn"] = in_quarters(drawn, "{:.1%}")
    return common | {name: _of_column(list(own)) for name, own in (columns or {}).items()}


def in_quarters(values: Float64[ndarray, " count"], form: str, unit: str = "") -> list[str]:
    """Amounts in at most four ranges that hold about as many each, as texts."""
    edges = np.unique(np.quantile(values, QUARTERS))
    quarter = np.searchsorted(edges, values, side="left")
    names: dict[int, str] = {}
    for number in np.unique(quarter).tolist():
        own = values[quarter == number]
        low, high = form.format(own.min()), form.format(own.max())
        names[number] = f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
    if len(set(names.values())) < len(names):  # they are nearer to each other than they are written
        return [f"{names[number]} ({number + 1} of {len(edges) + 1})" for number in quarter.tolist()]
    return [names[number] for number in quarter.tolist()]


def _of_column(texts: list[str]) -> list[str]:
    """The values of a column: numbers in quarters where there are many, and what is rare together."""
    numbers = _numbers([text for text in texts if text])
    if len(set(numbers)) > NUMBERS:
        ranges = iter(in_quarters(np.array(numbers), "{:g}"))
        return [next(ranges) if text else EMPTY for text in texts]
    commonest = {text for text, _ in Counter(texts).most_common(MOST_VALUES)}
    return [(text or EMPTY) if text in commonest else OTHERS for text in texts]


def _numbers(texts: Sequence[str]) -> list[float]:
    """The texts as numbers; nothing where one is none."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return []
    return numbers if np.isfinite(numbers).all() else []


def _fisher(hits: int, count: int, whole: int, total: int, logarithms: Float64[ndarray, " numbers"]) -> float:
    """Fisher's exact test, two-sided: as scipy's, which takes longer to import than a training takes.

    Args:
        hits: Right answers in the slice.
        count: Images in it.
        whole: Right answers among all images.
        total: All images.
        logarithms: Logarithm of the factorial of each number up to that.
    """

    def choose(many: int, few: ndarray) -> ndarray:
        return logarithms[many] - logarithms[few] - logarithms[many - few]

    possible = np.arange(max(0, count + whole - total), min(count, whole) + 1)
    chances = choose(whole, possible) + choose(total - whole, count - possible)
    chances = np.exp(chances - chances.max())
    own = chances[hits - possible[0]]
    return float(min(1.0, chances[chances <= own * (1 + 1e-7)].sum() / chances.sum()))
