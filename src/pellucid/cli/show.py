"""Sections on a terminal: printed as text or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pellucid.cli.output import print_json, print_path, print_table, print_text, say
from pellucid.sections.section import Command, Section, Table
from pellucid.text import printable

MOST_WARNINGS = 20


def show(section: Section, as_json: bool, files: Mapping[str, Any], paths: Iterable[str] | None = None) -> None:
    """Print a section, and where its files lie last.

    Args:
        section: What to print.
        as_json: Print the document, with the files in it, and nothing else on stdout.
        files: Paths of the files, under their keys in the document.
        paths: Those to print as text; all files unless given.
    """
    if as_json:
        warn(section)
        print_json(section.document | dict(files))
        return
    tell(section)
    for path in files.values() if paths is None else paths:
        print_path(path)


def tell(section: Section) -> None:
    """Print a section as text: its body on stdout, parted by blank lines, and warnings and remarks on stderr."""
    warn(section)
    for number, part in enumerate(section.body):
        if number:
            print_text()
        if isinstance(part, Table):
            _print_table(part)
        else:
            print_text(part.text if isinstance(part, Command) else part)
    for remark in section.remarks:
        say(remark)


def warn(section: Section) -> None:
    """Say on stderr what is missing; the first of very many, as the JSON document has all."""
    for warning in section.warnings[:MOST_WARNINGS]:
        say(warning)
    if (more := len(section.warnings) - MOST_WARNINGS) > 0:
        say(f"pellucid: and {more:,} more of this kind. --json tells them all.")


def _print_table(table: Table) -> None:
    if table.caption:
        print_text(printable(table.caption))
    print_table(table.header, table.rows, left=table.left)
