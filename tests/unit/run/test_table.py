from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import RunError
from pellucid.run.table import from_csv, rows_to_csv


@dataclass(frozen=True)
class Row:
    number: int
    share: float | None
    name: str
    whole: bool


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)
rows = st.builds(Row, st.integers(), st.none() | st.floats(allow_nan=False, allow_infinity=False), texts, st.booleans())


@given(table=st.lists(rows, max_size=4))
def test_a_table_is_read_back_to_the_last_digit(tmp_path_factory: pytest.TempPathFactory, table: list[Row]) -> None:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(rows_to_csv(Row, table), newline="")
    assert from_csv(Row, path, "a table") == table


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,0.5,a", "is damaged"),
        ("1,inf,a,True", "is damaged: inf is no finite number"),
        (f"1,{'9' * 5000},a,True", "9 is no finite number"),
        ("one,0.5,a,True", "is damaged: invalid literal for int"),
        (",0.5,a,True", "is damaged: invalid literal for int"),
        ("1,0.5,a,yes", "is damaged: 'yes' is neither True nor False"),
    ],
)
def test_a_damaged_row_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(rows_to_csv(Row, []) + line + "\n")
    with pytest.raises(RunError) as caught:
        from_csv(Row, path, "a table")
    assert message in str(caught.value)


@dataclass(frozen=True)
class Later(Row):
    note: str | None = None


def test_a_table_of_an_earlier_version_has_the_default_of_a_column_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(rows_to_csv(Row, [Row(1, 0.5, "a", True)]))
    assert from_csv(Later, path, "a table") == [Later(1, 0.5, "a", True, None)]


@pytest.mark.parametrize(
    "header", ["number,share,name", "number,share,name,whole,more", "number,number,share,name,whole"]
)
def test_a_header_that_lacks_a_column_or_has_another_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(header + "\n")
    with pytest.raises(RunError, match="is not a table: its first line must be number,share,name,whole"):
        from_csv(Row, path, "a table")
