"""Recipes: a network and how to train it, fitted to the shape and the classes of the data.

They were chosen on training images of MNIST that were held out, never on its test split; `make recipes` measures what
each part of them is worth.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pellucid.errors import Fault, SettingError, unknown
from pellucid.names import user_path
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.base import Spec
from pellucid.spec.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling2D,
    Padding,
    Shape,
)
from pellucid.spec.model import AnyModelSpec, ModelSpec
from pellucid.spec.train import AdamW, OneCycle, TrainSpec
from pellucid.untrusted import MOST_TEXT_BYTES, read, read_json

PARTS, FILE, CUSTOM = ("model", "train"), ".json", "custom"


class Recipe(Spec):
    """A network and how to train it: what `fit` and every study take.

    Attributes:
        model: The network.
        train: How to train it.
        name: What runs and studies call it.
    """

    error_kind: ClassVar = SettingError

    model: AnyModelSpec
    train: TrainSpec
    name: Annotated[str, Field(min_length=1)] = CUSTOM

    def with_updates(self, least: int, images: int) -> Recipe:
        """The same recipe, with as many more epochs as few images need to give the least number of updates.

        Epochs are added only up to `MOST_WORK`, so that large images do not train for hours; none is taken away.
        """
        updates_an_epoch = math.ceil(images / self.train.batch_size)
        cost = self.model.multiply_adds if isinstance(self.model, ModelSpec) else 0
        affordable = int(MOST_WORK // max(cost * images, 1))
        epochs = max(self.train.epochs, min(math.ceil(least / updates_an_epoch), affordable))
        return self.replace(train=self.train.replace(epochs=epochs))

    def to_json(self) -> str:
        """The text of a file that `recipe` reads."""
        return self.model_dump_json(indent=2) + "\n"


MOST_WORK = 2e13  # multiply-adds, forward, up to which epochs are added: about three times accurate's on MNIST
SMALL_MAP = 8  # where down-sampling ends


class Stack:
    """Layers that are put one on another, each fitted to what the last one gives.

    Attributes:
        input_shape: (height, width, channels) of one image.
        layers: The layers in order.
        shape: What the last layer gives.
    """

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self.input_shape = input_shape
        self.layers: list[Layer] = []
        self.shape: Shape = input_shape

    def add(self, *layers: Layer) -> None:
        """Put layers on top; a window larger than the map gets padding."""
        for layer in layers:
            fitting = layer.replace(padding="same") if layer.faults(self.shape) else layer
            self.layers.append(fitting)
            self.shape = fitting.output_shape(self.shape)

    def block(
        self, filters: int, size: int = 3, *, strides: int = 1, padding: Padding = "valid", pool: bool = False
    ) -> None:
        """Convolution, pooling if asked for, batch normalisation, ReLU; windows are widened to see the whole map.

        Pooling stands before the normalisation, which then has a quarter of the work.
        """
        kernel, step = self._whole(size, strides), (strides, strides)
        self.add(Conv2D(filters=filters, kernel_size=kernel, strides=step, padding=padding, use_bias=False))
        if pool:
            self.add(MaxPooling2D(pool_size=self._whole(2, 2), strides=(2, 2)))
        self.add(BatchNormalization(momentum=0.9), Activation(activation="relu"))

    def _whole(self, size: int, strides: int) -> tuple[int, int]:
        """Height and width of a window, larger by as much as its strides would leave over of the map."""
        height, width = (size + max(side - size, 0) % strides for side in self.shape[:2])
        return height, width

    def model(self, reduction: Layer, classes: int) -> ModelSpec:
        """The network of these layers: reduced to a vector, and that to a probability of each class."""
        self.add(reduction, Dense(units=classes, activation="softmax"))
        return ModelSpec(input_shape=self.input_shape, layers=self.layers)

    @property
    def is_large(self) -> bool:
        """Whether the maps are larger than where down-sampling ends."""
        return min(self.shape[:2]) > SMALL_MAP


def _training(
    epochs: int, batch_size: int, learning_rate: float, weight_decay: float, augmentation: AugmentSpec | None = None
) -> TrainSpec:
    """AdamW with shorter memories than usual, as there are few updates, one cycle, and label smoothing."""
    return TrainSpec(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=AdamW(weight_decay=weight_decay, beta_1=0.85, beta_2=0.95),
        schedule=OneCycle(warmup=0.2),
        label_smoothing=0.1,
        augmentation=augmentation,
    )


def tutorial(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """The tutorial that Pellucid began from: two convolutions with pooling, 15 epochs of Adam.

    Larger images get more such pairs until the maps are small.
    """
    stack = Stack(input_shape)
    while len(stack.layers) < 4 or stack.is_large:
        filters = 64 if stack.layers else 32
        stack.add(Conv2D(filters=filters, kernel_size=(3, 3), activation="relu"), MaxPooling2D(pool_size=(2, 2)))
    return Recipe(model=stack.model(Flatten(), classes), train=TrainSpec(), name="tutorial")


def fast(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Few multiply-adds, a one-cycle learning rate and label smoothing: the tutorial's accuracy after one epoch.

    A wide stride at the start makes the maps small at once; further pooling follows on larger images.
    """
    size = min(input_shape[:2])
    stack = Stack(input_shape)
    if size <= 16:
        stack.block(16, 3, padding="same")
    else:
        stack.block(16, 7, strides=3 if size <= 128 else 4)
    filters = 32
    while filters == 32 or stack.is_large:
        stack.block(min(filters, 96), pool=True)
        filters *= 2
    stack.block(96)
    train = _training(epochs=1, batch_size=256, learning_rate=0.025, weight_decay=0.01)
    return Recipe(model=stack.model(GlobalMaxPooling2D(), classes), train=train, name="fast")


def accurate(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Wider, deeper and trained longer; half of the images, by chance, are moved, turned and bent anew each time."""
    stack = Stack(input_shape)
    stack.block(32, 5, pool=True)
    filters = 64
    while filters == 64 or stack.is_large:
        stack.block(min(filters, 128))
        stack.block(min(filters * 3 // 2, 192), pool=True)
        filters *= 2
    stack.block(min(filters, 192), padding="same")
    augmentation = AugmentSpec(shift=0.1, rotation=15, scale=0.1, shear=8, elastic=0.5, probability=0.5)
    train = _training(epochs=15, batch_size=128, learning_rate=0.015, weight_decay=0.05, augmentation=augmentation)
    return Recipe(model=stack.model(GlobalMaxPooling2D(), classes), train=train, name="accurate")


def tiny(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Under 10,000 parameters for ten classes: to be sent, embedded, or looked at in whole.

    Labels are not smoothed: so small a network answers held-out images better without.
    """
    stack = Stack(input_shape)
    stack.block(8)
    stack.block(16, pool=True)
    stack.block(16)
    stack.block(24, pool=True)
    while stack.is_large:
        stack.block(24, pool=True)
    augmentation = AugmentSpec(shift=0.06, rotation=8, scale=0.08)
    train = _training(epochs=12, batch_size=128, learning_rate=0.015, weight_decay=0.01, augmentation=augmentation)
    train = train.replace(label_smoothing=0.0)
    return Recipe(model=stack.model(GlobalMaxPooling2D(), classes), train=train, name="tiny")


LEAST_UPDATES = {"fast": 200, "accurate": 2000, "tiny": 2000}  # that small data are to get, by more epochs
RECIPES: dict[str, Callable[[tuple[int, int, int], int], Recipe]] = {
    "fast": fast,
    "accurate": accurate,
    "tiny": tiny,
    "tutorial": tutorial,
}


def recipe(name: str, input_shape: tuple[int, int, int], classes: int, images: int | None = None) -> Recipe:
    """The named recipe for such data.

    Args:
        name: One of `RECIPES`, or the path of a .json file of a recipe; where the file does not say what it is called,
            it is called as the file.
        input_shape: (height, width, channels) of one image.
        classes: Number of classes.
        images: Training images, where they are known: few of them get more epochs.

    Raises:
        SettingError: No recipe has that name, or the file cannot be read.
        SpecError: The network does not fit the images or the classes.
    """
    if name.endswith(FILE):
        return _read(user_path(name), input_shape, classes)
    if name not in RECIPES:
        raise SettingError([unknown("recipe", name, RECIPES)])
    chosen = RECIPES[name](input_shape, classes)
    return chosen.with_updates(LEAST_UPDATES.get(name, 0), images) if images else chosen


def names_recipe(text: str) -> bool:
    """Whether a text is a recipe's name or file, and not a network's."""
    if not text.endswith(FILE):
        return text in RECIPES
    with contextlib.suppress(OSError, ValueError):
        found = read_json(user_path(text))
        return isinstance(found, dict) and set(PARTS) <= found.keys() <= set(Recipe.model_fields)
    return False


def _read(path: Path, input_shape: tuple[int, int, int], classes: int) -> Recipe:
    try:
        raw = read(path, MOST_TEXT_BYTES)
    except OSError as error:
        raise SettingError([Fault(f"The recipe {path} cannot be read ({error})")]) from None
    found = Recipe.model_validate_json(raw)
    found.model.check(input_shape, classes)
    return found if "name" in found.model_fields_set else found.replace(name=path.stem)
