"""The history of a training: one row an epoch, as plain numbers, from which plots and tables read."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from pellucid.errors import RunError


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


COLUMNS = tuple(column.name for column in fields(Epoch))


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
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in self.epochs)
        return text.getvalue()

    @classmethod
    def from_csv(cls, path: Path) -> History:
        """Read what `to_csv` wrote.

        Raises:
            RunError: The file is missing, or is not such a table.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{path} cannot be read ({error}).") from None
        rows = list(csv.reader(io.StringIO(text)))
        if not rows or tuple(rows[0]) != COLUMNS:
            raise RunError(f"{path} is not a history: its first line must be {','.join(COLUMNS)}.")
        if not text.endswith("\n"):
            raise RunError(f"{path} is truncated: its last line does not end.")
        try:
            return cls([_epoch(dict(zip(COLUMNS, row, strict=True))) for row in rows[1:]])
        except ValueError as error:
            raise RunError(f"{path} is damaged: {error}.") from None


def _epoch(row: Mapping[str, str]) -> Epoch:
    def optional(column: str) -> float | None:
        return float(row[column]) if row[column] else None

    return Epoch(
        epoch=int(row["epoch"]),
        loss=float(row["loss"]),
        accuracy=float(row["accuracy"]),
        val_loss=optional("val_loss"),
        val_accuracy=optional("val_accuracy"),
        learning_rate=float(row["learning_rate"]),
        seconds=float(row["seconds"]),
    )
