"""What is wrong with a data set: leaks, duplicates, conflicting labels, gaps, files not used."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.audit.findings import Audit, Duplicates, Oddities
from pellucid.sections.section import Section, Table
from pellucid.text import printable

LINES_SHOWN = 10
MEMBERS_SHOWN = 4


def audit_section(found: Audit) -> Section:
    """What an audit found; of each kind of finding the first ten are named."""
    rows = tuple(
        (each.name, *(str(each.counts[split]) for split in found.splits), str(each.total)) for each in found.classes
    )
    lists = (
        _groups("exact duplicates", found.exact),
        _groups("near duplicates", found.near),
        _groups("mirrored or turned copies", found.turned),
        _groups("crops", found.cropped) if found.cropped else "",
        _lines("classes too small to split", [f"{small.name}: {small.reason}" for small in found.small_classes]),
        _lines("images of one single colour", [f"{member.label} ({member.place})" for member in found.constant]),
        *map(_odd, found.odd),
        _lines("files not used", [f"{file.source}: {file.reason}" for file in found.rejected]),
    )
    return Section(
        title=found.title,
        document=found.model_dump(mode="json"),
        body=(
            printable(found.title),
            Table(("class", *found.splits, "all"), rows),
            "\n".join(map(printable, (*found.summary, *found.notes))),
            *filter(None, lists),
        ),
        remarks=(printable(found.label_hint),),
    )


def _odd(odd: Oddities) -> str:
    lines = [f"{each.value:.2f}: {each.member.label} ({each.member.place})" for each in odd.images[:LINES_SHOWN]]
    return _lines(odd.heading, lines, len(odd.images))


def _groups(heading: str, duplicates: Duplicates) -> str:
    lines = []
    for group in duplicates.groups[:LINES_SHOWN]:
        shown = [f"{member.label} ({member.place})" for member in group.telling(MEMBERS_SHOWN)]
        more = len(group.members) - len(shown)
        marks = "".join(f"[{mark}] " for mark in group.marks)
        lines.append(f"{marks}{'; '.join(shown)}" + (f"; and {more} more" if more else ""))
    return _lines(heading, lines, len(duplicates.groups))


def _lines(heading: str, lines: Sequence[str], total: int | None = None) -> str:
    """The first lines below their heading; nothing where there are none."""
    shown, total = lines[:LINES_SHOWN], len(lines) if total is None else total
    if not shown:
        return ""
    more = [f"  and {total - len(shown)} more"] if total > len(shown) else []
    return "\n".join([heading, *(f"  {printable(line)}" for line in shown), *more])
