"""What the record of a run says on the page: how it came about, how it is read, and how it was judged."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from pellucid.judge.evaluation import Evaluation
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.sections.repeat import command_of

DIGITS_SHAPE = (28, 28, 1)
DIGITS_BOX, DIGITS_SPARE = 20 / 28, 0.06  # of the longer side of what is drawn
DARK = 0.2


def run_of(path: Path, record: RunRecord) -> dict[str, Any]:
    """How the run came about, and the command that repeats it."""
    words, file = command_of(record)
    results = record.results
    return {
        "name": path.resolve().name,
        "recipe": record.recipe,
        "data": record.data.name,
        "started": record.started,
        "epochs": results.epochs if results else 0,
        "train_seconds": results.train_seconds if results else None,
        "counts": dict(record.data.counts),
        "command": shlex.join(words),
        "recipe_file": file,
        "device": record.environment.device_name,
        "optimizer": record.train.optimizer.kind,
        "label_smoothing": record.train.label_smoothing,
    }


def reading_of(record: RunRecord) -> dict[str, Any]:
    """How a drawing or a file is brought to what the network takes."""
    look, reading = record.data.look, record.reading
    bright = look.drawn > look.background if look else record.data.mean_brightness < 0.5
    return {
        "digits": _are_digits(record),
        "bright_on_dark": bright,
        "colour": "rgb" if record.input_shape[2] == 3 else "grey",
        "fit": reading.fit,
        "background": reading.background,
        "value_range": None if isinstance(reading.value_range, str) else reading.value_range,
    }


def _are_digits(record: RunRecord) -> bool:
    """Whether images are as MNIST's: 28x28, bright on dark, what is drawn in a box of 20x20."""
    look = record.data.look
    if record.input_shape != DIGITS_SHAPE:
        return False
    if look is None:
        return record.data.location == "mnist"
    longer = max(look.height, look.width)
    return look.background < DARK and look.drawn > look.background and abs(longer - DIGITS_BOX) < DIGITS_SPARE


def evaluation_of(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """How the run answers its own test split."""
    if evaluation is None:
        return None
    return {
        "split": evaluation.split,
        "count": evaluation.count,
        "accuracy": evaluation.accuracy,
        "interval": evaluation.accuracy_interval,
        "confusion": evaluation.confusion,
        "per_class": [
            {"precision": own.precision, "recall": own.recall, "count": own.support} for own in evaluation.per_class
        ],
    }


def history_of(history: History) -> list[dict[str, Any]]:
    """A row an epoch."""
    columns = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
    return [{name: getattr(epoch, name) for name in columns} for epoch in history.epochs]
