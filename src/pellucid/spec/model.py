"""What network to build: layers in order, or a factory of one's own."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from pellucid.errors import Fault, SpecError, unknown
from pellucid.names import user_path
from pellucid.spec import shorthand
from pellucid.spec.base import Spec, faults_of
from pellucid.spec.coverage import Coverage, coverage
from pellucid.spec.layers import LAYERS, Activation, AnyLayer, Layer, Unread, times
from pellucid.spec.shapes import Step, find_faults, walk
from pellucid.untrusted import MOST_TEXT_BYTES, read

if TYPE_CHECKING:  # a list is taken too
    Layers = Sequence[Layer]
else:
    Layers = tuple[AnyLayer, ...]
MOST_LAYERS = 1000
MOST_SIDE = 2**16  # of an image, in pixels; and as many channels
Side = Annotated[int, Field(gt=0, le=MOST_SIDE)]
InputShape = tuple[Side, Side, Side]
_INPUT_SHAPE: TypeAdapter[tuple[int, int, int]] = TypeAdapter(InputShape)


class ModelSpec(Spec):
    """A sequential network for images of one shape.

    Attributes:
        input_shape: (height, width, channels) of one image.
        layers: The layers in order; the last gives one value a class, as softmax or as logits.

    Raises:
        SpecError: Names all faults together, each with its layer.
    """

    input_shape: InputShape
    layers: Layers

    @model_validator(mode="wrap")
    @classmethod
    def _report_all_faults(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(value, dict) or not isinstance(value.get("layers"), list | tuple):
            return handler(value)
        if len(value["layers"]) > MOST_LAYERS:
            raise SpecError([Fault(f"A network must have at most {MOST_LAYERS:,} layers", f"{len(value['layers']):,}")])
        context = info.context or {}
        layers, faults = _read_layers(value["layers"])
        faults += context.get("faults", [])
        if shape := _readable_shape(value.get("input_shape")):
            faults += find_faults(layers, shape, context.get("classes"))
        spec = None
        try:
            spec = handler(value | {"layers": [layer for layer in layers if type(layer) in LAYERS.values()]})
        except ValidationError as error:
            faults += faults_of(error, cls)
        if faults or spec is None:
            raise SpecError(sorted(faults, key=lambda fault: fault.layer or 0))
        return spec

    @classmethod
    def from_shorthand(cls, text: str, input_shape: Any = None, classes: int | None = None) -> Self:
        """Read ``conv 32 3x3 relu, maxpool 2x2, flatten, dense 10 softmax``.

        Args:
            text: The layers; ``input HxWxC`` may stand first.
            input_shape: Shape of the data's images, when the text need not give it.
            classes: Number of classes that the output must have, when it is known.

        Raises:
            SpecError: Names all faults together.
        """
        parsed = shorthand.parse(text)
        given = tuple(input_shape) if input_shape else None
        shape = parsed.input_shape or given
        if given and shape != given:
            rule = f"input must be as the data's images, {times(given)}"
            received = times(shape) if isinstance(shape, tuple) else str(shape)
            parsed.faults.append(Fault(rule, received, "Leave input out: it is taken from the data."))
        if shape is None:
            parsed.faults.append(Fault("The input shape must be given", remedy='Put "input 28x28x1" first.'))
            shape = (28, 28, 1)
        context = {"classes": classes, "faults": parsed.faults}
        return cls.model_validate({"input_shape": shape, "layers": parsed.layers}, context=context)

    @classmethod
    def from_file(cls, path: str, classes: int | None = None) -> Self:
        """Read a JSON file.

        Raises:
            SpecError: The file cannot be read, or the model has faults; all are named.
        """
        try:
            content = read(user_path(path), MOST_TEXT_BYTES)
        except OSError as error:
            raise SpecError([Fault(f"The model file {path} must be readable", error.strerror or str(error))]) from None
        return cls.model_validate_json(content, context={"classes": classes})

    def to_shorthand(self) -> str:
        """One line that `from_shorthand` reads back to an equal spec."""
        return shorthand.write(self.layers, self.input_shape)

    def check(self, input_shape: tuple[int, int, int], classes: int) -> None:
        """See that the network fits the data.

        Raises:
            SpecError: The network takes another shape, or gives another number of classes.
        """
        faults = _shape_faults(self.input_shape, input_shape) + find_faults(self.layers, self.input_shape, classes)
        if faults:
            raise SpecError(faults)

    def for_data(self, input_shape: tuple[int, int, int], classes: int) -> Self:
        """The same layers for other images and classes: the last layer that has units, or filters, gives the classes.

        Raises:
            SpecError: The layers do not fit such images.
        """
        layers = list(self.layers)
        for place in reversed(range(len(layers))):
            if outputs := {"units", "filters"} & set(layers[place].setting_names()):
                layers[place] = layers[place].replace(**dict.fromkeys(outputs, classes))
                break
        return type(self)(input_shape=input_shape, layers=layers)

    @property
    def classes(self) -> int:
        """Number of classes that the network tells apart."""
        return self.walk()[-1].output_shape[0]

    @property
    def parameters(self) -> int:
        """Numbers that the network learns or keeps."""
        return sum(step.parameters for step in self.walk())

    def walk(self) -> list[Step]:
        """Each layer in its place: shapes, parameters, cost."""
        return walk(self.layers, self.input_shape)

    def coverage(self) -> Coverage:
        """Which pixels of an image the network sees, and which none of its outputs depends on."""
        return coverage(self.walk())

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one image."""
        return sum(step.multiply_adds for step in self.walk())

    def logits_only(self) -> Self:
        """The same network without a final softmax: what is trained, and what the pictures act on."""
        last = self.layers[-1]
        if getattr(last, "activation", "linear") == "linear":
            return self
        kept = () if isinstance(last, Activation) else (last.replace(activation="linear"),)
        return self.replace(layers=(*self.layers[:-1], *kept))


class FactorySpec(Spec):
    """A network made by the user's own code.

    Attributes:
        factory: ``package.module:name`` of a callable that returns a `torch.nn.Module`. It is called with those of
            ``input_shape`` and ``classes`` that it has parameters for. The module takes float images in [0, 1],
            [batch, channels, height, width], and gives logits, [batch, classes].
        input_shape: (height, width, channels) of one image.
        classes: Number of classes.
    """

    factory: Annotated[str, Field(min_length=1)]
    input_shape: InputShape
    classes: Annotated[int, Field(ge=2)]

    def check(self, input_shape: tuple[int, int, int], classes: int) -> None:
        """See that the network fits the data.

        Raises:
            SpecError: The network takes another shape, or gives another number of classes.
        """
        faults = _shape_faults(self.input_shape, input_shape)
        if self.classes != classes:
            faults.append(Fault(f"classes must be as many as the data's, {classes}", str(self.classes)))
        if faults:
            raise SpecError(faults)

    def for_data(self, input_shape: tuple[int, int, int], classes: int) -> Self:
        """The same factory for other images and classes."""
        return self.replace(input_shape=input_shape, classes=classes)


def _is_factory(value: Any) -> str:
    has_factory = "factory" in value if isinstance(value, dict) else isinstance(value, FactorySpec)
    return "factory" if has_factory else "layers"


AnyModelSpec = Annotated[
    Annotated[ModelSpec, Tag("layers")] | Annotated[FactorySpec, Tag("factory")], Discriminator(_is_factory)
]


def names_factory(text: str) -> bool:
    """Whether a text is ``package.module:factory``."""
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", text) is not None


def read_model(text: str, input_shape: tuple[int, int, int], classes: int) -> ModelSpec | FactorySpec:
    """Understand what ``--model`` was given: a JSON file, ``package.module:factory``, or shorthand.

    Args:
        text: What the user gave.
        input_shape: (height, width, channels) of the data's images.
        classes: Number of the data's classes.

    Raises:
        SpecError: The file cannot be read, or the model has faults; all are named.
    """
    if text.endswith(".json"):
        return ModelSpec.from_file(text, classes)
    if names_factory(text):
        return FactorySpec(factory=text, input_shape=input_shape, classes=classes)
    return ModelSpec.from_shorthand(text, input_shape, classes)


def _read_layers(given: Sequence[Any]) -> tuple[list[Layer | None], list[Fault]]:
    """Each layer, or what stands for it where it cannot be read; and the faults."""
    layers, faults = [], []
    for number, settings in enumerate(given, start=1):
        layer, wrong = _read_layer(settings)
        layers.append(layer)
        kind = str(settings.get("kind", "")) if isinstance(settings, dict) else ""
        faults += [dataclasses.replace(fault, layer=number, kind=kind if kind in LAYERS else "") for fault in wrong]
    return layers, faults


def _read_layer(settings: Any) -> tuple[Layer | None, list[Fault]]:
    if isinstance(settings, Layer):
        return settings, []
    if settings is shorthand.EMPTY:
        return None, []
    kind = settings.get("kind") if isinstance(settings, dict) else settings
    if not isinstance(settings, dict) or not isinstance(kind, str) or kind not in LAYERS:
        return None, [unknown("layer", kind, shorthand.WORDS | LAYERS)]
    try:
        return LAYERS[kind](**settings), []
    except SpecError as error:
        return Unread(kind=kind), list(error.faults)


def _shape_faults(own: tuple[int, int, int], of_data: tuple[int, int, int]) -> list[Fault]:
    if own == tuple(of_data):
        return []
    return [Fault(f"input_shape must be as the data's images, {times(tuple(of_data))}", times(own))]


def _readable_shape(value: Any) -> tuple[int, int, int] | None:
    try:
        return _INPUT_SHAPE.validate_python(value)
    except ValidationError:
        return None
