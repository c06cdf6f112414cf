"""Images that were answered wrong, those first that were answered most surely."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pellucid.data.dataset import ImageDataset
from pellucid.judge.evaluation import Evaluation, Mistake
from pellucid.language import tell
from pellucid.sections.section import Gallery, Section, Table, Tile
from pellucid.text import printable, shortened
from pellucid.words import counted, percent

MOST_SHOWN = 24
NAME, BELOW = 40, 14  # columns of a class or of a file, and below an image


def mistakes_section(evaluation: Evaluation, images: ImageDataset | None) -> Section:
    """The wrong answers, as images where these are at hand, and else as a table.

    Args:
        evaluation: How a run answers a split.
        images: The images of that split; None where they are not at hand.
    """
    worst = sorted(evaluation.mistakes, key=lambda mistake: -mistake.probability)[:MOST_SHOWN]
    said = tell("No image was answered wrong.")
    if worst:
        all_of_them = counted(len(evaluation.mistakes), "mistake", separator=",")
        said = tell(
            "It made {mistakes}. Shown are those of which it was surest: {shown}.",
            mistakes=all_of_them,
            shown=len(worst),
        )
    gallery = Gallery(
        tell("Below each: what it is, what was answered, and how surely."), partial(_tiles, worst, images)
    )
    return Section(
        title=tell("Mistakes"),
        document={"mistakes": [mistake.model_dump(mode="json") for mistake in worst]},
        body=(said, *([_table(worst)] if worst and images is None else [])),
        galleries=(gallery,) if worst and images is not None else (),
    )


def _tiles(mistakes: Sequence[Mistake], images: ImageDataset | None) -> list[Tile]:
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
        )
        for mistake in mistakes
        if images is not None and mistake.index < len(images)
    ]


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
