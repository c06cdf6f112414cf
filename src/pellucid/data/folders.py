"""Folders and archives of images: what each image's class and split are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pellucid.data.annotations import annotations_of
from pellucid.data.arrangement import Arrangement, Place, arrangement_of
from pellucid.data.formats import is_image, suffix_of
from pellucid.data.listing import Content, Entry, Listing, natural_order
from pellucid.data.rejected import Rejected
from pellucid.data.rows import TABLE_SUFFIXES, read_rows
from pellucid.data.tables import column_of, groups_notes, list_table
from pellucid.data.trees import Parts, Tree
from pellucid.errors import DataError
from pellucid.spec.label_pattern import label_in, require_quick
from pellucid.spec.reading import ReadSpec
from pellucid.words import counted, some

Labeller = Callable[[Parts], Place]


def list_by_folders(tree: Tree) -> Listing:
    """List the images whose folders say their classes.

    Below the top, or below ``train``, ``validation`` and ``test`` in it, each folder is a class; what lies deeper
    belongs to it. Splits may also stand below the classes; see `arrangement_of`. A ``val_annotations.txt`` gives the
    classes of the images below its folder.

    Raises:
        DataError: There are no images, the arrangement is ambiguous, or the annotations cannot be read.
    """
    arrangement = _arrangement(tree, (parts for parts, _ in tree.images))
    annotations = annotations_of(tree)
    places = {folder: arrangement.place(folder) for folder in {parts[:-1] for parts, _ in tree.images}}

    def place(parts: Parts) -> Place:
        found = places[parts[:-1]]
        if arrangement.splits and not found.split:
            return found
        label = annotations.label(parts, found.split)
        return Place(label, found.split) if label else found

    entries, rejected = _labelled(tree, place, annotations.files)
    notes = (*arrangement.notes, *_empty_classes(tree, arrangement, entries))
    return Listing(tree.name, tuple(entries), (*rejected, *annotations.rejected), notes)


def list_by_names(tree: Tree, pattern: str) -> Listing:
    """List the images whose own names say their classes; the folders say the splits.

    Args:
        tree: The files.
        pattern: A regular expression for the whole name without its suffix; its one group is the class.

    Raises:
        DataError: There are no images, or the pattern would take too long on their names.
    """
    arrangement = _arrangement(tree, (parts for parts, _ in tree.images))
    stems = {parts: os.path.splitext(parts[-1])[0] for parts, _ in tree.images}  # noqa: PTH122 - may be millions
    require_quick(pattern, max(map(len, stems.values()), default=0))

    def place(parts: Parts) -> Place:
        label, split = label_in(stems[parts], pattern), arrangement.place(parts[:-1]).split
        return Place(label, split, f"no label: its name without the suffix does not fit {pattern}")

    entries, rejected = _labelled(tree, place)
    return Listing(tree.name, tuple(entries), tuple(rejected), arrangement.notes)


def list_by_metadata(tree: Tree, root: Path, tables: Sequence[Parts], reading: ReadSpec) -> Listing:
    """List the images that tables beside them name, as Hugging Face's imagefolder has it; the folders say the splits.

    Args:
        tree: The files.
        root: The folder that they lie in on disk; where it is not the tree's own, it is of an archive.
        tables: Each table, which names images by paths relative to itself.
        reading: Columns of the tables.

    Raises:
        DataError: A table cannot be read, or lacks a column.
    """
    within = None if root == tree.where else root
    listings = [list_table(root.joinpath(*parts), reading, within) for parts in tables]
    placed = [(entry, _below(root, entry.content)) for listing in listings for entry in listing.entries]
    arrangement = _arrangement(tree, (parts for _, parts in placed if parts))
    entries = [replace(entry, split=entry.split or arrangement.place(parts[:-1]).split) for entry, parts in placed]
    named = {parts for _, parts in placed}
    where = some(["/".join(parts) for parts in tables], 3)
    unnamed = [
        Rejected(tree.source(parts), f"no label: it is not named in {where}")
        for parts, _ in tree.images
        if parts not in named
    ]
    rejected = [fault for listing in listings for fault in listing.rejected]
    notes = _groups_notes([root.joinpath(*parts) for parts in tables], reading, entries)
    said = (f"the classes are those that {where} gives", *arrangement.notes, *notes)
    return Listing(tree.name, tuple(entries), (*tree.rejected, *rejected, *unnamed), said)


def with_metadata(listing: Listing, tree: Tree, root: Path, tables: Sequence[Parts], reading: ReadSpec) -> Listing:
    """The same images and classes, with the splits and groups that tables beside the images give.

    Args:
        listing: The images, whose names or folders say their classes.
        tree: The files.
        root: The folder that they lie in on disk.
        tables: Each table, as in `list_by_metadata`; a column of labels does not count.
        reading: Columns of the tables.

    Raises:
        DataError: A table cannot be read, lacks a column, or parts groups that were asked for.
    """
    within = None if root == tree.where else root
    paths = [root.joinpath(*parts) for parts in tables]
    told = [list_table(path, reading, within, labelled=False) for path in paths]
    rows = {tree.source(_below(root, row.content)): row for one in told for row in one.entries}
    entries = [_told(entry, rows.get(entry.source)) for entry in listing.entries]
    used = {tree.source(parts) for parts in tables}
    unused = [one for one in listing.rejected if one.source not in used]
    there = {tree.source(parts) for parts, _ in tree.images}
    astray = [
        Rejected(f"{row.row.table}, row {row.row.number}", "it names no image that is there", row.row)
        for source, row in rows.items()
        if row.row and source not in there
    ]
    where = some(["/".join(parts) for parts in tables], 3)
    said = f"what {where} says of the images is taken, such as splits and groups, but not their classes"
    notes = (*listing.notes, said, *_groups_notes(paths, reading, entries))
    rejected = (*unused, *(fault for one in told for fault in one.rejected), *astray)
    return replace(listing, entries=tuple(entries), rejected=rejected, notes=notes)


def _told(entry: Entry, row: Entry | None) -> Entry:
    """An image with what the row that names it says."""
    if row is None:
        return entry
    return replace(entry, split=row.split or entry.split, group=row.group, row=row.row)


def _groups_notes(tables: Sequence[Path], reading: ReadSpec, entries: Iterable[Entry]) -> list[str]:
    """What is said of groups, once the folders have said the splits."""
    columns = [column_of(table, read_rows(table).columns, "group", reading) for table in tables]
    column = next(filter(None, columns), None)
    return groups_notes(tables[0], column, reading, ((entry.group, entry.split) for entry in entries))


def _below(root: Path, content: Content) -> Parts:
    """The place of a file below a folder; empty where it lies elsewhere, or in no file of its own."""
    path, top = Path(os.path.normpath(content.path)), os.path.normpath(root)
    return path.relative_to(top).parts if content.raw is None and path.is_relative_to(top) else ()


def _arrangement(tree: Tree, images: Iterable[Parts]) -> Arrangement:
    return arrangement_of(str(tree.where), {parts[:-1] for parts in images})


def _labelled(tree: Tree, place: Labeller, others: Iterable[Parts] = ()) -> tuple[list[Entry], list[Rejected]]:
    """Give each image its class and split; the other files are rejected, but for those that are used otherwise."""
    used = set(others)
    entries, rejected = [], list(tree.rejected)
    for parts, content in tree.files:
        source = tree.source(parts)
        if not _is_utf8(source):
            printable = source.encode(errors="backslashreplace").decode()
            rejected.append(Rejected(printable, "its name is not UTF-8"))
        elif is_image(parts[-1]):
            label, split, reason = place(parts)
            if label:
                entries.append(Entry(source, content, label, split))
            else:
                rejected.append(Rejected(source, reason))
        elif parts not in used:
            rejected.append(Rejected(source, _no_image(parts[-1])))
    if not entries and not rejected:
        raise DataError(f"{tree.where}: no images were found. Put each class's images in a folder of its own.")
    return entries, rejected


def _no_image(name: str) -> str:
    suffix = suffix_of(name)
    if suffix == ".npy" or "-ubyte" in name:
        return (
            "arrays must be called x_train.npy and y_train.npy, or train-images-idx3-ubyte and train-labels-idx1-ubyte"
        )
    if suffix in TABLE_SUFFIXES:
        return "a table beside images that have their classes otherwise; give the table itself to use it"
    return f"not an image by its name ({suffix or 'no suffix'})"


def _empty_classes(tree: Tree, arrangement: Arrangement, entries: Iterable[Entry]) -> list[str]:
    """Say which folders stand where classes do, and hold nothing that can be used."""
    labels = {label for folder in tree.folders if (label := arrangement.place(folder).label)}
    empty = sorted(labels - {entry.label for entry in entries}, key=natural_order)
    if not empty:
        return []
    hold = "holds" if len(empty) == 1 else "hold"
    return [f"{counted(len(empty), 'folder')} beside the classes {hold} no usable image: {some(empty)}"]


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
