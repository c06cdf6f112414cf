"""Runs beside one another: their accuracies with intervals, and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import tell
from pellucid.run.history import History
from pellucid.run.record import RunRecord
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import shortened
from pellucid.words import counted, number, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

NAME = 30  # columns of a run


def side_by_side_section(chosen: Sequence[tuple[Path, RunRecord]]) -> Section:
    """What came out of each run; the test accuracy with its interval.

    Args:
        chosen: The folder and the record of each run.
    """
    header = (
        tell("run"),
        tell("test accuracy"),
        tell("95% interval"),
        tell("test loss"),
        tell("epochs"),
        tell("seconds"),
    )
    fingerprints = {record.data.test_fingerprint for _, record in chosen}
    same = tell("All were judged on the same test images.")
    other = tell("They were not judged on the same test images, so their accuracies say little of one another.")
    return Section(
        title=tell("{runs} side by side", runs=counted(len(chosen), "run")),
        document={"runs": [str(path) for path, _ in chosen]},
        body=(Table(header, tuple(_row(path, record) for path, record in chosen)),),
        remarks=(
            same if len(fingerprints) == 1 and None not in fingerprints else other,
            tell(
                "Each interval is of one run alone; whether two runs differ is another question, as they share images."
            ),
        ),
    )


def side_by_side_curves_section(histories: Sequence[tuple[Path, History]]) -> Section:
    """Accuracy and loss of each run over one another.

    Args:
        histories: The folder and the history of each run.
    """
    named = {f"{place}. {shortened(path.name, NAME)}": history for place, (path, history) in enumerate(histories, 1)}
    text = tell(
        "Two line charts, of validation accuracy and loss, with a line for each of {runs}: {names}.",
        runs=counted(len(histories), "run"),
        names=", ".join(named),
    )
    return Section(
        title=tell("Curves side by side"),
        document={"runs": [str(path) for path, _ in histories]},
        pictures=(Picture("curves-side-by-side", text, partial(_figure, named)),),
    )


def _row(path: Path, record: RunRecord) -> tuple[str, ...]:
    results = record.results
    test = results.test if results else None
    interval = "\u2013".join(map(percent, test.accuracy_interval)) if test else "-"
    accuracy, loss = (percent(test.accuracy), number(test.loss)) if test else ("-", "-")
    cost = (str(results.epochs), number(results.train_seconds, 1)) if results else ("-", "-")
    return (shortened(path.name, NAME), accuracy, interval, loss, *cost)


def _figure(histories: dict[str, History]) -> Figure:
    from pellucid.plots.curves import curves_beside

    return curves_beside(histories)
