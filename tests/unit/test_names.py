from pathlib import Path

import pytest

from pellucid.names import plain_name, user_path, with_home


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("feature-maps-test:17", "feature-maps-test-17"),
        ("my bar.png", "my-bar-png"),
        ("conv2d_1  0 ", "conv2d_1-0"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\a\0b\n", "a-b"),
        ("stra\u00dfe \u4e94", "stra\u00dfe-\u4e94"),
        ("\udcff", "-"),
        ("...", "-"),
        ("", "-"),
    ],
)
def test_a_name_holds_letters_digits_and_hyphens(text: str, plain: str) -> None:
    assert plain_name(text) == plain


def test_more_characters_are_kept_on_demand_but_no_name_is_hidden() -> None:
    assert plain_name("more.zip", keep=".") == "more.zip"
    assert plain_name("..my.data", keep=".") == "my.data"
    assert plain_name("1 at 5,0", keep=".,") == "1-at-5,0"


def test_a_name_is_cut_at_a_letter_by_its_bytes() -> None:
    assert plain_name("abc", most=2) == "ab"
    assert plain_name("\u4e94" * 5, most=7) == "\u4e94" * 2
    assert len(plain_name("x" * 10_000)) == 200


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("~/x", "/home/ada/x"),
        ("~", "/home/ada"),
        ("--out=~/x=~/y", "--out=/home/ada/x=~/y"),
        ("-o=~/x", "-o=/home/ada/x"),
        ("x~/y", "x~/y"),
        ("--out=x~", "--out=x~"),
        ("~nobody-is-called-so/x", "~nobody-is-called-so/x"),
        ("conv 4 3x3\nflatten", "conv 4 3x3\nflatten"),
        ("", ""),
    ],
)
def test_an_argument_may_begin_with_the_home_folder(given: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert with_home(given) == meant


def test_a_path_may_begin_with_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert user_path("~/x") == user_path(Path("~/x")) == Path("/home/ada/x")
