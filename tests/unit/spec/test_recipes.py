import json
from pathlib import Path

import pytest

from pellucid.errors import SpecError
from pellucid.spec.recipes import Recipe, names_recipe, recipe
from pellucid.spec.train import TrainSpec


def test_a_recipe_from_a_file_is_the_one_that_was_written(tmp_path: Path) -> None:
    tiny = recipe("tiny", (28, 28, 1), 10)
    path = tmp_path / "mine.json"
    path.write_text(tiny.to_json())
    read = recipe(str(path), (28, 28, 1), 10, images=500)
    assert read == tiny  # as it is written, however few the images


def test_a_recipe_file_without_a_name_is_called_as_the_file(tmp_path: Path) -> None:
    """As such files were written at first."""
    tiny = recipe("tiny", (28, 28, 1), 10)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"model": tiny.model.model_dump(mode="json"), "train": {"epochs": 3}}))
    assert names_recipe(str(path))
    assert recipe(str(path), (28, 28, 1), 10) == Recipe(tiny.model, TrainSpec(epochs=3), "mine")


@pytest.mark.parametrize(
    ("name", "images", "epochs"),
    [("fast", 60_000, 1), ("fast", 1_000, 50), ("tiny", 1_000, 250), ("tutorial", 1_000, 15), ("fast", None, 1)],
)
def test_few_images_get_more_epochs(name: str, images: int | None, epochs: int) -> None:
    assert recipe(name, (28, 28, 1), 10, images).train.epochs == epochs


@pytest.mark.parametrize(
    ("name", "shape", "images", "epochs"),
    [
        ("accurate", (28, 28, 1), 1_000, 250),  # 2,000 updates of 128 images
        ("accurate", (64, 64, 3), 1_000, 206),  # 97,078,656 multiply-adds an image, 206,000 times, are 2.0e13
        ("accurate", (128, 128, 3), 1_000, 36),
        ("accurate", (224, 224, 3), 1_000, 15),  # as many as ever
        ("accurate", (224, 224, 3), 100, 100),
        ("tiny", (224, 224, 3), 1_000, 134),
        ("fast", (512, 512, 3), 1_000, 50),
    ],
)
def test_epochs_are_added_no_further_than_work_allows(
    name: str, shape: tuple[int, int, int], images: int, epochs: int
) -> None:
    chosen = recipe(name, shape, 10, images)
    assert chosen.train.epochs == epochs
    own = recipe(name, shape, 10).train.epochs
    assert epochs == own or epochs * images * chosen.model.multiply_adds <= 2e13


def test_a_recipe_is_told_from_a_network(tmp_path: Path) -> None:
    tiny = recipe("tiny", (28, 28, 1), 10)
    (tmp_path / "recipe.json").write_text(tiny.to_json())
    (tmp_path / "network.json").write_text(tiny.model.model_dump_json())
    assert names_recipe("fast")
    assert names_recipe(str(tmp_path / "recipe.json"))
    assert not names_recipe("conv 4 3x3, flatten, dense 3")
    assert not names_recipe(str(tmp_path / "network.json"))
    assert not names_recipe(str(tmp_path / "nothing.json"))


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
