"""The language that a reader is told things in: English, unless another is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh")

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def tell(text: str, /, **values: Any) -> str:
    """A text in the language that is spoken, with values in the places that it names.

    Args:
        text: In English, with places as `str.format` has them: ``tell("accuracy {share}", share="99%")``. It is written
            where it is told, so that a test finds each text that needs a translation.
        values: What stands in the places. They are not translated, and may hold any text.
    """
    return _texts(_spoken.get()).get(text, text).format(**values)


def sentences(*told: str) -> str:
    """Sentences one after another, as the language that is spoken sets them: Chinese has no spaces between them."""
    return ("" if _spoken.get() == "zh" else " ").join(filter(None, told))


def spoken() -> str:
    """The language that is spoken, as in ``en``."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within the block, `tell` speaks this language.

    Args:
        language: One of `LANGUAGES`.
    """
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


@cache
def _texts(language: str) -> dict[str, str]:
    """Translations by their English text; none for English itself."""
    if language == ENGLISH:
        return {}
    from importlib.resources import files  # which is slow to import, and English needs none

    return json.loads((files("pellucid") / "languages" / f"{language}.json").read_bytes())
