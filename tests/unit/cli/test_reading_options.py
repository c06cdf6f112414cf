import pytest
import typer

from pellucid.cli.reading import reading_settings


def settings(text: str) -> dict:
    return reading_settings(None, None, False, value_range=text)


def test_a_range_of_values_is_two_numbers_or_a_word() -> None:
    assert settings("0:4095") == {"value_range": (0, 4095)}
    assert settings("-1000:3e3") == {"value_range": (-1000, 3000)}
    assert settings("full") == {"value_range": "full"}


@pytest.mark.parametrize("text", ["0:", "a:b", "1:2:3"])
def test_another_range_of_values_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--value-range must be like 0:4095, or full or auto; received"):
        settings(text)
