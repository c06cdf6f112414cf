"""Several runs on one page."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.judge.comparison import MARGIN, compare_runs, read_evaluation
from pellucid.language import tell
from pellucid.report.chapters import Chapter, made
from pellucid.report.page import Head, page
from pellucid.run.folder import RunFolder
from pellucid.sections.comparison import paired_section
from pellucid.sections.runs import comparison_section
from pellucid.sections.section import Section
from pellucid.sections.side_by_side import side_by_side_curves_section, side_by_side_section
from pellucid.text import shortened


def compared(folders: Sequence[RunFolder], margin: float = MARGIN) -> str:
    """The page of several runs: accuracies beside one another, curves over one another, and in what they differ.

    Args:
        folders: The runs, two or more.
        margin: Difference of accuracy below which two runs count as equally good.

    Raises:
        RunError: A run.json or history.csv is missing or damaged.
    """
    chosen = [(folder.path, folder.read_record()) for folder in folders]
    histories = [(folder.path, folder.read_history()) for folder in folders]
    kicker = " \u00b7 ".join(shortened(folder.path.name, 30) for folder in folders)
    chapters = [
        *_paired(folders, margin),
        Chapter(
            "curves",
            tell("How the trainings went"),
            tell("The same figures of each run over one another."),
            side_by_side_curves_section(histories),
        ),
        Chapter(
            "differences",
            tell("In what they differ"),
            tell("Each setting and result that is not the same in all of them."),
            comparison_section(chosen),
        ),
    ]
    return page(Head(kicker, side_by_side_section(chosen), None), chapters)


def _paired(folders: Sequence[RunFolder], margin: float) -> list[Chapter]:
    """Whether the runs differ in accuracy, or why that cannot be told."""
    lead = tell("Each two of them on the same images: does one answer more of these right than chance explains?")

    def section() -> Section:
        return paired_section(compare_runs({str(folder.path): read_evaluation(folder) for folder in folders}, margin))

    return [Chapter("accuracy", tell("Is one of them better?"), lead, made(section))]
