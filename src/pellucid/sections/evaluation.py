"""How well a run answers: accuracy with its interval, each class, the confusion matrix, the mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pellucid.data.dataset import ImageDataset
from pellucid.judge.classes import ClassScore
from pellucid.judge.evaluation import Beside, Evaluation
from pellucid.sections.beside import classes_of, hints_of, look_table
from pellucid.sections.doubt import doubt_remarks, drift_remarks, told
from pellucid.sections.evaluation_pictures import evaluation_pictures
from pellucid.sections.mistakes import worst_of
from pellucid.sections.section import Section, Table
from pellucid.sections.slices import slices_told
from pellucid.text import printable, shortened
from pellucid.words import counted, number, percent

MISTAKES_SHOWN = 5
MOST_CLASSES = 20  # in a table that is read by eye
PAIRS_SHOWN = 3
HEAD = 14  # columns of a class above the confusion matrix
REST = (
    "All {} classes and the whole confusion matrix are in the output of --json, and those of the run's own test split "
    "in its evaluation.json."
)


def evaluation_section(
    evaluation: Evaluation,
    path: Path | None,
    judged: ImageDataset | None = None,
    training: ImageDataset | None = None,
) -> Section:
    """What judging a run on a split gave.

    Args:
        evaluation: The judgement.
        path: The run folder; None for a run in memory.
        judged: The images that were judged; without them the mistakes are not drawn.
        training: All training images of the run, which the nearest ones are among.
    """
    low, high = evaluation.accuracy_interval
    data = f"{shortened(evaluation.data)}{', inverted' if evaluation.inverted else ''}"
    title = f"{data}, {evaluation.split} split, {counted(evaluation.count, 'image')}"
    accuracy = f"accuracy {percent(evaluation.accuracy)} (95% interval {percent(low)} to {percent(high)})"
    beside, hints = evaluation.beside, hints_of(evaluation)
    drift = drift_remarks(evaluation.unknown.drift) if evaluation.unknown else ()
    many = len(evaluation.class_names) > MOST_CLASSES
    return Section(
        title=title,
        document={"run": str(path), **evaluation.model_dump(mode="json"), "hints": [*drift, *hints]},
        body=(
            "\n".join((title, accuracy, *_further(evaluation), f"loss {evaluation.loss:.4f}")),
            *((_own(beside), look_table(beside)) if beside else ()),
            *((told(evaluation.unknown, len(evaluation.mistakes)),) if evaluation.unknown else ()),
            _worst_classes(evaluation) if many else _classes(evaluation.per_class),
            *([_confusion(evaluation)] if not many else _confusions(evaluation)),
            *slices_told(evaluation.slices),
            _mistakes(evaluation),
        ),
        pictures=evaluation_pictures(evaluation, judged, training),
        remarks=(
            *((REST.format(len(evaluation.class_names)),) if many else ()),
            *classes_of(evaluation),
            *(doubt_remarks(evaluation.unknown) if evaluation.unknown else ()),
            *hints,
        ),
    )


def _own(beside: Beside) -> str:
    """What the run reaches where it should be best."""
    if beside.test is None:
        return "On its own test split the run has not been judged yet."
    low, high = beside.test.accuracy_interval
    interval = f"95% interval {percent(low)} to {percent(high)}"
    return f"On its own test split the run has an accuracy of {percent(beside.test.accuracy)} ({interval})."


def _further(evaluation: Evaluation) -> list[str]:
    """What else is said in a line each: classes that count alike, the most probable few, calibration, confusions."""
    lines = []
    if means := evaluation.averages:
        low, high = means.recall.interval
        balanced = f"balanced accuracy {percent(means.recall.value)} (95% interval {percent(low)} to {percent(high)})"
        lines.append(f"{balanced}, macro F1 {number(means.f1.value)}")
    if evaluation.top:
        tops = [f"{percent(top.accuracy)} of the {top.k} most probable" for top in evaluation.top]
        lines.append(f"the right class is among the answers: {', '.join(tops)}")
    if evaluation.calibration:
        lines.append(f"probabilities are off by {percent(evaluation.calibration.after.error)} on average")
    if evaluation.confused and len(evaluation.class_names) <= MOST_CLASSES:
        pairs = evaluation.confused[:PAIRS_SHOWN]
        told = [f"{shortened(pair.label)} for {shortened(pair.predicted)} ({pair.count})" for pair in pairs]
        lines.append(f"most often taken for another: {', '.join(told)}")
    return lines


def _classes(scores: Sequence[ClassScore], caption: str = "") -> Table:
    rows = tuple(
        (
            score.name,
            str(score.support),
            percent(score.precision) + _interval(score.precision_interval, percent),
            percent(score.recall) + _interval(score.recall_interval, percent),
            number(score.f1) + _interval(score.f1_interval, number),
        )
        for score in scores
    )
    return Table(("class", "images", "precision", "recall", "F1"), rows, caption=caption)


def _interval(bounds: tuple[float, float] | None, told: Callable[[float, int], str]) -> str:
    """An interval behind what it is of, to fewer digits; nothing where it is not known."""
    digits = 1 if told is percent else 3
    return f" ({told(bounds[0], digits)} to {told(bounds[1], digits)})" if bounds else ""


def _worst_classes(evaluation: Evaluation) -> Table:
    """Those that fare worst, where there are too many to be read."""
    judged = [(score.f1, score) for score in evaluation.per_class if score.f1 is not None]
    worst = [score for _, score in sorted(judged, key=lambda pair: pair[0])[:MOST_CLASSES]]
    return _classes(worst, f"the {len(worst)} of {len(evaluation.class_names)} classes with the lowest F1")


def _confusion(evaluation: Evaluation) -> Table:
    names = evaluation.class_names
    rows = tuple((name, *map(str, row)) for name, row in zip(names, evaluation.confusion, strict=True))
    heads = (shortened(name, HEAD) for name in names)
    return Table(("", *heads), rows, caption="confusion: a row is what the images are, a column what was answered")


def _confusions(evaluation: Evaluation) -> list[Table]:
    """The commonest confusions, in place of a matrix that is too large to be read; none where there are none."""
    names = evaluation.class_names
    pairs = [
        (count, label, answer)
        for label, row in enumerate(evaluation.confusion)
        for answer, count in enumerate(row)
        if count and label != answer
    ]
    pairs.sort(key=lambda pair: -pair[0])
    shown = tuple((names[label], names[answer], str(count)) for count, label, answer in pairs[:MOST_CLASSES])
    caption = f"the commonest of {counted(len(pairs), 'confusion')}"
    return [Table(("class", "answered", "images"), shown, left=2, caption=caption)] if pairs else []


def _mistakes(evaluation: Evaluation) -> str:
    worst = worst_of(evaluation)[:MISTAKES_SHOWN]
    lines = [counted(len(evaluation.mistakes), "mistake") + ("; the worst:" if worst else "")]
    for mistake in worst:
        what = printable(mistake.source or f"image {mistake.index}")
        label, answer = shortened(mistake.label), shortened(mistake.predicted)
        near = ", ".join(shortened(other.label) for other in mistake.nearest)
        seen = f"; the nearest training images are {near}" if near else ""
        lines.append(f"  {what}: {label} taken for {answer} at {percent(mistake.probability)}{seen}")
    return "\n".join(lines)
