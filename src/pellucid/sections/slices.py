"""Parts of the judged images that have something in common, and whether they fare otherwise than all other images."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pellucid.judge.slices import EMPTY, OTHERS, Slice
from pellucid.language import tell
from pellucid.sections.section import Section, Table
from pellucid.text import shortened
from pellucid.words import counted, percent

MOST_SHOWN = 5
NAME = 40  # columns of what a slice has in common
NUMBER = r"-?[\d.]+(?:e[+-]\d+)?%?"  # as `judge.slices` writes it
RANGE = re.compile(rf"({NUMBER})(?: to ({NUMBER}))?( pixels)?(?: \((\d) of (\d)\))?")
ALWAYS = {"class", "size", "brightness", "amount drawn"}  # what images are sliced by without being asked


def slices_section(slices: Sequence[Slice]) -> Section:
    """The slices that are told from all other images; where there are none, those with the lowest accuracy.

    Args:
        slices: All that were looked at, one or more.
    """
    body = slices_told(slices)
    if not any(isinstance(part, Table) for part in body):
        body.append(_table(slices, tell("all differences may be chance")))
    return Section(
        title=tell("Slices"),
        document={"slices": [one.model_dump(mode="json") for one in slices]},
        body=tuple(body),
    )


def slices_told(slices: Sequence[Slice]) -> list[str | Table]:
    """The slices of columns that were asked for, and of the others those that differ from all other images.

    Args:
        slices: All that were looked at.
    """
    asked = [one for one in slices if one.by not in ALWAYS]
    columns = {one.by: [other for other in asked if other.by == one.by] for one in asked}
    found = [_table(own, tell("slices by {column}", column=shortened(by))) for by, own in columns.items()]
    if not slices:
        return [*found]
    differing = [one for one in slices if one.differs and one.by in ALWAYS]
    told = tell(
        "{differing} of {slices} by class, size and look differ from all other images (Fisher's test, Holm)",
        differing=len(differing),
        slices=counted(len(slices) - len(asked), "slice"),
    )
    return [*found, _table(differing, told) if differing else told]


def _table(slices: Sequence[Slice], caption: str) -> Table:
    shown = sorted(slices, key=lambda one: one.accuracy)[:MOST_SHOWN]
    rows = tuple(
        (
            f"{_common(one)}: {shortened(_name(one), NAME)}",
            f"{one.count:,}",
            percent(one.accuracy),
            tell("{low} to {high}", low=percent(one.interval[0]), high=percent(one.interval[1])),
            tell("yes") if one.differs else tell("no"),
        )
        for one in shown
    )
    if len(shown) < len(slices):
        caption = tell("{what}; the {count} with the lowest accuracy", what=caption, count=len(shown))
    header = (tell("slice"), tell("images"), tell("accuracy"), tell("95% interval"), tell("differs"))
    return Table(header, rows, caption=caption)


def _common(one: Slice) -> str:
    """What the images of a slice have in common."""
    named = {
        "class": tell("class"),
        "size": tell("size"),
        "brightness": tell("brightness"),
        "amount drawn": tell("amount drawn"),
    }
    return named.get(one.by) or shortened(one.by, NAME)


def _name(one: Slice) -> str:
    """The value of a slice, whose words are translated where they are Pellucid's and not of the data."""
    if one.by == "class":
        return one.name
    if one.name in {EMPTY, OTHERS}:
        return tell("(empty)") if one.name == EMPTY else tell("(others)")
    written = RANGE.fullmatch(one.name)
    if written is None:
        return one.name
    low, high, unit, number, count = written.groups()
    told = tell("{low} to {high}", low=low, high=high) if high else low
    told = tell("{size} pixels", size=told) if unit else told
    return tell("{values} ({number} of {count})", values=told, number=number, count=count) if number else told
