"""How well a run answers: accuracy with its interval, each class, the confusion matrix, the mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pellucid.judge.evaluation import Beside, ClassScore, Evaluation, Mistake
from pellucid.sections.beside import classes_of, hints_of, look_table
from pellucid.sections.section import Section, Table
from pellucid.text import printable, shortened
from pellucid.words import counted, number, percent

MISTAKES_SHOWN = 5
MOST_CLASSES = 20  # in a table that is read by eye
HEAD = 14  # columns of a class above the confusion matrix
REST = (
    "All {} classes and the whole confusion matrix are in the output of --json, and those of the run's own test split "
    "in its evaluation.json."
)


def evaluation_section(evaluation: Evaluation, path: Path | None) -> Section:
    """What judging a run on a split gave.

    Args:
        evaluation: The judgement.
        path: The run folder; None for a run in memory.
    """
    low, high = evaluation.accuracy_interval
    data = f"{shortened(evaluation.data)}{', inverted' if evaluation.inverted else ''}"
    title = f"{data}, {evaluation.split} split, {counted(evaluation.count, 'image')}"
    accuracy = f"accuracy {percent(evaluation.accuracy)} (95% interval {percent(low)} to {percent(high)})"
    beside, hints = evaluation.beside, hints_of(evaluation)
    many = len(evaluation.class_names) > MOST_CLASSES
    return Section(
        title=title,
        document={"run": str(path), **evaluation.model_dump(mode="json"), "hints": list(hints)},
        body=(
            f"{title}\n{accuracy}\nloss {evaluation.loss:.4f}",
            *((_own(beside), look_table(beside)) if beside else ()),
            _worst_classes(evaluation) if many else _classes(evaluation.per_class),
            *([_confusion(evaluation)] if not many else _confusions(evaluation)),
            _mistakes(evaluation.mistakes),
        ),
        remarks=(
            *((REST.format(len(evaluation.class_names)),) if many else ()),
            *classes_of(evaluation),
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


def _classes(scores: Sequence[ClassScore], caption: str = "") -> Table:
    rows = tuple(
        (score.name, str(score.support), percent(score.precision), percent(score.recall), number(score.f1))
        for score in scores
    )
    return Table(("class", "images", "precision", "recall", "F1"), rows, caption=caption)


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


def _mistakes(mistakes: tuple[Mistake, ...]) -> str:
    worst = sorted(mistakes, key=lambda mistake: -mistake.probability)[:MISTAKES_SHOWN]
    lines = [counted(len(mistakes), "mistake") + ("; the surest:" if worst else "")]
    for mistake in worst:
        what = printable(mistake.source or f"image {mistake.index}")
        label, answer = shortened(mistake.label), shortened(mistake.predicted)
        lines.append(f"  {what}: {label} taken for {answer} at {percent(mistake.probability)}")
    return "\n".join(lines)
