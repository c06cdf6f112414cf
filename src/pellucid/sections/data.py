"""The images of a data set: how many there are, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.data.classes import require_class
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.language import tell
from pellucid.sections.section import Picture, Section, Table
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import times
from pellucid.text import printable, shortened
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

MOST_CLASSES, EACH_CLASS = 10, 10  # in a picture
VARIANTS = 9


def data_section(
    splits: DataSplits, augment: str | None = None, seed: int = 0, classes: Sequence[str] | None = None
) -> Section:
    """The splits counted, with a picture of some training images of each class or of variants of one of each.

    Args:
        splits: The data set.
        augment: How training images are to be varied, as text; None shows them as they are.
        seed: Which images are shown, and how they are varied.
        classes: Names of the classes to draw; the first ten unless given.

    Raises:
        SettingError: The text is no augmentation, or a class is unknown.
    """
    spec = AugmentSpec.from_text(augment) if augment else None
    counts = {"train": len(splits.train)}
    counts |= {"validation": len(splits.validation)} if splits.validation else {}
    counts |= {"test": len(splits.test)} if splits.has_test else {}
    labels, names = _labels(splits, classes), splits.class_names
    name, all_of_them = shortened(splits.name), counted(len(names), "class")
    title = f"{name}: {', '.join(f'{count:,} {split}' for split, count in counts.items())} images"
    some = f"{len(labels)} of {all_of_them}" if len(labels) < len(names) else ""
    document = {"data": splits.name, "counts": counts, "class_names": names, "drawn": [names[row] for row in labels]}
    if spec:
        heading = f"{name}: first the image, then variants of it ({augment}, seed {seed})"
        draw = partial(_variants_figure, splits, labels, spec, seed, heading)
    else:
        heading = f"{name}, training images{some and f' of {some}'}"
        draw = partial(_images_figure, splits, labels, seed, heading)
    return Section(
        title=title,
        document=document | {"input_shape": splits.train.input_shape, "class_counts": class_counts(splits)},
        body=(title, class_table(splits)),
        pictures=(Picture("data", f"Images in rows, each below the name of its class. {heading}.", draw),),
        remarks=(f"{some} are drawn; name others with --class",) if some and not classes else (),
    )


def class_counts(splits: DataSplits) -> dict[str, list[int]]:
    """How many images each class has in each split that there is."""
    import numpy as np

    datasets = {"train": splits.train}
    datasets |= {"validation": splits.validation} if splits.validation else {}
    datasets |= {"test": splits.test} if splits.has_test else {}
    size = len(splits.class_names)
    return {split: np.bincount(dataset.labels, minlength=size).tolist() for split, dataset in datasets.items()}


def class_table(splits: DataSplits) -> Table:
    """The images of each class in each split; of many classes the first few, and the others in one row."""
    counts = class_counts(splits)
    names = splits.class_names
    told = len(names) if len(names) <= MOST_CLASSES + 2 else MOST_CLASSES
    rows = [(shortened(names[row]), *(f"{numbers[row]:,}" for numbers in counts.values())) for row in range(told)]
    if told < len(names):
        rows.append(
            (
                tell("{count} more classes", count=f"{len(names) - told:,}"),
                *(f"{sum(numbers[told:]):,}" for numbers in counts.values()),
            )
        )
    caption = tell(
        "{data}: {classes}, images of {shape}",
        data=shortened(splits.name),
        classes=counted(len(names), "class"),
        shape=times(splits.train.input_shape),
    )
    split = {"train": tell("train"), "validation": tell("validation"), "test": tell("test")}
    return Table((tell("class"), *(split[name] for name in counts)), tuple(rows), caption=caption)


def _labels(splits: DataSplits, classes: Sequence[str] | None) -> list[int]:
    """The classes to draw."""
    names = splits.class_names
    if classes is None:
        return list(range(min(MOST_CLASSES, len(names))))
    return list(dict.fromkeys(require_class(name, names) for name in classes))


def _images_figure(splits: DataSplits, labels: Sequence[int], seed: int, heading: str) -> Figure:
    from pellucid.plots.images import image_grid

    train = splits.train
    rows = _rows_of_each_class(train, labels, EACH_CLASS, seed)
    names = [printable(splits.class_names[train.labels[row]]) for row in rows]
    return image_grid([train.images[row] for row in rows], names, heading)


def _variants_figure(splits: DataSplits, labels: Sequence[int], spec: AugmentSpec, seed: int, heading: str) -> Figure:
    from pellucid.batches.variants import variants
    from pellucid.plots.images import image_grid

    images: list[Any] = []
    titles: list[str] = []
    for row in _rows_of_each_class(splits.train, labels, 1, seed):
        images += variants(splits.train.images[row], spec, VARIANTS, seed + row)
        titles += [printable(splits.class_names[splits.train.labels[row]]), *[""] * VARIANTS]
    return image_grid(images, titles, heading)


def _rows_of_each_class(dataset: ImageDataset, labels: Sequence[int], most: int, seed: int) -> list[int]:
    """Some images of each of the classes."""
    import numpy as np

    random = np.random.default_rng(seed)
    rows: list[int] = []
    for label in labels:
        own = np.flatnonzero(dataset.labels == label)
        rows += random.permutation(own)[:most].tolist()
    return rows
