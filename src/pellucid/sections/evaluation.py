"""How well a run answers: accuracy with its interval, each class, the confusion matrix, the mistakes."""

from __future__ import annotations

from pathlib import Path

from pellucid.judge.evaluation import Beside, Evaluation, Mistake
from pellucid.sections.beside import classes_of, hints_of, look_table
from pellucid.sections.section import Section, Table
from pellucid.words import counted, number, percent

MISTAKES_SHOWN = 5


def evaluation_section(evaluation: Evaluation, path: Path | None) -> Section:
    """What judging a run on a split gave.

    Args:
        evaluation: The judgement.
        path: The run folder; None for a run in memory.
    """
    low, high = evaluation.accuracy_interval
    data = f"{evaluation.data}, inverted" if evaluation.inverted else evaluation.data
    title = f"{data}, {evaluation.split} split, {counted(evaluation.count, 'image')}"
    accuracy = f"accuracy {percent(evaluation.accuracy)} (95% interval {percent(low)} to {percent(high)})"
    beside, hints = evaluation.beside, hints_of(evaluation)
    return Section(
        title=title,
        document={"run": str(path), **evaluation.model_dump(mode="json"), "hints": list(hints)},
        body=(
            f"{title}\n{accuracy}\nloss {evaluation.loss:.4f}",
            *((_own(beside), look_table(beside)) if beside else ()),
            _classes(evaluation),
            _confusion(evaluation),
            _mistakes(evaluation.mistakes),
        ),
        remarks=(*classes_of(evaluation), *hints),
    )


def _own(beside: Beside) -> str:
    """What the run reaches where it should be best."""
    if beside.test is None:
        return "On its own test split the run has not been judged yet."
    low, high = beside.test.accuracy_interval
    interval = f"95% interval {percent(low)} to {percent(high)}"
    return f"On its own test split the run has an accuracy of {percent(beside.test.accuracy)} ({interval})."


def _classes(evaluation: Evaluation) -> Table:
    rows = tuple(
        (score.name, str(score.support), percent(score.precision), percent(score.recall), number(score.f1))
        for score in evaluation.per_class
    )
    return Table(("class", "images", "precision", "recall", "F1"), rows)


def _confusion(evaluation: Evaluation) -> Table:
    names = evaluation.class_names
    rows = tuple((name, *map(str, row)) for name, row in zip(names, evaluation.confusion, strict=True))
    return Table(("", *names), rows, caption="confusion: a row is what the images are, a column what was answered")


def _mistakes(mistakes: tuple[Mistake, ...]) -> str:
    worst = sorted(mistakes, key=lambda mistake: -mistake.probability)[:MISTAKES_SHOWN]
    lines = [counted(len(mistakes), "mistake") + ("; the surest:" if worst else "")]
    for mistake in worst:
        what = mistake.source or f"image {mistake.index}"
        lines.append(f"  {what}: {mistake.label} taken for {mistake.predicted} at {percent(mistake.probability)}")
    return "\n".join(lines)
