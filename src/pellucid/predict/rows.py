"""Answers as rows of a table: one column a fact, one kind of value a column."""

from __future__ import annotations

from typing import Any

from pellucid.predict.prediction import Prediction

# What may stand in each column beside nothing; further ones follow for the next classes (`ranked`).
COLUMNS: dict[str, type] = {
    "image": str,
    "label": str,
    "probability": float,
    "margin": float,
    "unknown": bool,
    "kind": str,
    "reason": str,
    "foreign": float,
    "doubtful": float,
}


def columns_of(top: int, *, sets: bool) -> dict[str, type]:
    """The columns of a table of answers, with the kind of their values.

    Args:
        top: How many classes are named for each image.
        sets: Whether each answer has a set of classes; they are a list.
    """
    further = {f"{name}_{place}": COLUMNS[name] for place in range(2, top + 1) for name in ("label", "probability")}
    return COLUMNS | further | ({"classes": list} if sets else {})


def row_of(name: str, answer: Prediction, top: int = 1) -> dict[str, Any]:
    """An answer as a row; margin is how much more probable its class is than the next one.

    Args:
        name: What the image is called.
        answer: What was answered.
        top: How many classes to name.
    """
    best = ranked(answer)
    second = best[1][1] if len(best) > 1 else 0.0
    row = {name: getattr(answer, name, None) for name in COLUMNS}
    row |= {"image": name, "margin": answer.probability - second}
    for place, (label, probability) in enumerate(best[1:top], start=2):
        row |= {f"label_{place}": label, f"probability_{place}": probability}
    return row if answer.classes is None else row | {"classes": list(answer.classes)}


def ranked(answer: Prediction) -> list[tuple[str, float]]:
    """The classes and their probabilities, the most probable first."""
    return sorted(answer.probabilities.items(), key=lambda item: -item[1])
