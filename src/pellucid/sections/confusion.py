"""Which classes are taken for which, and how each class fares."""

from __future__ import annotations

from pellucid.judge.evaluation import Evaluation
from pellucid.language import sentences, tell
from pellucid.sections.section import Matrix, Section, Table
from pellucid.text import shortened
from pellucid.words import counted, number, percent

MOST_CLASSES = 20  # in a table that is read by eye
HEAD = 8  # columns of a class above the matrix
NAME = 40  # columns of a class beside a table


def confusion_section(evaluation: Evaluation) -> Section:
    """The confusion matrix, or the commonest confusions of many classes; and precision and recall of each class.

    Args:
        evaluation: How a run answers a split.
    """
    pairs = _pairs(evaluation)
    many = len(evaluation.class_names) > MOST_CLASSES
    said = tell("No class was taken for another.")
    if pairs:
        label, answer, count = pairs[0]
        said = tell(
            "Most often {label} was taken for {answer}: {images}.",
            label=shortened(label),
            answer=shortened(answer),
            images=counted(count, "image", separator=","),
        )
    commonest = [_commonest(pairs)] if many and pairs else []
    return Section(
        title=tell("Classes taken for one another"),
        document={
            "class_names": list(evaluation.class_names),
            "confusion": [list(row) for row in evaluation.confusion],
            "per_class": [score.model_dump(mode="json") for score in evaluation.per_class],
        },
        body=(said, *(commonest if many else [_matrix(evaluation)]), _classes(evaluation, many)),
    )


def _pairs(evaluation: Evaluation) -> list[tuple[str, str, int]]:
    """Each class that was taken for another, that, and how often; the commonest first."""
    names = evaluation.class_names
    pairs = [
        (names[label], names[answer], count)
        for label, row in enumerate(evaluation.confusion)
        for answer, count in enumerate(row)
        if count and label != answer
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def _matrix(evaluation: Evaluation) -> Matrix:
    names, confusion = evaluation.class_names, evaluation.confusion
    most_wrong = max((count for _, _, count in _pairs(evaluation)), default=1)
    shares = tuple(
        tuple(
            count / max(1, sum(row)) if label == answer else (count / most_wrong) ** 0.5
            for answer, count in enumerate(row)
        )
        for label, row in enumerate(confusion)
    )
    rows = tuple((shortened(name, NAME), *map(str, row)) for name, row in zip(names, confusion, strict=True))
    caption = tell("A row is what the images are, a column what was answered.")
    return Matrix(("", *(shortened(name, HEAD) for name in names)), rows, caption=caption, shares=shares)


def _commonest(pairs: list[tuple[str, str, int]]) -> Table:
    rows = tuple(
        (shortened(label, NAME), shortened(answer, NAME), f"{count:,}") for label, answer, count in pairs[:MOST_CLASSES]
    )
    caption = tell("The commonest of {confusions}.", confusions=counted(len(pairs), "confusion"))
    return Table((tell("class"), tell("answered"), tell("images")), rows, left=2, caption=caption)


def _classes(evaluation: Evaluation, many: bool) -> Table:
    """Precision and recall; where there are too many classes to be read, of those that fare worst."""
    scores = evaluation.per_class
    caption = tell(
        "Precision: how many of the answers for a class are right. Recall: how many of its images are found."
    )
    if many:
        judged = [(score.f1, score) for score in scores if score.f1 is not None]
        scores = tuple(score for _, score in sorted(judged, key=lambda pair: pair[0])[:MOST_CLASSES])
        shown, whole = len(scores), len(evaluation.class_names)
        few = tell("These are the {shown} of {whole} classes with the lowest F1.", shown=shown, whole=whole)
        caption = sentences(caption, few)
    rows = tuple(
        (
            shortened(score.name, NAME),
            f"{score.support:,}",
            percent(score.precision),
            percent(score.recall),
            number(score.f1),
        )
        for score in scores
    )
    header = (tell("class"), tell("images"), tell("precision"), tell("recall"), "F1")
    return Table(header, rows, caption=caption)
