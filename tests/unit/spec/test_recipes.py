from pathlib import Path

import pytest

from pellucid.errors import SpecError
from pellucid.spec.recipes import recipe, title_of


def test_a_recipe_from_a_file_is_the_one_that_was_written(tmp_path: Path) -> None:
    tiny = recipe("tiny", (28, 28, 1), 10)
    path = tmp_path / "mine.json"
    path.write_text(tiny.to_json())
    read = recipe(str(path), (28, 28, 1), 10, images=500)
    assert (read.model, read.train) == (tiny.model, tiny.train)  # as it is written, however few the images
    assert title_of(str(path)) == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "The text must be JSON"),
        ('{"model": {"input_shape": [8, 8, 1], "layers": []}, "train": {}}', "A model must have layers"),
        ("{}", "model must be given"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "mine.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SpecError, match=message):
        recipe(str(path), (8, 8, 1), 3)


def test_a_recipe_from_a_file_must_fit_the_data(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(recipe("tiny", (28, 28, 1), 10).to_json())
    with pytest.raises(SpecError, match="28x28x1"):
        recipe(str(path), (32, 32, 3), 10)
