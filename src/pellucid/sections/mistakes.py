"""Images that were answered wrong, the worst first, beside the training images that the network sees as most alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pellucid.data.dataset import ImageDataset
from pellucid.judge.evaluation import Evaluation, Mistake, Neighbour
from pellucid.language import sentences, tell
from pellucid.sections.section import Gallery, Section, Table, Tile
from pellucid.text import printable, shortened
from pellucid.words import counted, percent

MOST_SHOWN = 20
NAME, BELOW, BESIDE = 40, 14, 6  # columns of a class or of a file, below an image, and below a smaller one


def mistakes_section(
    evaluation: Evaluation, images: ImageDataset | None, training: ImageDataset | None = None
) -> Section:
    """The wrong answers, as images where these are at hand, and else as a table.

    Args:
        evaluation: How a run answers a split.
        images: The images of that split; None where they are not at hand.
        training: All training images of the run, which the nearest ones are among; None where they are not at hand.
    """
    worst = worst_of(evaluation)[:MOST_SHOWN]
    said = tell("No image was answered wrong.")
    if worst:
        all_of_them = counted(len(evaluation.mistakes), "mistake", separator=",")
        said = tell("It made {mistakes}. Shown are the worst: {shown}.", mistakes=all_of_them, shown=len(worst))
    seen = [Gallery(_caption(worst, training), partial(_tiles, worst, images, training))] if worst and images else []
    return Section(
        title=tell("Mistakes"),
        document={"mistakes": [mistake.model_dump(mode="json") for mistake in worst]},
        body=(said, *([_table(worst)] if worst and images is None else [])),
        galleries=tuple(seen),
    )


def worst_of(evaluation: Evaluation) -> list[Mistake]:
    """All wrong answers, the one with the greatest loss first; where losses are not known, the surest."""
    return sorted(evaluation.mistakes, key=lambda mistake: (-(mistake.loss or 0), -mistake.probability))


def _caption(mistakes: Sequence[Mistake], training: ImageDataset | None) -> str:
    caption = tell("Below each: what it is, what was answered, and how surely.")
    if training is None or not any(mistake.nearest for mistake in mistakes):
        return caption
    beside = tell(
        "Beside it the training images that the network sees as most alike, with their class and distance (0: the"
        " same)."
    )
    return sentences(caption, beside)


def _tiles(mistakes: Sequence[Mistake], images: ImageDataset, training: ImageDataset | None) -> list[Tile]:
    return [
        Tile(
            images.images[mistake.index],
            tell(
                "An image of class {label} that was taken for {answer}.",
                label=shortened(mistake.label),
                answer=shortened(mistake.predicted),
            ),
            (
                f"{shortened(mistake.label, BELOW)} \u2192 {shortened(mistake.predicted, BELOW)}",
                percent(mistake.probability, 1),
                *([_place(mistake)] if mistake.source else []),
            ),
            _beside(mistake.nearest, training),
        )
        for mistake in mistakes
        if mistake.index < len(images)
    ]


def _beside(nearest: Sequence[Neighbour], training: ImageDataset | None) -> tuple[Tile, ...]:
    return tuple(
        Tile(
            training.images[near.index],
            tell("A training image of class {name}.", name=shortened(near.label)),
            (shortened(near.label, BESIDE), f"{near.distance:.2f}"),
        )
        for near in nearest
        if training is not None and near.index < len(training)
    )


def _table(mistakes: Sequence[Mistake]) -> Table:
    rows = tuple(
        (
            _place(mistake),
            shortened(mistake.label, NAME),
            shortened(mistake.predicted, NAME),
            percent(mistake.probability, 1),
        )
        for mistake in mistakes
    )
    return Table((tell("image"), tell("class"), tell("answered"), tell("probability")), rows, left=3)


def _place(mistake: Mistake) -> str:
    """Where an image is from: its file, or its number in the split."""
    return shortened(printable(mistake.source), NAME) if mistake.source else tell("image {index}", index=mistake.index)
