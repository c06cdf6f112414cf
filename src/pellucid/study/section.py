"""What a study came to."""

from __future__ import annotations

from dataclasses import asdict

from pellucid.sections.section import Section, Table
from pellucid.study.folder import StudyFolder
from pellucid.study.runner import StudyResult
from pellucid.text import printable


def study_section(done: StudyResult) -> Section:
    """The findings as a table, where there is one, the conclusion in words, and the figures."""
    kind = done.question.title
    tables = [done.question.table(done.findings)]
    return Section(
        title=f"A study of {kind}",
        document={
            "study": str(done.path),
            "kind": kind,
            "findings": done.findings.model_dump(mode="json"),
            "trials": [asdict(row) for row in done.trials],
        },
        body=(
            *(Table(tuple(header), tuple(map(tuple, rows))) for header, rows in filter(None, tables)),
            "\n".join(map(printable, done.findings.conclusion)),
        ),
        pictures=done.question.pictures(done.findings, done.trials, StudyFolder(done.path)),
    )
