"""What a run was trained on: how many images there are, and what some look like."""

from __future__ import annotations

import shlex
from functools import partial

import numpy as np

from pellucid.data.dataset import DataSplits
from pellucid.data.spread import evenly_spread
from pellucid.language import sentences, tell
from pellucid.run.record import RunRecord
from pellucid.sections.data import class_table
from pellucid.sections.section import Gallery, Section, Tile
from pellucid.spec.layers import times
from pellucid.text import printable, shortened
from pellucid.words import counted

MOST_CLASSES, EACH_CLASS = 10, 8


def samples_section(record: RunRecord, splits: DataSplits | None, leaks: int | None = None) -> Section:
    """The splits counted, with training images of each class where these are at hand.

    Args:
        record: Of the run.
        splits: Its data; None where they are not at hand.
        leaks: How many images of the test split stand in the training split as well; None where nobody looked.
    """
    names = record.data.class_names
    galleries = _galleries(splits) if splits else ()
    few = counted(len(galleries), "class")
    groups = len(set(splits.train.groups) - {""}) if splits and splits.train.groups else None
    return Section(
        title=tell("{data}: {classes}", data=shortened(record.data.name), classes=counted(len(names), "class")),
        document={"data": record.data.name, "counts": record.data.counts, "leaks": leaks, "groups": groups},
        body=(_counts(record), *_groups(groups), *([class_table(splits)] if splits else []), *_leaks(leaks, record)),
        galleries=galleries,
        remarks=(tell("Shown are {few}.", few=few),) if 0 < len(galleries) < len(names) else (),
    )


def _counts(record: RunRecord) -> str:
    counts = record.data.counts
    told = [
        tell(
            "It was trained on {images} of {shape} pixels.",
            images=counted(counts.get("train", 0), "image", separator=","),
            shape=times(record.input_shape).replace("x", "\u00d7"),
        )
    ]
    if counts.get("validation"):
        images = counted(counts["validation"], "image", separator=",")
        told.append(tell("{images} were held out to watch the training.", images=images))
    if counts.get("test"):
        images = counted(counts["test"], "image", separator=",")
        told.append(tell("{images} judge it, which the training never saw.", images=images))
    return sentences(*told)


def _groups(groups: int | None) -> tuple[str, ...]:
    if not groups:
        return ()
    told = tell(
        "The images belong to {groups}, as of a writer or patient each. What Pellucid holds out parts none of them.",
        groups=counted(groups, "group", separator=","),
    )
    return (told,)


def _leaks(leaks: int | None, record: RunRecord) -> tuple[str, ...]:
    if leaks is None:
        return ()
    found = tell("No image of the test split stands in the training split as well, pixel by pixel.")
    if leaks:
        images = counted(leaks, "image", separator=",")
        found = tell(
            "{images} of the test split stand in the training split as well, pixel by pixel: the accuracy flatters.",
            images=images,
        )
    command = f"pellucid data audit {shlex.quote(printable(record.data.location or record.data.name))}"
    return (tell("{found} Copies that only look alike are sought by: {command}", found=found, command=command),)


def _galleries(splits: DataSplits) -> tuple[Gallery, ...]:
    """Images of each of the first classes that have any for training."""
    names = [splits.class_names[label] for label in np.unique(splits.train.labels)[:MOST_CLASSES]]
    return tuple(Gallery(shortened(name), partial(_tiles, splits, name)) for name in names)


def _tiles(splits: DataSplits, name: str) -> list[Tile]:
    """Training images of a class, evenly spread over them."""
    rows = np.flatnonzero(splits.train.labels == splits.class_names.index(name))
    some = rows[evenly_spread(len(rows), EACH_CLASS)]
    text = tell("A training image of class {name}.", name=shortened(name))
    return [Tile(splits.train.images[row], text) for row in some]
