"""What there is to see of an evaluation: the confusion matrix, and the worst mistakes beside training images."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.dataset import ImageDataset
from pellucid.judge.evaluation import Evaluation, Mistake
from pellucid.language import sentences, tell
from pellucid.sections.section import Picture
from pellucid.text import shortened
from pellucid.words import counted, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

CONFUSION, MISTAKES = "confusion", "mistakes"
SHOWN, NAME = 10, 24  # mistakes; columns of a class's name above one


def evaluation_pictures(
    evaluation: Evaluation, judged: ImageDataset | None = None, training: ImageDataset | None = None
) -> tuple[Picture, ...]:
    """The confusion matrix, and the worst mistakes where the images are at hand.

    Args:
        evaluation: The judgement.
        judged: The images that were judged.
        training: All training images of the run, as its data have them, which the nearest ones are among.
    """
    matrix = np.array(evaluation.confusion)
    wrong = int(matrix.sum() - np.trace(matrix))
    text = tell(
        "Confusion matrix of {classes}: {right} of {count} images lie on the diagonal.",
        classes=counted(len(evaluation.class_names), "class"),
        right=f"{evaluation.count - wrong:,}",
        count=f"{evaluation.count:,}",
    )
    if evaluation.confused:
        first = evaluation.confused[0]
        commonest = tell(
            "The commonest confusion is {label} taken for {answer}, {count} times.",
            label=shortened(first.label),
            answer=shortened(first.predicted),
            count=first.count,
        )
        text = sentences(text, commonest)
    confusion = Picture(CONFUSION, text, partial(_draw_confusion, evaluation, matrix), {"confusion": matrix})
    if judged is None or not evaluation.mistakes:
        return (confusion,)
    shown = evaluation.mistakes[:SHOWN]
    text = tell(
        "The {mistakes} with the greatest loss, each beside the training images that the network sees as most alike.",
        mistakes=counted(len(shown), "mistake"),
    )
    return confusion, Picture(MISTAKES, text, partial(_draw_mistakes, evaluation, judged, training))


def _title(evaluation: Evaluation, what: str) -> str:
    return tell("{what}: {split}", what=what, split=f"{shortened(evaluation.data)}, {tell(evaluation.split)}")


def _draw_confusion(evaluation: Evaluation, matrix: np.ndarray) -> Figure:
    from pellucid.plots.confusion import confusion_figure

    labels = (
        tell("what the images are"),
        tell("what was answered"),
        tell("share of the class's images, where wrong"),
    )
    return confusion_figure(matrix, evaluation.class_names, labels, _title(evaluation, tell("Confusions")))


def _draw_mistakes(evaluation: Evaluation, judged: ImageDataset, training: ImageDataset | None) -> Figure:
    from pellucid.plots.mistakes import Wrong, mistakes_figure

    cards = [
        Wrong(
            judged.images[mistake.index],
            _lines(mistake),
            [
                (training.images[near.index], f"{shortened(near.label, 12)} · {near.distance:.2f}")
                for near in mistake.nearest
                if training is not None and near.index < len(training)
            ],
        )
        for mistake in evaluation.mistakes[:SHOWN]
    ]
    note = tell(
        "Beside each the nearest training images, with their class and distance (0: the same) in what the layer before"
        " the last gives."
    )
    notes = [note] if any(card.nearest for card in cards) else []
    return mistakes_figure(cards, _title(evaluation, tell("The worst mistakes")), notes)


def _lines(mistake: Mistake) -> tuple[str, str]:
    answer = tell(
        "{label} taken for {answer} at {probability}",
        label=shortened(mistake.label, NAME),
        answer=shortened(mistake.predicted, NAME),
        probability=percent(mistake.probability, 1),
    )
    where = tell("image {number}", number=mistake.index)
    return answer, shortened(Path(mistake.source).name if mistake.source else where, 40)
