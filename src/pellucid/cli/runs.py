"""`pellucid runs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import number, percent, print_json, print_table, say

if TYPE_CHECKING:
    from pellucid.run.record import RunRecord

COLUMNS = ("started", "recipe", "epochs", "seconds", "val_accuracy", "accuracy", "loss")


def runs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Two or more, to compare them setting by setting.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to look for runs.")] = Path("runs"),
    sort: Annotated[str, typer.Option(help=f"The column to sort by: {', '.join(COLUMNS)}.")] = "started",
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order round.")] = False,
    as_json: Json = False,
) -> None:
    """List the runs, or show in what some of them differ.

    accuracy and loss are on the test split; in a list the smallest, or oldest, stands first.

    \b
    Examples:
      pellucid runs --sort accuracy --reverse
      pellucid runs first second
    """
    from pellucid.errors import SettingError, unknown
    from pellucid.run.folder import find_run, list_runs

    if sort not in COLUMNS:
        raise SettingError([unknown("column", sort, COLUMNS)])
    if names and len(names) < 2:
        raise typer.BadParameter("give two runs or more to compare, or none to list them all")
    if names:
        chosen = [find_run(name, folder) for name in names]
        _compare([(run.path, run.read_record()) for run in chosen], as_json)
        return
    found, faults = list_runs(folder)
    for fault in faults:
        say(f"pellucid: {fault}")
    rows = [(path, record, _columns(record)) for path, record in found]
    rows.sort(key=lambda row: (row[2][sort] is not None, row[2][sort]), reverse=reverse)
    if as_json:
        documents = [{"run": str(path), **record.model_dump(mode="json")} for path, record, _ in rows]
        print_json({"runs": documents, "faults": [str(fault) for fault in faults]})
    elif rows:
        print_table(["run", "status", *COLUMNS], [_cells(*row) for row in rows], left=4)
    else:
        say(f"There are no runs below {folder}/. Train one with: pellucid train")


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


def _cells(path: Path, record: RunRecord, columns: dict[str, Any]) -> list[str]:
    epochs = "-" if columns["epochs"] is None else str(columns["epochs"])
    accuracies = [percent(columns["val_accuracy"]), percent(columns["accuracy"])]
    head = [path.name, record.status, columns["started"], record.recipe, epochs]
    return [*head, number(columns["seconds"], 1), *accuracies, number(columns["loss"])]


def _compare(chosen: list[tuple[Path, RunRecord]], as_json: bool) -> None:
    """Print each setting and result in which the runs differ."""
    flat = [_flatten(record.model_dump(mode="json")) for _, record in chosen]
    keys = list(dict.fromkeys(key for values in flat for key in values))
    differing = [key for key in keys if any(values.get(key) != flat[0].get(key) for values in flat)]
    if as_json:
        differences = {key: [values.get(key) for values in flat] for key in differing}
        print_json({"runs": [str(path) for path, _ in chosen], "differences": differences})
        return
    if not differing:
        say("The runs do not differ.")
        return
    rows = [[key, *(_short(values.get(key)) for values in flat)] for key in differing]
    print_table(["", *(path.name for path, _ in chosen)], rows)


def _flatten(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        flat |= _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries" if any(isinstance(entry, dict) for entry in value) else str(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
