"""The command that repeats a training: what it says is read again as the command line reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pellucid as pl
from pellucid.run.record import RunRecord
from pellucid.sections.repeat import command_of
from pellucid.spec.reading import ReadSpec
from pellucid.spec.recipes import Recipe, recipe
from pellucid.spec.train import SGD, TrainSpec


def recorded(run: pl.Run, made: Recipe, **data: Any) -> RunRecord:
    changed = run.record.data.model_copy(update={"counts": {"train": 54_000, "validation": 6_000}, **data})
    return run.record.model_copy(
        update={"model": made.model, "train": made.train, "recipe": made.name, "data": changed}
    )


@pytest.fixture
def fast() -> Recipe:
    return recipe("fast", (8, 8, 1), 3, 60_000)


def test_a_recipe_as_it_comes_is_its_name_and_seed(run: pl.Run, fast: Recipe) -> None:
    words, file = command_of(recorded(run, fast, location="mnist"))
    assert words == ["pellucid", "train", "mnist", "--recipe", "fast", "--seed", "0", "--precision", "fp32"]
    assert file is None


def test_what_differs_is_said_by_options(run: pl.Run, fast: Recipe) -> None:
    train = fast.train.replace(
        epochs=3, augmentation="shift=0.1,horizontal_flip", validation_split=None, class_weights="a=2,b=0.5", seed=7
    )
    words, file = command_of(recorded(run, fast.replace(train=train)))
    said = " ".join(words)
    assert file is None
    assert "--epochs 3" in said
    assert "--augment shift=0.1,horizontal_flip=1" in said
    assert "--class-weights a=2,b=0.5" in said
    assert "--no-validation" in said
    assert "--seed 7" in said


def test_a_network_of_its_own_is_said_in_one_line(run: pl.Run) -> None:
    words, file = command_of(run.record)
    assert file is None
    text = words[words.index("--model") + 1]
    assert pl.ModelSpec.from_shorthand(text, run.record.input_shape) == run.record.model


def test_what_options_cannot_say_goes_to_a_file(run: pl.Run, fast: Recipe, tmp_path: Path) -> None:
    made = fast.replace(train=fast.train.replace(optimizer=SGD(momentum=0.7)), name="mine")
    words, file = command_of(recorded(run, made))
    assert words[3:5] == ["--recipe", "recipe.json"]
    assert file
    (tmp_path / "recipe.json").write_text(file)
    assert recipe(str(tmp_path / "recipe.json"), (8, 8, 1), 3, 60_000) == made


def test_files_are_read_as_they_were_read(run: pl.Run, fast: Recipe) -> None:
    reading = ReadSpec(image_size=(8, 8), value_range=(0, 4095), test_split=None, group_column=None, channels=1)
    words, _ = command_of(recorded(run, fast, reading=reading))
    assert " ".join(words).endswith("--image-size 8x8 --channels 1 --value-range 0:4095 --no-test --no-groups")


def test_the_defaults_of_a_training_need_no_word(run: pl.Run) -> None:
    words, _ = command_of(run.record.model_copy(update={"train": TrainSpec()}))
    assert words[3::2] == ["--model", "--seed", "--precision"]
