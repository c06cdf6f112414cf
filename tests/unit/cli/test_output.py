from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.cli.output import print_path, print_table, print_text, say
from pellucid.cli.show import warn
from pellucid.sections.section import Section

Capture = pytest.CaptureFixture[str]


def test_columns_stand_below_each_other_in_any_script(capsys: Capture) -> None:
    print_table(("class", "n"), [("\u732b", "1"), ("dog", "12"), ("W" * 70, "3")])
    head, cat, dog, long = capsys.readouterr().out.splitlines()
    assert head == f"class{' ' * 35}   n"
    assert cat == f"\u732b{' ' * 38}   1"
    assert dog == f"dog{' ' * 37}  12"
    assert long == f"{'W' * 70}   3"  # whole, and moves no other row


def test_names_steer_no_terminal(capsys: Capture, hostile_names: tuple[str, ...]) -> None:
    print_table(("class", hostile_names[1]), [(name, "1") for name in hostile_names])
    print_text(hostile_names[1])
    say(hostile_names[1])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4 + 2  # a cell is one line; of a text, lines are kept
    assert err == "\\x1b[31m\\u202e<b>[bold]evil\nFORGED\n"
    assert (out + err).replace("\n", "").isprintable()


def test_a_path_is_for_programs_as_it_is_and_for_eyes_as_it_can_be_read(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    print_path(Path("a\u200fb"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_path(Path("a\u200fb"))
    assert capsys.readouterr().out == "a\u200fb\na\\u200fb\n"


def test_of_very_many_warnings_the_first_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    warn(Section("Answers", {}, warnings=tuple(f"fault {number}" for number in range(30_000))))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:20] == [f"fault {number}" for number in range(20)]
    assert lines[20:] == ["pellucid: and 29,980 more of this kind. --json tells them all."]
