"""The runs of a folder side by side, and in what some of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.sections.section import Section, Table
from pellucid.text import printable, shortened
from pellucid.words import counted, number, percent

if TYPE_CHECKING:
    from pellucid.run.record import RunRecord

COLUMNS = ("started", "recipe", "epochs", "seconds", "val_accuracy", "accuracy", "loss")


def runs_section(
    found: Sequence[tuple[Path, RunRecord]], faults: Sequence[Exception], sort: str = "started", reverse: bool = False
) -> Section:
    """The runs as a table; accuracy and loss are on the test split.

    Args:
        found: The folder and the record of each run.
        faults: What kept others from being read.
        sort: A name in `COLUMNS`; the smallest, or oldest, stands first, and last what is not known.
        reverse: Turn the order round.
    """
    rows = [(path, record, _columns(record)) for path, record in found]
    rows.sort(key=lambda row: (row[2][sort] is not None, row[2][sort]), reverse=reverse)
    documents = [{"run": str(path), **record.model_dump(mode="json")} for path, record, _ in rows]
    table = Table(("run", "status", *COLUMNS), tuple(_cells(*row) for row in rows), left=4)
    return Section(
        title="Runs",
        document={"runs": documents, "faults": [str(fault) for fault in faults]},
        body=(table,) if rows else (),
        warnings=tuple(f"pellucid: {fault}" for fault in faults),
    )


def comparison_section(chosen: Sequence[tuple[Path, RunRecord]], not_compared: str | None = None) -> Section:
    """Each setting and result in which runs differ.

    Args:
        chosen: The folder and the record of each run, two or more.
        not_compared: Why their answers are not compared; None where they are.
    """
    flat = [_flatten(record.model_dump(mode="json")) for _, record in chosen]
    keys = list(dict.fromkeys(key for values in flat for key in values))
    differing = [key for key in keys if any(values.get(key) != flat[0].get(key) for values in flat)]
    differences = {key: [values.get(key) for values in flat] for key in differing}
    rows = tuple((key, *map(_short, values)) for key, values in differences.items())
    table = Table(("", *(path.name for path, _ in chosen)), rows, left=1 + len(chosen))
    why = (printable(f"Their answers are not compared. {not_compared}"),) if not_compared else ()
    return Section(
        title="In what the runs differ",
        document={"runs": [str(path) for path, _ in chosen], "differences": differences, "not_compared": not_compared},
        body=(*((table,) if differing else ()), *why),
        remarks=() if differing else ("The runs do not differ.",),
    )


def _columns(record: RunRecord) -> dict[str, Any]:
    results = record.results
    validation, test = (results.validation, results.test) if results else (None, None)
    return {
        "started": record.started[:19],
        "recipe": record.recipe,
        "epochs": results.epochs if results else None,
        "seconds": results.train_seconds if results else None,
        "val_accuracy": validation.accuracy if validation else None,
        "accuracy": test.accuracy if test else None,
        "loss": test.loss if test else None,
    }


def _cells(path: Path, record: RunRecord, columns: dict[str, Any]) -> tuple[str, ...]:
    epochs = "-" if columns["epochs"] is None else str(columns["epochs"])
    accuracies = [percent(columns["val_accuracy"]), percent(columns["accuracy"])]
    head = [path.name, record.status, columns["started"], record.recipe, epochs]
    return (*head, number(columns["seconds"], 1), *accuracies, number(columns["loss"]))


def _flatten(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _short(value: Any) -> str:
    if isinstance(value, list):
        some = any(isinstance(entry, dict) for entry in value)
        return counted(len(value), "entry") if some else shortened(str(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
