"""What a copy of a data set is to leave out: findings of an audit by their kind, or what a list names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from pellucid.audit.examine import examine
from pellucid.audit.findings import HEADINGS, Audit, Duplicates, Group, Member, Text
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, Fault, SettingError, suggest
from pellucid.record import Record
from pellucid.untrusted import read

REPEATED = {
    "exact": "equal to",
    "near": "much like",
    "turned": "a mirrored or turned copy of",
    "cropped": "of one picture with",
}
DUPLICATES = ("exact", "near")
KINDS = ("duplicates", *REPEATED, "conflicts", "constant", *HEADINGS, "unreadable")
STAYS = ("test", "validation", "train")  # of images that are alike, one of the first of these splits stays
SHOWN = 5


class LeftOut(Record):
    """An image, or a file that is not used, that is to be left out.

    Attributes:
        split: train, validation or test; None for a file that is not used.
        index: Which image of the split, from 0; None for a file that is not used.
        label: The image's class; None for a file that is not used.
        source: The file or row; None where images have no names.
        kind: The kind of finding, or ``listed``.
        reason: Why it is left out.
    """

    split: str | None
    index: int | None
    label: Text | None
    source: Text | None
    kind: str
    reason: Text

    @classmethod
    def of(cls, member: Member, kind: str, reason: str) -> LeftOut:
        """An image that is left out for a reason."""
        return cls(**member.model_dump(), kind=kind, reason=reason)

    @classmethod
    def file(cls, source: str, kind: str, reason: str) -> LeftOut:
        """A file that is not used, and left out as well."""
        return cls(split=None, index=None, label=None, source=source, kind=kind, reason=reason)

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        if self.split is None:
            return str(self.source)
        return f"{self.split} {self.index}" + (f", {self.source}" if self.source else "")

    @property
    def key(self) -> tuple[str | None, int | str | None]:
        """What tells it from all others."""
        return self.split, self.source if self.split is None else self.index


def choose(splits: DataSplits, drops: Sequence[str]) -> tuple[tuple[LeftOut, ...], tuple[str, ...]]:
    """What is to be left out of a copy.

    Args:
        splits: The data.
        drops: Kinds of findings, of `KINDS`, and paths of lists: CSV with a column ``source``, or ``split`` and
            ``index``; or a source a line.

    Returns:
        What is left out, each once and with the first reason; and what the user should know of what stays.

    Raises:
        SettingError: A word is neither a kind nor a file.
        DataError: A list cannot be read, or names what the data do not have.
    """
    for drop in drops:
        if drop not in KINDS and not Path(drop).is_file():
            rule = f"What is left out must be a kind of finding ({', '.join(KINDS)}) or the path of a list"
            raise SettingError([Fault(rule, repr(drop), suggest(drop, KINDS))])
    kinds = [kind for drop in drops for kind in (DUPLICATES if drop == "duplicates" else (drop,)) if drop in KINDS]
    audit = examine(splits) if kinds else None
    named = [one for kind in kinds if audit for one in _of_kind(audit, kind)]
    named += [one for drop in drops if drop not in KINDS for one in _listed(splits, Path(drop))]
    found: dict[tuple[str | None, int | str | None], LeftOut] = {}
    for one in named:
        found.setdefault(one.key, one)
    return tuple(found.values()), _notes(audit, kinds) if audit else ()


def _of_kind(audit: Audit, kind: str) -> Iterator[LeftOut]:
    """What an audit found of a kind."""
    if kind == "unreadable":
        yield from (LeftOut.file(file.source, kind, file.reason) for file in audit.rejected)
        return
    found: list[tuple[Member, str]] = []
    if kind in REPEATED:
        found = [each for group in _groups(audit, kind) for each in _but_one(group, REPEATED[kind])]
    elif kind == "conflicts":
        conflicts = [group for group in audit.exact.groups if group.conflict]
        found = [(member, "equal images stand under two labels") for group in conflicts for member in group.members]
    elif kind == "constant":
        found = [(member, "of one single colour") for member in audit.constant]
    found += [
        (each.member, f"{HEADINGS[kind]} ({each.value:.2f})")
        for odd in audit.odd
        if odd.kind == kind
        for each in odd.images
    ]
    yield from (LeftOut.of(member, kind, reason) for member, reason in found)


def _groups(audit: Audit, kind: str) -> tuple[Group, ...]:
    """The groups of images that are alike in this way; none where they were not sought."""
    found: Duplicates | None = getattr(audit, kind)
    return found.groups if found else ()


def _but_one(group: Group, relation: str) -> list[tuple[Member, str]]:
    """All of a group but one; none where nobody knows which label is right."""
    if group.conflict:
        return []
    stays = min(group.members, key=lambda member: (STAYS.index(member.split), member.index))
    return [(member, f"{relation} {stays.place}") for member in group.members if member != stays]


def _notes(audit: Audit, kinds: Sequence[str]) -> tuple[str, ...]:
    """What was asked for and stays: groups whose labels differ, and crops that were not sought."""
    notes = []
    if groups := sum(group.conflict for kind in REPEATED if kind in kinds for group in _groups(audit, kind)):
        stay = "group of images that are alike stays" if groups == 1 else "groups of images that are alike stay"
        unknown = "since the labels differ and which is right is not known: list those that are wrong"
        notes.append(f"{groups} {stay} whole, {unknown}")
    if "cropped" in kinds and audit.cropped is None:
        notes.append("crops were not sought, as pellucid data audit explains, and none is left out")
    return tuple(notes)


def _listed(splits: DataSplits, path: Path) -> Iterator[LeftOut]:
    """What a list names.

    Raises:
        DataError: It cannot be read, or names what the data do not have.
    """
    pool, unused, places = Pool.of(splits), {file.source for file in splits.rejected}, _places(splits)
    missing = []
    for row in _rows(path):
        source, place = row.get("source") or "", f"{row.get('split')} {row.get('index')}"
        named = [at for at in places.get(place, ()) if not source or at in places.get(source, ())] or places.get(source)
        reason = row.get("reason") or f"listed in {path.name}"
        if named:
            yield from (LeftOut.of(pool.member(at), "listed", reason) for at in named)
        elif source in unused:
            yield LeftOut.file(source, "listed", reason)
        else:
            missing.append(source or place)
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        rule = "a list must name images of the data by source, or by split and index"
        raise DataError(f"{path}: {rule}; received {', '.join(missing[:SHOWN])}{more}. Make the list from these data.")


def _places(splits: DataSplits) -> dict[str, list[int]]:
    """The rows of the pool that are called by a source, or by split and index as in ``train 7``."""
    places: dict[str, list[int]] = {}
    row = 0
    for split, dataset in Pool.of(splits).datasets.items():
        for index in range(len(dataset)):
            places.setdefault(f"{split} {index}", []).append(row)
            if dataset.sources:
                places.setdefault(dataset.sources[index], []).append(row)
            row += 1
    return places


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a list by the names of its columns; a list without such names is one of sources."""
    try:
        text = read(path).decode("utf-8-sig")
        cells = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: the list cannot be read ({error}).") from None
    columns = [name.strip().lower() for name in cells[0]] if cells else []
    if "source" in columns or {"split", "index"} <= set(columns):
        return [dict(zip(columns, row, strict=False)) for row in cells[1:]]
    return [{"source": line.strip("\r")} for line in text.split("\n") if line.strip()]
