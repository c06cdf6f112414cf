"""The history of a training: one row an epoch, as plain numbers, from which plots and tables read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.run.table import columns_of, from_csv, to_csv


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        epoch: Its number, from 1.
        loss: Mean training loss over the epoch's images, each taken before its update.
        accuracy: Share of the training images answered right, likewise; 0 to 1.
        val_loss: Loss on the validation split after the epoch; None without one.
        val_accuracy: Accuracy on the validation split after the epoch; None without one.
        learning_rate: Of the epoch's last update.
        seconds: Duration of the epoch with its validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


COLUMNS = columns_of(Epoch)


@dataclass
class History(Mapping[str, list[float]]):
    """Epochs in order; ``history["val_accuracy"]`` is a column.

    Attributes:
        epochs: The rows.
    """

    epochs: list[Epoch] = field(default_factory=list)

    def __getitem__(self, column: str) -> list[float]:
        if column not in COLUMNS:
            raise KeyError(f"{column!r} is not a column of the history: {', '.join(COLUMNS)}")
        values = [getattr(epoch, column) for epoch in self.epochs]
        return [math.nan if value is None else value for value in values]

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)

    def __len__(self) -> int:
        return len(COLUMNS)

    def to_csv(self) -> str:
        """The rows under a header; what is not known stays empty."""
        return to_csv(Epoch, self.epochs)

    @classmethod
    def from_csv(cls, path: Path) -> History:
        """Read what `to_csv` wrote.

        Raises:
            RunError: The file is missing, or is not such a table.
        """
        return cls(from_csv(Epoch, path, "a history"))
