import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import RunError
from pellucid.run.history import COLUMNS, Epoch, History

finite = st.floats(allow_nan=False, allow_infinity=False)
cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=6)
further = st.fixed_dictionaries({"gap": cells, "a, b": cells}) | st.just({})
numbers = (st.integers(1, 999), finite, finite, st.none() | finite, st.none() | finite, finite, finite)


@given(rows=further.flatmap(lambda row: st.lists(st.builds(Epoch, *numbers, st.just(row)), max_size=4)))
def test_the_table_is_read_back_to_the_last_digit(tmp_path_factory: pytest.TempPathFactory, rows: list[Epoch]) -> None:
    path = tmp_path_factory.mktemp("history") / "history.csv"
    path.write_text(History(rows).to_csv(), newline="")
    assert History.from_csv(path) == History(rows)


def test_a_later_version_may_have_one_more_column(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    text = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,gap\n1,0.5,0.8,,,0.1,2.0,0.25\n"
    path.write_text(text)
    history = History.from_csv(path)
    assert history["gap"] == [0.25]
    assert history["loss"] == [0.5]
    assert history.to_csv() == text  # nothing is lost where it is written again


def test_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("loss,epoch,accuracy,val_loss,val_accuracy,seconds,learning_rate\n0.5,1,0.8,,,2.0,0.1\n")
    assert History.from_csv(path).epochs == [Epoch(1, 0.5, 0.8, None, None, 0.1, 2.0)]


def test_the_header_is_the_contract() -> None:
    assert History().to_csv() == "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"


def test_columns_are_read_by_name() -> None:
    history = History([Epoch(1, 0.5, 0.8, None, None, 0.1, 2.0), Epoch(2, 0.4, 0.9, 0.3, 0.95, 0.1, 2.0)])
    assert history["loss"] == [0.5, 0.4]
    assert math.isnan(history["val_loss"][0])
    assert list(history) == list(COLUMNS)
    with pytest.raises(KeyError, match="'acc' is not a column of the history: epoch, loss"):
        _ = history["acc"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a history"),
        ("a,b\n1,2\n", "its first line must be epoch,loss"),
        (History().to_csv() + "1,0.5\n", "is damaged"),
        (History().to_csv() + "1,0.5,0.5,,,0.1,1.2", "is truncated: its last line does not end"),
        (History().to_csv() + "1,x,0,,,0,0\n", "is damaged: could not convert string to float: 'x'"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_another_file_is_refused_by_name(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RunError) as caught:
        History.from_csv(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
