"""Answers written as they come, in the format that was asked for, to stdout or to a file."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import Any, BinaryIO

import typer
from typing_extensions import override

from pellucid.cli.output import print_data, print_table
from pellucid.cli.show import tell, warn
from pellucid.errors import PellucidError, SettingError, unknown
from pellucid.run.files import replacing, require_place
from pellucid.sections.section import Section

TEXT, JSON, LINES, CSV, PARQUET, SUBMISSION = "text", "json", "jsonl", "csv", "parquet", "submission"
FORMATS = (TEXT, JSON, LINES, CSV, PARQUET, SUBMISSION)
BY_SUFFIX = {".json": JSON, ".jsonl": LINES, ".ndjson": LINES, ".csv": CSV, ".parquet": PARQUET}
Batch = Sequence[tuple[Any, Any]]  # of images, as `to_answer` gives them, with their answers


class Writer(ABC):
    """Writes answers in one format; what is missing or noteworthy goes to stderr.

    Attributes:
        put: Takes what is to be written.
        origin: What answers; see `described`.
        top: How many classes to name for each image.
        coverage: What the sets of classes promise; None where none were asked for.
    """

    def __init__(self, put: Callable[[str], None], origin: Mapping[str, Any], top: int, coverage: float | None) -> None:
        self.put = put
        self.origin = origin
        self.top = top
        self.coverage = coverage

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Write some answers."""

    def fault(self, name: str, text: str) -> None:  # noqa: B027 - most formats have no place for it
        """Take in that an image could not be read."""

    def end(self, section: Section) -> None:
        """Write what stands at the end, and say what is to be said.

        Args:
            section: Of all answers, but without them.
        """
        warn(section)
        tell(Section(section.title, section.document, remarks=section.remarks))


class _Text(Writer):
    _rows = 0

    @override
    def write(self, batch: Batch) -> None:
        from pellucid.sections.prediction import prediction_section

        names, answers = [image.name for image, _ in batch], [answer for _, answer in batch]
        for table in prediction_section(self.origin, names, answers, top=self.top, coverage=self.coverage).tables:
            header, rows = (table.header, table.rows) if not self._rows else (table.rows[0], table.rows[1:])
            print_table(header, rows, left=table.left)
            self._rows += len(table.rows)


class _Json(Writer):
    """One document, which is written as it grows."""

    _begun = False

    @override
    def write(self, batch: Batch) -> None:
        from pellucid.sections.prediction import answer_document

        for image, answer in batch:
            self._begin()
            self.put(self._comma + indent(_json(answer_document(image.name, answer), 2), "    "))
            self._comma = ",\n"

    def _begin(self) -> None:
        if not self._begun:
            self.put(_json(dict(self.origin), 2).removesuffix("\n}") + ',\n  "predictions": [')
            self._begun, self._comma = True, "\n"

    @override
    def end(self, section: Section) -> None:
        self._begin()
        rest = {name: value for name, value in section.document.items() if name not in {*self.origin, "predictions"}}
        self.put(("]" if self._comma == "\n" else "\n  ]") + ",\n" + _json(rest, 2).removeprefix("{\n") + "\n")
        warn(section)


class _Lines(Writer):
    """An object a line; of what could not be read, with the fault in the place of an answer."""

    @override
    def write(self, batch: Batch) -> None:
        from pellucid.sections.prediction import answer_document

        for image, answer in batch:
            self.put(_json(answer_document(image.name, answer)) + "\n")

    @override
    def fault(self, name: str, text: str) -> None:
        self.put(_json({"image": name, "fault": text}) + "\n")


class _Csv(Writer):
    _begun = False

    @override
    def write(self, batch: Batch) -> None:
        from pellucid.predict.rows import columns_of, row_of

        columns = columns_of(self.top, sets=self.coverage is not None)
        rows = (row_of(image.name, answer, self.top) for image, answer in batch)
        self._put([[_cell(row.get(name)) for name in columns] for row in rows], list(columns))

    def _put(self, rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self._begun:
            writer.writerow(header)
            self._begun = True
        writer.writerows(rows)
        self.put(text.getvalue())

    @override
    def end(self, section: Section) -> None:
        if not self._begun:
            self.write(())
        super().end(section)


class _Submission(_Csv):
    """Answers for the rows of a table as competitions take them."""

    @override
    def write(self, batch: Batch) -> None:
        self._put([(image.number, answer.label) for image, answer in batch], ("ImageId", "Label"))


class _Parquet(Writer):
    """A group of rows a batch."""

    def __init__(self, file: BinaryIO, origin: Mapping[str, Any], top: int, coverage: float | None) -> None:
        super().__init__(lambda _: None, origin, top, coverage)
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            rule = "Parquet needs pyarrow. Install it with: pip install 'pellucid[tables]'"
            raise PellucidError(rule) from None
        from pellucid.predict.rows import columns_of

        kinds = {str: pa.string(), float: pa.float64(), bool: pa.bool_(), list: pa.list_(pa.string())}
        columns = columns_of(top, sets=coverage is not None)
        self._table = pa.Table
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._writer = parquet.ParquetWriter(file, self._schema)

    @override
    def write(self, batch: Batch) -> None:
        from pellucid.predict.rows import row_of

        rows = [row_of(image.name, answer, self.top) for image, answer in batch]
        if rows:
            self._writer.write_table(self._table.from_pylist(rows, self._schema))

    @override
    def end(self, section: Section) -> None:
        self._writer.close()
        super().end(section)


WRITERS = {TEXT: _Text, JSON: _Json, LINES: _Lines, CSV: _Csv, SUBMISSION: _Submission}


@contextmanager
def writing(
    form: str, out: Path | None, origin: Mapping[str, Any], top: int, coverage: float | None
) -> Iterator[Writer]:
    """Within this context answers are written; a file is there when all are, and not before.

    Args:
        form: One of the formats.
        out: The file; stdout where there is none.
        origin: What answers; see `described`.
        top: How many classes to name for each image.
        coverage: What the sets of classes promise; None where none were asked for.

    Raises:
        RunError: The file cannot be written.
        PellucidError: A library is missing.
    """
    if out is None:
        yield WRITERS[form](print_data, origin, top, coverage)
        return
    with replacing(out, make_folder=True) as file:
        if form == PARQUET:
            yield _Parquet(file, origin, top, coverage)
        else:
            yield WRITERS[form](lambda text: _put(file, text), origin, top, coverage)


def format_of(form: str | None, out: Path | None, places: Sequence[Path], as_json: bool) -> str:
    """The format that was asked for, by its name, by ``--json``, or by the name of the file.

    Raises:
        SettingError: There is no such format.
        RunError: The file cannot be written.
        typer.BadParameter: The format is not for these images, needs a file, or another one is asked for as well.
    """
    if form is not None and form not in FORMATS:
        raise SettingError([unknown("format", form, FORMATS)])
    if as_json and form not in {None, JSON}:
        raise typer.BadParameter(f"give either --format {form} or --json")
    chosen = form or (JSON if as_json else BY_SUFFIX.get(out.suffix.lower(), "") if out else TEXT)
    if out:
        require_place(out)
    if not chosen or (out and chosen == TEXT):
        suffixes = ", ".join(BY_SUFFIX)
        raise typer.BadParameter(f"--out is for files of data: give --format, or a file that ends in {suffixes}")
    if chosen == PARQUET and not out:
        raise typer.BadParameter("--format parquet needs a file: give --out")
    if chosen == SUBMISSION and (len(places) != 1 or places[0].suffix.lower() not in {".csv", ".tsv"}):
        raise typer.BadParameter("--format submission is for one table of pixels (.csv or .tsv)")
    return chosen


def _put(file: BinaryIO, text: str) -> None:
    file.write(text.encode("utf-8", "surrogateescape"))  # names of files may be no UTF-8


def _json(document: Any, spaces: int | None = None) -> str:
    return json.dumps(document, indent=spaces, allow_nan=False)


def _cell(value: Any) -> object:
    """A value in CSV: nothing where there is none, and a list as JSON."""
    if isinstance(value, bool | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value
