"""Recipes: a network and how to train it, fitted to the shape and the classes of the data.

They were chosen on the validation split only; docs/accuracy.md has what they reach on the test split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.errors import SettingError, unknown
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
)
from pellucid.spec.model import ModelSpec
from pellucid.spec.train import AdamW, OneCycle, TrainSpec


@dataclass(frozen=True)
class Recipe:
    """A network and how to train it."""

    model: ModelSpec
    train: TrainSpec


def tutorial(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """The seed's program: two convolutions with pooling, 15 epochs of Adam."""
    layers = (
        Conv2D(filters=32, kernel_size=(3, 3), activation="relu"),
        MaxPooling2D(pool_size=(2, 2)),
        Conv2D(filters=64, kernel_size=(3, 3), activation="relu"),
        MaxPooling2D(pool_size=(2, 2)),
        Flatten(),
        Dense(units=classes, activation="softmax"),
    )
    return Recipe(ModelSpec(input_shape=input_shape, layers=layers), TrainSpec())


def fast(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Few multiply-adds and a one-cycle learning rate: past the tutorial's accuracy after two epochs."""
    # Without padding there is half the work, but small images would vanish.
    inner: Padding = "valid" if min(input_shape[:2]) >= 16 else "same"

    def block(convolution: Conv2D, *pooling: Layer) -> tuple[Layer, ...]:
        # Pooling stands before the normalisation, which then has a quarter of the work.
        return convolution, *pooling, BatchNormalization(momentum=0.9), Activation(activation="relu")

    layers = (
        *block(Conv2D(filters=16, kernel_size=(5, 5), strides=(2, 2), padding="same", use_bias=False)),
        *block(Conv2D(filters=32, kernel_size=(3, 3), padding=inner, use_bias=False), MaxPooling2D(padding=inner)),
        *block(Conv2D(filters=64, kernel_size=(3, 3), padding=inner, use_bias=False)),
        GlobalMaxPooling2D(),
        Dense(units=classes, activation="softmax"),
    )
    train = TrainSpec(epochs=2, learning_rate=0.01, optimizer=AdamW(weight_decay=0.01), schedule=OneCycle())
    return Recipe(ModelSpec(input_shape=input_shape, layers=layers), train)


RECIPES: dict[str, Callable[[tuple[int, int, int], int], Recipe]] = {"fast": fast, "tutorial": tutorial}


def recipe(name: str, input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """The named recipe for such data.

    Args:
        name: One of `RECIPES`.
        input_shape: (height, width, channels) of one image.
        classes: Number of classes.

    Raises:
        SettingError: No recipe has that name.
        SpecError: The images are too small for the recipe's network.
    """
    if name not in RECIPES:
        raise SettingError([unknown("recipe", name, RECIPES)])
    return RECIPES[name](input_shape, classes)
