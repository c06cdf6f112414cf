"""Options that say how images are read from files."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.output import print_table, say
from pellucid.text import printable
from pellucid.words import counted, some

if TYPE_CHECKING:
    from pellucid.audit.findings import Group
    from pellucid.data.dataset import DataSplits
    from pellucid.spec.reading import ReadSpec

MOST_COMPARED = 5000  # images among which a training seeks near duplicates: about a second of work

ImageSize = Annotated[
    str | None, typer.Option(help="Height x width that images are brought to.  [default: as they are, or 64x64]")
]
Channels = Annotated[
    int | None, typer.Option(help="Channels of an image, 1 or 3.  [default: colour where any image has it]")
]
Fit = Annotated[str | None, typer.Option(help="How to bring images to the size: stretch, pad or crop.")]
Background = Annotated[int | None, typer.Option(help="Grey value below what is transparent or padded, 0 to 255.")]
ValueRange = Annotated[
    str | None,
    typer.Option(
        metavar="LOW:HIGH",
        help="Values in the files that become black and white; full: what the files' format can hold; auto: the same, "
        "but the training images' own range where that is less than an eighth of it.  [default: auto]",
    ),
]
MaxBad = Annotated[float | None, typer.Option(help="Share of the files that may be unreadable.  [default: 0.01]")]
TestSplit = Annotated[
    float | None, typer.Option(help="Share held out for testing where the data have no test split.  [default: 0.1]")
]
NoTest = Annotated[bool, typer.Option("--no-test", help="Hold out no test split.")]
Column = Annotated[str | None, typer.Option(help="Column of a table, where its name does not say it.")]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        help="Column of the class, where its name does not say it; of a table of pixels without header, first or last."
    ),
]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        help="Column of what is never parted, unless it is called group, patient, subject or writer (with or without"
        " _id)."
    ),
]
NoGroups = Annotated[bool, typer.Option("--no-groups", help="Let a split part rows of one group, patient or writer.")]

LabelFrom = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN",
        help="Take the classes from the files' names: a regular expression for the whole name without its suffix, "
        'whose one group is the class. "(.*)_\\d+" makes cat of cat_001.jpg.',
    ),
]


def reading_settings(
    image_size: str | None = None,
    test_split: float | None = None,
    no_test: bool = False,
    no_groups: bool = False,
    **others: Any,
) -> dict[str, Any]:
    """Settings of `ReadSpec` from those options that were given.

    Raises:
        typer.BadParameter: Two options contradict each other, or the size is none.
    """
    if no_test and test_split is not None:
        raise typer.BadParameter("give either --test-split or --no-test")
    settings = {name: value for name, value in others.items() if value is not None}
    if image_size is not None:
        sizes = image_size.lower().replace("\u00d7", "x").split("x")
        if len(sizes) > 2 or not all(size.isdecimal() for size in sizes):
            raise typer.BadParameter(f"--image-size must be like 64x64 or 64; received {image_size!r}")
        settings["image_size"] = (int(sizes[0]), int(sizes[-1]))
    if ":" in settings.get("value_range", ""):
        settings["value_range"] = _value_range(settings["value_range"])
    if test_split is not None or no_test:
        settings["test_split"] = None if no_test else test_split
    if no_groups:
        if others.get("group_column") is not None:
            raise typer.BadParameter("give either --group-column or --no-groups")
        settings["group_column"] = None
    return settings


def _value_range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in text.split(":"))
    except ValueError:
        rule = "--value-range must be like 0:4095, or full or auto"
        raise typer.BadParameter(f"{rule}; received {text!r}") from None
    return low, high


def as_they_are(data: str, *, no_groups: bool = False, **others: Any) -> tuple[DataSplits, ReadSpec]:
    """The data as they are: all that can be read, and no split that they do not bring; and how they were read.

    Args:
        data: A data set's name, or the path of images.
        no_groups: Whether rows of one group may be parted.
        others: Further settings of `ReadSpec`; those that are None were not given.

    Raises:
        typer.BadParameter: Two options contradict each other.
    """
    from pellucid.data.load import load_data
    from pellucid.spec.reading import ReadSpec

    reading = ReadSpec(max_bad=1.0, test_split=None).replace(**reading_settings(no_groups=no_groups, **others))
    return load_data(data, reading, progress=True), reading


def reading_notes_of(splits: DataSplits) -> list[str]:
    """What a user should know of how data were read: notes, files left out."""
    from pellucid.data.listing import rejected_of

    notes = [f"{splits.name}: {note}" for note in splits.notes]
    if splits.rejected:
        count = len(splits.rejected)
        are = "is" if count == 1 else "are"
        notes.append(f"{splits.name}: {counted(count, 'file')} {are} not used: {rejected_of(splits.rejected)}")
    return notes


def notes_of(splits: DataSplits) -> list[str]:
    """What a user should know of data before they are trained on: how they were read, empty classes, leaks."""
    from pellucid.audit.duplicates import leaks
    from pellucid.sections.data import class_counts

    notes = reading_notes_of(splits)
    for split, counts in class_counts(splits).items():
        if any(note.startswith(f"the {split} split has no image of") for note in splits.notes):
            continue  # said already, with the reason
        if absent := [name for name, count in zip(splits.class_names, counts, strict=True) if not count]:
            what = "training" if split == "train" else split
            notes.append(f"{splits.name}: there is no {what} image of {some(absent)}")
    if splits.has_test and (groups := leaks(splits)):
        stand = f"{counted(len(groups), 'image')} {'stands' if len(groups) == 1 else 'stand'}"
        notes.append(f"{splits.name}: {stand} in both the training and the test split: {_places(groups, splits)}")
    return [printable(note) for note in notes]


def tell_classes(splits: DataSplits) -> None:
    """Say on stderr which classes there are, and how many images each has in each split."""
    from pellucid.sections.data import class_table

    table = class_table(splits)
    say(table.caption)
    print_table(table.header, table.rows, left=table.left, err=True)


def near_notes_of(splits: DataSplits) -> list[str]:
    """What a user should know of images of the test split that look like training images, or that none were sought."""
    from pellucid.audit.duplicates import near_leaks

    if not splits.has_test:
        return []
    images = len(splits.train) + len(splits.test)
    if images <= MOST_COMPARED:
        groups = near_leaks(splits)
        stand = f"{counted(len(groups), 'group')} of images that look alike {'stands' if len(groups) == 1 else 'stand'}"
        places = f"{stand} in both the training and the test split: {_places(groups, splits)}"
        return [printable(f"{splits.name}: {places}")] if groups else []
    if splits.reading is None:  # a published data set, which others have looked through
        return []
    rule = f"images of the test split that look like training images are sought among at most {MOST_COMPARED:,} images"
    return [printable(f"{splits.name}: {rule}; these are {images:,}. To seek them: {_audit_of(splits)}")]


def _places(groups: Sequence[Group], splits: DataSplits) -> str:
    """The first few groups by an image of each split, and what follows from them."""
    places = "; ".join(" and ".join(member.place for member in group.telling(2)) for group in groups[:3])
    return f"{places}. The test accuracy will flatter. See: {_audit_of(splits)}"


def _audit_of(splits: DataSplits) -> str:
    return f"pellucid data audit {shlex.quote(splits.location)}"
