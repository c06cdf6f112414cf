"""Specifications become torch modules here.

A built network takes float images in [0, 1], [batch, channels, height, width], and gives logits, [batch, classes]; a
final softmax of the specification is applied in prediction only. Every layer is a child module under the name that
`ModelSpec.walk` gives it, and every activation is a module of its own, so that a picture can act before it.
"""

from __future__ import annotations

import importlib
import inspect
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from pellucid.errors import Fault, SpecError
from pellucid.spec.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling2D,
    Shape,
    same_padding,
)
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.spec.seeds import derive_seed

Maps = Float[Tensor, "batch channels height width"]
OutputMaps = Float[Tensor, "batch output_channels output_height output_width"]
Vectors = Float[Tensor, "batch units"]
Margins = tuple[int, int, int, int]

LEAKY_SLOPE = 0.2  # Keras's
ACTIVATION_MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAKY_SLOPE),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
}


def build(spec: ModelSpec | FactorySpec, seed: int = 0, vote: int = 1) -> nn.Module:
    """Make the network of a specification, with fresh weights.

    Args:
        spec: What to build.
        seed: The weights follow from it: Glorot-uniform kernels, zero biases. A factory makes its own weights, with
            torch's generator at this seed.
        vote: How many of them; above 1 they become the members of a `Vote`.

    Returns:
        A module that gives logits. Its parameters are float32 on the CPU.

    Raises:
        SpecError: A factory cannot be imported or called, or gives a module whose output does not fit.

    Source for the weights: Glorot and Bengio 2010, AISTATS, equation 16.
    """
    if vote > 1:
        return Vote.of(lambda own_seed: build(spec, own_seed), seed, vote)
    if isinstance(spec, FactorySpec):
        return build_from_factory(_import(spec.factory), spec, seed)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.random.fork_rng(devices=[]):  # torch fills its layers at once, from the caller's generator
        for step in spec.logits_only().walk():
            modules[step.name] = MODULES[type(step.layer)](step.layer, step.input_shape)
            activation = "linear" if isinstance(step.layer, Activation) else getattr(step.layer, "activation", "linear")
            if activation != "linear":
                modules[f"{step.name}_{activation}"] = ACTIVATION_MODULES[activation]()
    network = nn.Sequential(modules)
    _fill(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
    return network


class Conv2dSame(nn.Conv2d):
    """Convolution whose padding is uneven: the odd row and column stand after the map, as in Keras."""

    def __init__(self, margins: Margins, *sizes: Any, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.margins = margins

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with zeros, then convolve."""
        return super().forward(F.pad(input, self.margins))


class MaxPool2dSame(nn.MaxPool2d):
    """Max pooling whose padding is uneven; what is added is below every value."""

    def __init__(self, margins: Margins, *sizes: Any) -> None:
        super().__init__(*sizes)
        self.margins = margins

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with minus infinity, then pool."""
        padded = F.pad(input, self.margins, value=-math.inf)
        return F.max_pool2d(padded, self.kernel_size, self.stride)


class AvgPool2dSame(nn.AvgPool2d):
    """Average pooling whose padding is uneven; what is added is not counted."""

    def __init__(self, margins: Margins, map_size: tuple[int, int], *sizes: Any) -> None:
        super().__init__(*sizes)
        self.margins = margins
        counted = super().forward(F.pad(torch.ones(1, 1, *map_size), margins))
        self.share: Tensor
        self.register_buffer("share", counted, persistent=False)

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with zeros, pool, and divide by the share of each window that lies on the map."""
        return super().forward(F.pad(input, self.margins)) / self.share.to(input.dtype)


class GlobalMaxPool2d(nn.Module):
    """The greatest value of each whole map."""

    def forward(self, maps: Maps) -> Float[Tensor, "batch channels"]:
        """Take the maximum over height and width."""
        return maps.amax(dim=(2, 3))


class GlobalAvgPool2d(nn.Module):
    """The mean of each whole map."""

    def forward(self, maps: Maps) -> Float[Tensor, "batch channels"]:
        """Take the mean over height and width."""
        return maps.mean(dim=(2, 3))


class FlattenChannelsLast(nn.Module):
    """All values as one vector in Keras's order: height, width, channels. Free when the channels lie last in memory."""

    def forward(self, values: Maps | Vectors) -> Vectors:
        """Move the channels last, then flatten."""
        return values.permute(0, 2, 3, 1).flatten(1) if values.dim() == 4 else values


class BatchNorm(nn.Module):
    """Batch normalisation with Keras's moving variance, which takes the batch's variance without Bessel's correction.

    torch's own corrects by n / (n - 1), and refuses a batch with one value a channel; here the last mini-batch of an
    epoch may be of any size.
    """

    def __init__(self, channels: int, momentum: float, epsilon: float) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, values: Maps | Vectors) -> Maps | Vectors:
        """Normalise by the batch in training, by the moving averages otherwise."""
        if not self.training:
            mean, variance = self.running_mean, self.running_var
            return F.batch_norm(values, mean, variance, self.weight, self.bias, eps=self.epsilon)
        normalised, mean, inverse_deviation = torch.native_batch_norm(
            values, self.weight, self.bias, None, None, training=True, momentum=0.0, eps=self.epsilon
        )
        with torch.no_grad():
            self.running_mean.lerp_(mean, 1 - self.momentum)
            self.running_var.lerp_(inverse_deviation.pow(-2) - self.epsilon, 1 - self.momentum)
        return normalised


class Vote(nn.Module):
    """Networks of one kind, each trained by itself, whose probabilities are averaged.

    Source: Hansen and Salamon 1990, "Neural network ensembles", IEEE TPAMI 12(10).
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @classmethod
    def of(cls, make: Callable[[int], nn.Module], seed: int, count: int) -> Vote:
        """So many networks, each from a seed of its own; the first is the one that the seed alone would give."""
        return cls(make(derive_seed(seed, "member", number) if number else seed) for number in range(count))

    def forward(self, images: Maps) -> Float[Tensor, "batch classes"]:
        """The logarithm of the mean probability, so that softmax gives that mean."""
        each = torch.stack([member(images).float().log_softmax(dim=1) for member in self.members])
        return each.logsumexp(dim=0) - math.log(len(self.members))


def members_of(model: nn.Module) -> list[nn.Module]:
    """The members of a vote, or the network itself."""
    return list(model.members) if isinstance(model, Vote) else [model]


def _conv(layer: Conv2D, shape: Shape) -> nn.Module:
    settings: dict[str, Any] = {"stride": layer.strides, "bias": layer.use_bias}
    sizes = (shape[2], layer.filters, layer.kernel_size)
    even, margins = _margins(layer, shape)
    return Conv2dSame(margins, *sizes, **settings) if margins else nn.Conv2d(*sizes, padding=even, **settings)


def _max_pool(layer: MaxPooling2D, shape: Shape) -> nn.Module:
    even, margins = _margins(layer, shape)
    sizes = (layer.pool_size, layer.strides)
    return MaxPool2dSame(margins, *sizes) if margins else nn.MaxPool2d(*sizes, padding=even)


def _average_pool(layer: AveragePooling2D, shape: Shape) -> nn.Module:
    even, margins = _margins(layer, shape)
    sizes = (layer.pool_size, layer.strides)
    if margins:
        return AvgPool2dSame(margins, (shape[0], shape[1]), *sizes)
    return nn.AvgPool2d(*sizes, padding=even, count_include_pad=False)


def _margins(layer: Conv2D | MaxPooling2D | AveragePooling2D, shape: Shape) -> tuple[tuple[int, int], Margins | None]:
    """Padding that torch can do itself, as (rows, columns), or else (left, right, top, bottom)."""
    if layer.padding == "valid":
        return (0, 0), None
    rows = same_padding(shape[0], layer.size[0], layer.strides[0])
    columns = same_padding(shape[1], layer.size[1], layer.strides[1])
    if rows[0] == rows[1] and columns[0] == columns[1]:
        return (rows[0], columns[0]), None
    return (0, 0), (*columns, *rows)


def _activation(layer: Activation, _: Shape) -> nn.Module:
    return nn.Identity() if layer.activation == "linear" else ACTIVATION_MODULES[layer.activation]()


MODULES: dict[type[Layer], Callable[[Any, Shape], nn.Module]] = {
    Conv2D: _conv,
    MaxPooling2D: _max_pool,
    AveragePooling2D: _average_pool,
    GlobalMaxPooling2D: lambda *_: GlobalMaxPool2d(),
    GlobalAveragePooling2D: lambda *_: GlobalAvgPool2d(),
    Flatten: lambda *_: FlattenChannelsLast(),
    Dense: lambda layer, shape: nn.Linear(shape[0], layer.units, bias=layer.use_bias),
    Activation: _activation,
    Dropout: lambda layer, _: nn.Dropout(layer.rate),
    BatchNormalization: lambda layer, shape: BatchNorm(shape[-1], layer.momentum, layer.epsilon),
}


def _fill(network: nn.Module, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def build_from_factory(factory: Callable[..., Any], spec: FactorySpec, seed: int = 0) -> nn.Module:
    """Call a factory, and see that what it makes takes the images and gives a logit for each class.

    Args:
        factory: What to call.
        spec: The shape and classes; its name serves in messages.
        seed: torch's generator stands at a seed that follows from it during the call.

    Raises:
        SpecError: It returns no module, or one that does not fit.
    """
    offered = {"input_shape": spec.input_shape, "classes": spec.classes}
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        parameters = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        try:
            module = factory(**{name: value for name, value in offered.items() if name in parameters})
        except Exception as error:
            raise SpecError([Fault(f"The factory {spec.factory} must not fail", _reason(error))]) from error
    if not isinstance(module, nn.Module):
        raise SpecError([Fault(f"{spec.factory} must return a torch.nn.Module", type(module).__name__)])
    _check_output(module, spec)
    return module


def _import(name: str) -> Callable[..., Any]:
    module_name, _, attributes = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except Exception as error:
        remedy = "Write package.module:name, and start where Python finds the package."
        raise SpecError([Fault(f"The factory {name} must be importable", _reason(error), remedy)]) from error
    if not callable(found):
        raise SpecError([Fault(f"The factory {name} must be callable", type(found).__name__)])
    return found


def _check_output(module: nn.Module, spec: FactorySpec) -> None:
    height, width, channels = spec.input_shape
    was_training = module.training
    try:
        with torch.inference_mode():
            output = module.eval()(torch.zeros(2, channels, height, width))
    except Exception as error:
        rule = f"{spec.factory} must take float images [batch, {channels}, {height}, {width}]"
        raise SpecError([Fault(rule, _reason(error))]) from error
    finally:
        module.train(was_training)
    received = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if received != [2, spec.classes]:
        raise SpecError([Fault(f"{spec.factory} must give logits [batch, {spec.classes}]", str(received))])
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise SpecError([Fault(f"{spec.factory} must have something to learn", "no parameters")])


def _reason(error: Exception) -> str:
    """The kind of an error in the user's code, and the first line of what it says."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}".removesuffix(": ")
