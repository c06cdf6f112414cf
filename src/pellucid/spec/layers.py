"""The layer vocabulary, in Keras's words and with Keras's semantics, and the arithmetic of its shapes.

A map's shape is (height, width, channels), a vector's is (units,). Nothing here needs torch: `pellucid.model` builds
what is described here.

Source: Keras 3 layer reference, https://keras.io/api/layers/.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from pellucid.errors import Fault
from pellucid.spec.base import Spec

Shape = tuple[int, ...]
ActivationName = Literal["linear", "relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid", "softmax"]
Padding = Literal["valid", "same"]
ACTIVATIONS: tuple[ActivationName, ...] = get_args(ActivationName)


def _both_ways(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else value


def _no_truth(value: Any) -> Any:
    """Python counts True as 1; a layer does not."""
    return str(value) if isinstance(value, bool) else value


MOST = 2**31 - 1  # of anything that a layer counts
Count = Annotated[int, Field(gt=0, le=MOST), BeforeValidator(_no_truth)]
Pair = Annotated[tuple[Count, Count], BeforeValidator(_both_ways)]


def times(shape: Shape) -> str:
    """Write a shape the way it is read aloud: 28x28x1."""
    return "x".join(str(size) for size in shape)


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """Rows to add before and after so that a window at this stride gives ceil(size / stride) outputs.

    An odd row goes after (bottom, right), as in Keras.
    """
    total = max((math.ceil(size / stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


class Layer(Spec):
    """One step of a network; a frozen description without weights."""

    kind: Any  # a literal of each layer; tells them apart in JSON

    def output_shape(self, shape: Shape) -> Shape:
        """Shape of one output, given the shape of one input."""
        return shape

    def assumed_shape(self, shape: Shape) -> Shape:
        """Shape to go on with after a fault, as if its remedy had been taken, so that one fault is reported once."""
        return shape

    def parameters(self, shape: Shape) -> int:
        """Numbers that the layer holds, learned or tracked, as Keras counts them."""
        return 0

    def non_trainable(self, shape: Shape) -> int:
        """Parameters of the layer that are tracked, not learned."""
        return 0

    def multiply_adds(self, shape: Shape) -> int:
        """Multiply-adds for one image; elementwise layers and pooling count 0 by convention."""
        return 0

    def window(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        """Size and stride of the part of its input that one output sees; (height, width) each."""
        return (1, 1), (1, 1)

    def margins(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows added above and below the input, and columns added left and right of it."""
        return (0, 0), (0, 0)

    def held_values(self, shape: Shape) -> int:
        """Numbers in memory at once while the layer answers for one image: what it takes and what it gives."""
        given, made = math.prod(shape), math.prod(self.output_shape(shape))
        activated = getattr(self, "activation", "linear") != "linear"  # from one map of the output into another
        return made + (max(given, made) if activated else given)

    def faults(self, shape: Shape) -> list[Fault]:
        """What keeps the layer from taking this input; empty when nothing does."""
        return []


class _OnMaps(Layer):
    """A layer that needs height, width and channels."""

    def faults(self, shape: Shape) -> list[Fault]:
        if len(shape) == 3:
            return []
        remedy = "Put it before Flatten, Dense and global pooling."
        return [Fault("The input must be a map of height x width x channels", f"a vector of {times(shape)}", remedy)]


class _Windowed(_OnMaps):
    """A window that moves over a map: convolution and pooling."""

    if TYPE_CHECKING:  # declared by each layer, so that its settings stand in Keras's order
        strides: Pair
        padding: Padding

    size_setting: ClassVar[str]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the window."""
        return getattr(self, self.size_setting)

    def window(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.size, self.strides

    def margins(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        if self.padding == "valid":
            return (0, 0), (0, 0)
        rows, columns = map(same_padding, shape[:2], self.size, self.strides)
        return rows, columns

    def faults(self, shape: Shape) -> list[Fault]:
        if wrong := super().faults(shape):
            return wrong
        if self.padding == "valid" and (self.size[0] > shape[0] or self.size[1] > shape[1]):
            rule = f"{self.size_setting} must be at most the input, {times(shape[:2])}"
            noun = self.size_setting.split("_")[0]
            return [Fault(rule, times(self.size), f'Use padding="same" or a smaller {noun}.')]
        return []

    def assumed_shape(self, shape: Shape) -> Shape:
        return self.replace(padding="same").output_shape(shape) if len(shape) == 3 else shape

    def output_shape(self, shape: Shape) -> Shape:
        if self.padding == "same":
            height, width = (math.ceil(n / s) for n, s in zip(shape[:2], self.strides, strict=True))
        else:
            height, width = ((n - k) // s + 1 for n, k, s in zip(shape[:2], self.size, self.strides, strict=True))
        return height, width, self._channels(shape)

    def _channels(self, shape: Shape) -> int:
        return shape[2]


class Conv2D(_Windowed):
    """Convolution: each filter, shared over all positions, gives one output map.

    Attributes:
        filters: Number of filters, which is the number of output channels.
        kernel_size: Height and width of a filter.
        strides: Rows and columns that the filter moves at a time.
        padding: ``valid`` (the filter stays inside) or ``same`` (ceil(input / stride) outputs).
        activation: Function applied to the output.
        use_bias: Add a learned number to each output map.
    """

    size_setting: ClassVar = "kernel_size"

    kind: Literal["conv2d"] = "conv2d"
    filters: Count
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    activation: ActivationName = "linear"
    use_bias: bool = True

    def _channels(self, shape: Shape) -> int:
        return self.filters

    def parameters(self, shape: Shape) -> int:
        return self.filters * (math.prod(self.kernel_size) * shape[2] + self.use_bias)

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(self.output_shape(shape)) * math.prod(self.kernel_size) * shape[2]


class _Pooling(_Windowed):
    """Pooling by a moving window. ``strides`` is ``pool_size`` unless it is given, as in Keras."""

    size_setting: ClassVar = "pool_size"

    pool_size: Pair = (2, 2)
    strides: Pair = Field(default_factory=lambda settings: settings["pool_size"])
    padding: Padding = "valid"

    @model_validator(mode="before")
    @classmethod
    def _none_is_not_given(cls, settings: Any) -> Any:
        if isinstance(settings, dict) and settings.get("strides", ()) is None:
            return {name: value for name, value in settings.items() if name != "strides"}
        return settings


class MaxPooling2D(_Pooling):
    """The greatest value in each window."""

    kind: Literal["max_pooling2d"] = "max_pooling2d"


class AveragePooling2D(_Pooling):
    """The mean of each window; what ``same`` padding adds is not counted."""

    kind: Literal["average_pooling2d"] = "average_pooling2d"


class _GlobalPooling(_OnMaps):
    def output_shape(self, shape: Shape) -> Shape:
        return (shape[2],)

    def window(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        return (shape[0], shape[1]), (1, 1)


class GlobalMaxPooling2D(_GlobalPooling):
    """The greatest value of each whole map."""

    kind: Literal["global_max_pooling2d"] = "global_max_pooling2d"


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each whole map. Source: Lin et al. 2013, arXiv:1312.4400, section 3.2."""

    kind: Literal["global_average_pooling2d"] = "global_average_pooling2d"


class Flatten(Layer):
    """All values as one vector, in the order height, width, channels."""

    kind: Literal["flatten"] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def window(self, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        return ((shape[0], shape[1]) if len(shape) == 3 else (1, 1)), (1, 1)

    def held_values(self, shape: Shape) -> int:
        return math.prod(shape)


class Dense(Layer):
    """Every unit sees every input.

    Attributes:
        units: Number of outputs.
        activation: Function applied to the outputs.
        use_bias: Add a learned number to each output.
    """

    kind: Literal["dense"] = "dense"
    units: Count
    activation: ActivationName = "linear"
    use_bias: bool = True

    def faults(self, shape: Shape) -> list[Fault]:
        if len(shape) == 1:
            return []
        return [
            Fault("The input must be a vector", f"maps of {times(shape)}", "Put Flatten or global pooling before it.")
        ]

    def assumed_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        return self.units * (shape[0] + self.use_bias)

    def multiply_adds(self, shape: Shape) -> int:
        return self.units * shape[0]


class Activation(Layer):
    """A function of each value. ``softmax`` goes over the channels or units, ``leaky_relu`` has slope 0.2."""

    kind: Literal["activation"] = "activation"
    activation: ActivationName


class Dropout(Layer):
    """In training, sets a share of the values to 0 and scales the rest up; else passes them on.

    Source: Srivastava et al. 2014, JMLR 15.
    """

    kind: Literal["dropout"] = "dropout"
    rate: Annotated[float, Field(ge=0, lt=1)]

    def held_values(self, shape: Shape) -> int:
        return math.prod(shape)


class BatchNormalization(Layer):
    """Centres and scales each channel by the batch in training, by moving averages afterwards.

    Attributes:
        momentum: Share of the moving average that is kept at each update.
        epsilon: Number added to the variance.

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    kind: Literal["batch_normalization"] = "batch_normalization"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.99
    epsilon: Annotated[float, Field(gt=0)] = 1e-3

    def parameters(self, shape: Shape) -> int:
        return 4 * shape[-1]

    def non_trainable(self, shape: Shape) -> int:
        return 2 * shape[-1]


class Unread(Layer):
    """Stands for a layer of known kind whose settings have faults, so that the faults of later layers are found too."""

    def output_shape(self, shape: Shape) -> Shape:
        gives_vector = self.kind in {"dense", "flatten"} or self.kind.startswith("global")
        return (1,) if gives_vector else shape


AnyLayer = Annotated[
    Conv2D
    | MaxPooling2D
    | AveragePooling2D
    | GlobalMaxPooling2D
    | GlobalAveragePooling2D
    | Flatten
    | Dense
    | Activation
    | Dropout
    | BatchNormalization,
    Field(discriminator="kind"),
]
LAYERS: dict[str, type[Layer]] = {
    layer.model_fields["kind"].default: layer for layer in get_args(get_args(AnyLayer)[0])
}
