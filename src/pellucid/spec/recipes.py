"""Recipes: a network and how to train it, fitted to the shape and the classes of the data.

They were chosen on the validation split of MNIST only; `make recipes` measures what each part of them is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.errors import SettingError, unknown
from pellucid.spec.augment import AugmentSpec
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
from pellucid.spec.train import AdamW, OneCycle, TrainSpec


@dataclass(frozen=True)
class Recipe:
    """A network and how to train it."""

    model: ModelSpec
    train: TrainSpec


SMALL_MAP = 8  # where down-sampling ends


class Stack:
    """Layers that are put one on another, each fitted to what the last one gives.

    Attributes:
        layers: In order.
        shape: What the last one gives.
    """

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self.layers: list[Layer] = []
        self.shape: Shape = input_shape

    def add(self, *layers: Layer) -> None:
        """Put these on top; a window larger than the map gets padding."""
        for layer in layers:
            fitting = layer.replace(padding="same") if layer.faults(self.shape) else layer
            self.layers.append(fitting)
            self.shape = fitting.output_shape(self.shape)

    def block(
        self, filters: int, size: int = 3, *, strides: int = 1, padding: Padding = "valid", pool: bool = False
    ) -> None:
        """Convolution, pooling if asked for, batch normalisation, ReLU.

        Pooling stands before the normalisation, which then has a quarter of the work.
        """
        kernel, step = (size, size), (strides, strides)
        self.add(Conv2D(filters=filters, kernel_size=kernel, strides=step, padding=padding, use_bias=False))
        if pool:
            self.add(MaxPooling2D())
        self.add(BatchNormalization(momentum=0.9), Activation(activation="relu"))

    @property
    def is_large(self) -> bool:
        """Whether the maps are larger than where down-sampling ends."""
        return min(self.shape[:2]) > SMALL_MAP


def _adamw(weight_decay: float) -> AdamW:
    """With shorter memories than usual, as there are few updates."""
    return AdamW(weight_decay=weight_decay, beta_1=0.85, beta_2=0.95)


def tutorial(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """The seed's program: two convolutions with pooling, 15 epochs of Adam.

    Larger images get more such pairs until the maps are small.
    """
    stack = Stack(input_shape)
    while len(stack.layers) < 4 or stack.is_large:
        filters = 64 if stack.layers else 32
        stack.add(Conv2D(filters=filters, kernel_size=(3, 3), activation="relu"), MaxPooling2D(pool_size=(2, 2)))
    stack.add(Flatten(), Dense(units=classes, activation="softmax"))
    return Recipe(ModelSpec(input_shape=input_shape, layers=stack.layers), TrainSpec())


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
    stack.add(GlobalMaxPooling2D(), Dense(units=classes, activation="softmax"))
    train = TrainSpec(
        epochs=1,
        batch_size=256,
        learning_rate=0.025,
        optimizer=_adamw(0.01),
        schedule=OneCycle(warmup=0.2),
        label_smoothing=0.1,
    )
    return Recipe(ModelSpec(input_shape=input_shape, layers=stack.layers), train)


def accurate(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Wider, deeper and trained longer, on images that are moved, turned and bent a little differently each time."""
    stack = Stack(input_shape)
    stack.block(32, 5, pool=True)
    filters = 64
    while filters == 64 or stack.is_large:
        stack.block(min(filters, 128))
        stack.block(min(filters * 3 // 2, 192), pool=True)
        filters *= 2
    stack.block(min(filters, 192), padding="same")
    stack.add(GlobalMaxPooling2D(), Dense(units=classes, activation="softmax"))
    train = TrainSpec(
        epochs=15,
        batch_size=128,
        learning_rate=0.015,
        optimizer=_adamw(0.05),
        schedule=OneCycle(warmup=0.2),
        label_smoothing=0.1,
        augmentation=AugmentSpec(shift=0.06, rotation=8, scale=0.08, shear=4, elastic=0.3),
    )
    return Recipe(ModelSpec(input_shape=input_shape, layers=stack.layers), train)


def tiny(input_shape: tuple[int, int, int], classes: int) -> Recipe:
    """Under 10,000 parameters for ten classes: to be sent, embedded, or looked at in whole."""
    stack = Stack(input_shape)
    stack.block(8)
    stack.block(16, pool=True)
    stack.block(16)
    stack.block(24, pool=True)
    while stack.is_large:
        stack.block(24, pool=True)
    stack.add(GlobalMaxPooling2D(), Dense(units=classes, activation="softmax"))
    train = TrainSpec(
        epochs=12,
        batch_size=128,
        learning_rate=0.015,
        optimizer=_adamw(0.01),
        schedule=OneCycle(warmup=0.2),
        label_smoothing=0.1,
        augmentation=AugmentSpec(shift=0.06, rotation=8, scale=0.08),
    )
    return Recipe(ModelSpec(input_shape=input_shape, layers=stack.layers), train)


RECIPES: dict[str, Callable[[tuple[int, int, int], int], Recipe]] = {
    "fast": fast,
    "accurate": accurate,
    "tiny": tiny,
    "tutorial": tutorial,
}


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
