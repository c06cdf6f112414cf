import logging
import warnings

import pytest

from pellucid.cli.libraries import libraries_heard
from pellucid.errors import PellucidWarning


def test_what_libraries_warn_of_is_told_once_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with libraries_heard():
        warnings.simplefilter("always")
        for number in range(80):
            warnings.warn_explicit(f"Glyph {number} missing", UserWarning, "/x/site-packages/numpy/plot.py", 7)
        logging.getLogger("numpy").warning("Clipping\n input")
        warnings.warn("the user should know", PellucidWarning, stacklevel=1)
        assert capsys.readouterr().err == "pellucid: the user should know\n"
    glyphs, clipping = capsys.readouterr().err.splitlines()
    assert glyphs == "pellucid: numpy warns: Glyph 0 missing (and 79 more like it)"
    assert clipping.endswith("warns: Clipping input")


def test_what_was_heard_is_told_when_a_command_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), libraries_heard():
        warnings.simplefilter("always")
        warnings.warn("odd", stacklevel=1)
        raise KeyError
    assert "warns: odd" in capsys.readouterr().err
    assert not any(type(handler).__name__ == "_Kept" for handler in logging.getLogger().handlers)


def test_of_very_many_warnings_of_our_own_the_first_are_told_and_the_rest_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with libraries_heard():
        warnings.simplefilter("always")
        for number in range(3000):
            warnings.warn_explicit(f"{number}.png: damaged", PellucidWarning, "read.py", 7)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        *(f"pellucid: {number}.png: damaged" for number in range(20)),
        "pellucid: and 2,980 more of this kind.",
    ]
