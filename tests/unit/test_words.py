from __future__ import annotations

import pytest

from pellucid.words import counted, size, some


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "epoch", "1 epoch"),
        (0, "epoch", "0 epochs"),
        (2, "class", "2 classes"),
        (3, "entry", "3 entries"),
        (2, "day", "2 days"),
        (10_000, "image", "10000 images"),
        (1, "training image", "1 training image"),
    ],
)
def test_a_noun_follows_its_number(number: int, noun: str, words: str) -> None:
    assert counted(number, noun) == words


def test_thousands_may_be_parted() -> None:
    assert counted(10_000, "image", separator=",") == "10,000 images"


def test_of_many_names_the_first_few_are_told() -> None:
    assert some(["a", "b"], 2) == "a, b"
    assert some([*"abc"], 2) == "a, b and 1 more"
    assert some([]) == ""
    assert some(["x" * 81, "y" * 80]) == f"{'x' * 79}…, {'y' * 80}"


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (2**20, "1.0 MiB"), (5 * 2**30, "5,120.0 MiB")],
)
def test_amounts_of_memory(count: int, words: str) -> None:
    assert size(count) == words
