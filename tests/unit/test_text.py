from __future__ import annotations

import pytest

from pellucid.text import columns, printable, shortened, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat, caf\u00e9, \u732b, \u05d7\u05ea\u05d5\u05dc", "cat, caf\u00e9, \u732b, \u05d7\u05ea\u05d5\u05dc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("cat\u200b", r"cat\u200b"),
        ("caf\udce9", r"caf\udce9"),
        ("a\u2028b", r"a\u2028b"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # a letter joins or does not
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("a\u00a0b", "a\u00a0b"),
        (r"a $5 [bold] \frac{ <b>", r"a $5 [bold] \frac{ <b>"),
    ],
)
def test_what_steers_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_lines_may_be_kept() -> None:
    assert printable("a\nb\x07", keep="\n") == "a\nb\\x07"


def test_a_long_name_loses_its_middle() -> None:
    assert shortened("class-000017", 12) == "class-000017"
    assert shortened("a-long-name-of-class-17", 12) == "a-lon\u2026ass-17"
    assert shortened("\u732b" * 20, 11) == "\u732b\u732b\u732b\u2026\u732b\u732b"
    assert columns(shortened("W" * 300)) == 60


def test_a_text_is_parted_between_words_and_within_long_ones() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("W" * 25, 10) == ["W" * 10, "W" * 10, "W" * 5]
    assert wrapped("\u732b" * 6, 8) == ["\u732b" * 4, "\u732b" * 2]
    assert wrapped("a\nb", 8) == [r"a\nb"]
