"""What a run answers for image files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from pellucid.predict.predictor import Prediction
from pellucid.sections.section import Section, Table
from pellucid.words import percent


def prediction_section(
    path: Path,
    files: Sequence[str | Path],
    answers: Sequence[Prediction],
    *,
    top: int = 3,
    faults: Sequence[str] = (),
    hints: Sequence[str] = (),
) -> Section:
    """The most probable classes of each image.

    Args:
        path: The run folder.
        files: The images that were answered.
        answers: One for each of them.
        top: How many classes to name of each.
        faults: What kept other files from being read.
        hints: What may have gone wrong with those that were read; see `brightness_hint` of `beside`.
    """
    pairs = list(zip(files, answers, strict=True))
    predictions = [
        {"image": str(file), "label": answer.label, "probability": answer.probability}
        | {"probabilities": answer.probabilities}
        for file, answer in pairs
    ]
    rows = tuple((str(file), ", ".join(_ranked(answer.probabilities)[:top])) for file, answer in pairs)
    return Section(
        title="Answers",
        document={"run": str(path), "predictions": predictions, "faults": list(faults)},
        body=(Table(("image", "answer"), rows, left=2),) if rows else (),
        warnings=(*hints, *(f"pellucid: {fault}" for fault in faults)),
    )


def submission(numbers: Sequence[int], answers: Sequence[Prediction]) -> str:
    """Answers for the rows of a table as competitions take them: CSV with a header, ``ImageId,Label``.

    Args:
        numbers: Number of each row, from 1.
        answers: One for each of them.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("ImageId", "Label"))
    writer.writerows((number, answer.label) for number, answer in zip(numbers, answers, strict=True))
    return text.getvalue()


def _ranked(probabilities: dict[str, float]) -> list[str]:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    return [f"{name} {percent(probability)}" for name, probability in ranked]
