import io
import sys

import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn

from pellucid.bars import make_bar, say, stderr


def _shown(console: Console, *, shown: bool = True) -> str:
    with make_bar(console, "{task.fields[speed]}", MofNCompleteColumn(), shown=shown) as bar:
        task = bar.add_task("scan [2020]", total=4, speed="7 images/s")
        bar.update(task, completed=3)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_on_a_terminal_it_shows_its_columns_and_takes_brackets_as_they_are() -> None:
    text = _shown(Console(file=io.StringIO(), force_terminal=True, width=100))
    for part in ("scan [2020]", "7 images/s", "3/4"):
        assert part in text


def test_names_are_no_markup_and_steer_no_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    say(console, "scan [bold]2020[/] \x1b[31m\u202e")
    with make_bar(console) as bar:
        bar.add_task("W" * 300 + "\x07", total=4)
        bar.refresh()
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.startswith(r"scan [bold]2020[/] \x1b[31m\u202e")
    assert "W" * 25 in text
    assert "W" * 61 not in text
    assert "\x07" not in text


def test_where_it_is_not_wanted_or_nobody_watches_it_writes_nothing() -> None:
    assert not _shown(Console(file=io.StringIO(), force_terminal=True), shown=False)
    assert not _shown(Console(file=io.StringIO(), force_terminal=False)).strip()


def test_it_leaves_stdout_to_results(capsys: pytest.CaptureFixture[str]) -> None:
    with make_bar(stderr()) as bar:
        bar.add_task("work", total=1)
        sys.stdout.write("a result\n")
    assert capsys.readouterr().out == "a result\n"
