"""What a run answers for image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pellucid.predict.predictor import Prediction
from pellucid.sections.section import Section, Table
from pellucid.text import printable
from pellucid.words import percent

FAR_OFF = 0.4


def prediction_section(
    path: Path,
    files: Sequence[Path],
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
        hints: What may have gone wrong with those that were read; see `brightness_hint`.
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


def brightness_hint(file: Path, brightness: float, usual: float, inverted: bool) -> str | None:
    """What to try, where an image is dark where those of the training were bright; None where it is not.

    Dark ink on bright paper is answered wrongly by a network that learned bright ink on dark.

    Args:
        file: The image.
        brightness: Its mean, 0 to 1.
        usual: That of the training images.
        inverted: Whether dark and bright were exchanged already.
    """
    if abs(brightness - usual) <= FAR_OFF or abs(1 - brightness - usual) >= abs(brightness - usual):
        return None
    remedy = "leave --invert out" if inverted else "try --invert"
    measured = f"its mean brightness is {brightness:.2f}, that of the training images {usual:.2f}"
    return f"{printable(str(file))}: {measured}; {remedy}."


def _ranked(probabilities: dict[str, float]) -> list[str]:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    return [f"{name} {percent(probability)}" for name, probability in ranked]
