import unicodedata

import pytest

from pellucid.data.classes import find_class, require_class
from pellucid.errors import SettingError

COMPOSED, DECOMPOSED = unicodedata.normalize("NFC", "café"), unicodedata.normalize("NFD", "café")


@pytest.mark.parametrize(("given", "number"), [("b", 1), (0, 0), ("2", 2), ("7", 0), ("B", 1), (" c ", 2)])
def test_a_class_is_known_by_name_then_by_number(given: str | int, number: int) -> None:
    assert require_class(given, ("7", "b", "c")) == number


@pytest.mark.parametrize("given", ["d", 3, "-1", ""])
def test_an_unknown_class_is_told(given: str | int) -> None:
    with pytest.raises(SettingError, match="Unknown class"):
        require_class(given, ("7", "b", "c"))


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, "CAFÉ"])
@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
def test_the_unicode_form_of_a_class_does_not_matter(typed: str, stored: str) -> None:
    assert require_class(typed, ("bar", stored)) == 1


def test_the_nearest_way_to_write_a_class_comes_first() -> None:
    letters = ("A", "a", DECOMPOSED, COMPOSED.upper())
    assert [find_class(name, letters) for name in ("a", "A", COMPOSED, " a")] == [1, 0, 2, None]
    assert require_class("4", ("1", "4")) == 1
