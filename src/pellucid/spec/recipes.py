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
    Shape,
)
from pellucid.spec.model import ModelSpec
from pellucid.spec.shapes import walk
from pellucid.spec.train import AdamW, OneCycle, TrainSpec


@dataclass(frozen=True)
class Recipe:
    """A network and how to train it."""

    model: ModelSpec
    train: TrainSpec


SMALL_MAP = 8  # where down-sampling ends


def tutorial(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """The seed's program: two convolutions with pooling, 15 epochs of Adam.

    Larger images get more such pairs until the maps are small; on smaller ones, pooling that does not fit is left out.
    """
    layers: list[Layer] = []
    shape: Shape = input_shape
    while len(layers) < 4 or min(shape[:2]) > SMALL_MAP:
        filters = 32 if not layers else 64
        convolution = Conv2D(filters=filters, kernel_size=(3, 3), activation="relu")
        for layer in (convolution, MaxPooling2D(pool_size=(2, 2))):
            fitting = layer.replace(padding="same") if layer.faults(shape) else layer
            layers.append(fitting)
            shape = fitting.output_shape(shape)
    layers += [Flatten(), Dense(units=classes, activation="softmax")]
    return Recipe(ModelSpec(input_shape=input_shape, layers=layers), TrainSpec())


def fast(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Few multiply-adds and a one-cycle learning rate: past the tutorial's accuracy after two epochs on MNIST.

    The first convolution makes the maps two or four times smaller, each pooling twice, until they are small; then the
    greatest value of each counts.
    """
    size = min(input_shape[:2])
    # Without padding there is half the work, but small images would vanish.
    inner: Padding = "valid" if size >= 16 else "same"
    stride, window = (2, 5) if size <= 128 else (4, 7)

    def block(convolution: Conv2D, *pooling: Layer) -> tuple[Layer, ...]:
        # Pooling stands before the normalisation, which then has a quarter of the work.
        return convolution, *pooling, BatchNormalization(momentum=0.9), Activation(activation="relu")

    def inside(filters: int) -> Conv2D:
        return Conv2D(filters=filters, kernel_size=(3, 3), padding=inner, use_bias=False)

    stem = Conv2D(filters=16, kernel_size=(window, window), strides=(stride, stride), padding="same", use_bias=False)
    layers = [*block(stem)]
    shape, filters = stem.output_shape(input_shape), 32
    while filters == 32 or min(shape[:2]) > SMALL_MAP:
        added = block(inside(min(filters, 128)), MaxPooling2D(padding=inner))
        layers += added
        shape, filters = walk(added, shape)[-1].output_shape, 2 * filters
    layers += [*block(inside(min(filters, 128))), GlobalMaxPooling2D(), Dense(units=classes, activation="softmax")]
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
