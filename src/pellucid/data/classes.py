"""A class that is asked for by name: found however the name is typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pellucid.errors import SettingError, unknown


def plain(name: str) -> str:
    """What names that mean one class have in common: neither Unicode form nor case nor spaces around them count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def find_class(name: str | int, class_names: Sequence[str]) -> int | None:
    """The number of a class that is given by name; None where there is none, or several come as near.

    A name that is typed as the class is called comes first, then one that differs in its Unicode form alone, then one
    that differs in case or in spaces around it.
    """
    text = str(name)
    for form in (str, lambda each: unicodedata.normalize("NFC", each), plain):
        found = [label for label, each in enumerate(class_names) if form(each) == form(text)]
        if len(found) == 1:
            return found[0]
    return None


def require_class(name: str | int, class_names: Sequence[str]) -> int:
    """The number of a class that is given by name or by number; a name counts first.

    Raises:
        SettingError: There is no such class.
    """
    found = find_class(name, class_names)
    if found is not None:
        return found
    if str(name).isdecimal() and int(name) < len(class_names):
        return int(name)
    raise SettingError([unknown("class", name, class_names)])
