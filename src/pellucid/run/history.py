"""The history of a training: one row an epoch, as plain numbers, from which plots and tables read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.run.table import columns_of, from_csv, to_csv


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        epoch: Number of the epoch, from 1.
        loss: Mean training loss over the epoch's images, each taken before its update.
        accuracy: Share of the training images answered right, each before its update; 0 to 1.
        val_loss: Loss on the validation split after the epoch; None without one.
        val_accuracy: Accuracy on the validation split after the epoch; None without one.
        learning_rate: Learning rate of the epoch's last update.
        seconds: Duration of the epoch with its validation.
        further: The cells of columns that this version does not know, by name, as another version wrote them.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float
    further: Mapping[str, str] = field(default_factory=dict, hash=False)


COLUMNS = tuple(name for name in columns_of(Epoch) if name != "further")


@dataclass
class History(Mapping[str, list[float]]):
    """Epochs in order; ``history["val_accuracy"]`` is a column.

    Attributes:
        epochs: The finished epochs, a row each.
    """

    epochs: list[Epoch] = field(default_factory=list)

    def __getitem__(self, column: str) -> list[float]:
        if column not in self.columns:
            raise KeyError(f"{column!r} is not a column of the history: {', '.join(self.columns)}")
        values = [_row(epoch).get(column) for epoch in self.epochs]
        return [math.nan if value is None or value == "" else float(value) for value in values]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: those that this version knows, then others."""
        return tuple(dict.fromkeys([*COLUMNS, *(name for epoch in self.epochs for name in epoch.further)]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def to_csv(self) -> str:
        """The rows under a header; what is not known stays empty."""
        return to_csv(self.columns, map(_row, self.epochs))

    @classmethod
    def from_csv(cls, path: Path) -> History:
        """Read what `to_csv` wrote, here or in another version: further columns are kept.

        Raises:
            RunError: The file is missing, or is not such a table.
        """
        return cls(from_csv(Epoch, path, "a history", further="further"))


def _row(epoch: Epoch) -> dict[str, Any]:
    """An epoch by columns."""
    return {name: getattr(epoch, name) for name in COLUMNS} | dict(epoch.further)
