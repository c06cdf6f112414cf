"""What a run answers for image files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pellucid.export.exported import Exported
from pellucid.judge.drift import Drift
from pellucid.judge.refusal import KEEP, Limits
from pellucid.predict.classifier import Classifier
from pellucid.predict.prediction import Prediction
from pellucid.predict.rows import ranked
from pellucid.sections.drift import drift_remarks, shortfall
from pellucid.sections.section import Section, Table
from pellucid.words import percent


def prediction_section(
    origin: Mapping[str, Any],
    files: Sequence[str | Path],
    answers: Sequence[Prediction],
    *,
    top: int = 3,
    faults: Sequence[str] = (),
    hints: Sequence[str] = (),
    limits: Limits | None = None,
    drift: Drift | None = None,
    coverage: float | None = None,
    remarks: Sequence[str] = (),
) -> Section:
    """The most probable classes of each image.

    Args:
        origin: What answered; see `described`.
        files: The images that were answered.
        answers: One for each of them.
        top: How many classes to name of each.
        faults: What kept other files from being read.
        hints: What may have gone wrong with those that were read; see `images_hint`.
        limits: The greatest doubt that is answered; None where every image is.
        drift: Whether the images are unlike those trained on as a whole; None where they are too few to tell.
        coverage: What the sets of classes promise; None where none were asked for.
        remarks: What else is said of them.
    """
    pairs = list(zip(files, answers, strict=True))
    predictions = [answer_document(str(file), answer) for file, answer in pairs]
    heads = ("image", "answer", *(() if coverage is None else (f"classes that hold it for {coverage:.6g}",)))
    rows = tuple((str(file), _told(answer, top), *_set(answer)) for file, answer in pairs)
    doubt = limits and {**asdict(limits), "drift": drift and drift.model_dump()}
    short = shortfall(limits.keep, limits.promised, limits.held_out) if limits and limits.keep != KEEP else ()
    return Section(
        title="Answers",
        document={**origin, "predictions": predictions, "faults": list(faults), "doubt": doubt},
        body=(Table(heads, rows, left=len(heads)),) if rows else (),
        remarks=(*remarks, *short),
        warnings=(*drift_remarks(drift), *hints, *(f"pellucid: {fault}" for fault in faults)),
    )


def described(classifier: Classifier) -> dict[str, Any]:
    """What answers, as JSON: where it lies, by what it is asked, and whether it is as it was when it was proved.

    Args:
        classifier: A run's network, which is its own proof, or an export.
    """
    if isinstance(classifier, Exported):
        return {
            "run": str(classifier.path),
            "engine": classifier.engine.name,
            "proved": classifier.proved,
        }
    folder = getattr(classifier, "folder", None)
    return {"run": str(folder.path) if folder else None, "engine": "torch", "proved": None}


def unsaid(classifier: Classifier) -> str:
    """What a classifier cannot tell of its doubt; empty where it can tell all.

    Args:
        classifier: A run's network, or an export.
    """
    if isinstance(classifier, Exported):
        if classifier.doubts is None:
            return "This export never says “I don't know”: it has no answers for held-out images."
        return "An export says “I don't know” of images between classes, and not of those unlike anything trained on."
    from pellucid.sections.doubt import never  # by pydantic, which an export does not need

    record = getattr(classifier, "record", None)  # of a Predictor, which imports torch
    return never(record) if record else ""


def answer_document(file: str, answer: Prediction) -> dict[str, Any]:
    """An answer as JSON: the label is the most probable class, whether it is to be believed or not.

    Args:
        file: What the image is called.
        answer: What was answered.
    """
    document = asdict(answer)
    if answer.classes is None:
        del document["classes"]
    return {"image": file, **document}


def _told(answer: Prediction, top: int) -> str:
    named = ", ".join(f"{name} {percent(probability)}" for name, probability in ranked(answer)[:top])
    return f"unknown: {answer.reason} ({named})" if answer.unknown else named


def _set(answer: Prediction) -> tuple[str, ...]:
    if answer.classes is None:
        return ()
    return (", ".join(answer.classes) or "none",)
