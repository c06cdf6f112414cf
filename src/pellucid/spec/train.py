"""How to train: optimizer, learning-rate schedule, batches and epochs, in Keras's words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Annotated, Any, ClassVar, Literal, Self, TypedDict

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator

from pellucid.errors import Fault, SettingError, unknown
from pellucid.spec.augment import SIDED, AugmentSpec
from pellucid.spec.base import Spec, own_faults

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
MOST_MEMBERS = 1000  # of a vote
BALANCED = "balanced"


class Adam(Spec):
    """Adam with Keras's defaults. Source: Kingma and Ba 2014, arXiv:1412.6980."""

    error_kind: ClassVar = SettingError

    kind: Literal["adam"] = "adam"
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-7


class AdamW(Spec):
    """Adam with decoupled weight decay. Source: Loshchilov and Hutter 2017, arXiv:1711.05101."""

    error_kind: ClassVar = SettingError

    kind: Literal["adamw"] = "adamw"
    weight_decay: NonNegative = 0.004
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-7


class SGD(Spec):
    """Stochastic gradient descent; its momentum of 0.9 is our default, Keras's is 0. Source: Sutskever 2013, ICML."""

    error_kind: ClassVar = SettingError

    kind: Literal["sgd"] = "sgd"
    momentum: Share = 0.9
    nesterov: bool = False
    weight_decay: NonNegative = 0.0

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise own_faults([Fault("nesterov needs a momentum above 0", "0")])
        return self


class Schedule(Spec):
    """The learning rate as a pure function of the step."""

    error_kind: ClassVar = SettingError

    def factor(self, step: int, steps: int) -> float:
        """What the learning rate is multiplied by at this step, from 0 to steps - 1."""
        raise NotImplementedError


class Constant(Schedule):
    """The same learning rate throughout."""

    kind: Literal["constant"] = "constant"

    def factor(self, step: int, steps: int) -> float:
        return 1.0


class Cosine(Schedule):
    """Half a cosine, from the learning rate down to a share of it. Source: Loshchilov and Hutter, arXiv:1608.03983."""

    kind: Literal["cosine"] = "cosine"
    final: Annotated[float, Field(ge=0, le=1)] = 0.0

    def factor(self, step: int, steps: int) -> float:
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * step / steps)) / 2


class OneCycle(Schedule):
    """A straight line up to the learning rate, and a straight line down. Source: Smith 2018, arXiv:1803.09820.

    Attributes:
        warmup: Share of the steps that go up.
        initial: Where the way up starts, as a share of the learning rate.
        final: Where the way down ends, as a share of the learning rate.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    warmup: Annotated[float, Field(gt=0, lt=1)] = 0.3
    initial: NonNegative = 0.04
    final: NonNegative = 0.0

    def factor(self, step: int, steps: int) -> float:
        done = (step + 0.5) / steps
        if done < self.warmup:
            return self.initial + (1 - self.initial) * done / self.warmup
        return 1 + (self.final - 1) * (done - self.warmup) / (1 - self.warmup)


OPTIMIZERS: dict[str, type[Spec]] = {"adam": Adam, "adamw": AdamW, "sgd": SGD}
SCHEDULES: dict[str, type[Schedule]] = {"constant": Constant, "cosine": Cosine, "one_cycle": OneCycle}


def _optimizer(value: Any) -> Any:
    return _by_name("optimizer", value, OPTIMIZERS)


def _schedule(value: Any) -> Any:
    return _by_name("learning-rate schedule", value, SCHEDULES)


def _by_name(what: str, value: Any, known: dict[str, Any]) -> Any:
    """A name stands for the kind with its defaults."""
    if isinstance(value, Spec):
        return value
    settings = value if isinstance(value, dict) else {"kind": value}
    name = str(settings.get("kind")).lower().replace("-", "_")
    if name not in known:
        raise own_faults([unknown(what, settings.get("kind"), known)])
    try:
        return known[name](**settings | {"kind": name})
    except SettingError as error:
        raise own_faults(error.faults) from None


def _augmentation(value: Any) -> Any:
    try:
        if isinstance(value, str):
            return AugmentSpec.from_text(value)
        return AugmentSpec(**value) if isinstance(value, dict) else value
    except SettingError as error:
        raise own_faults(error.faults) from None


def _with_sides(value: AugmentSpec | None) -> AugmentSpec | None:
    if value and value.sideless:
        rule = f"test_time_augmentation takes {', '.join(SIDED)}"
        raise own_faults([Fault(rule, ", ".join(value.sideless), "Leave out what has no sides.")])
    return value


class StartFrom(Spec):
    """The run whose weights a training begins from.

    Attributes:
        run: Its folder, a name below ``runs/``, or ``latest``.
        digest: SHA-256 of its model.safetensors. None takes what is there; what was taken is recorded.
    """

    error_kind: ClassVar = SettingError

    run: Annotated[str, Field(min_length=1)]
    digest: str | None = None


def _start(value: Any) -> Any:
    return {"run": fspath(value)} if isinstance(value, str | PathLike) else value


def _names(value: Any) -> Any:
    """Names in a text are parted by commas."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def _class_weights(value: Any) -> Any:
    if value is None or value == BALANCED:
        return value
    weights = _weights_in(value) if isinstance(value, str) else value
    if not isinstance(weights, Mapping) or not weights:
        remedy = "Write them as NAME=W,NAME=W; a class that is not named has 1."
        raise own_faults(
            [Fault(f"class_weights must be {BALANCED}, or a weight for classes by name", repr(value), remedy)]
        )
    faults = [
        Fault(f"The weight of class {name} must be a number above 0", repr(weight))
        for name, weight in weights.items()
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf
    ]
    if faults:
        raise own_faults(faults)
    return {str(name): float(weight) for name, weight in weights.items()}


def _weights_in(text: str) -> dict[str, float | str]:
    """Read ``cat=2,dog=0.5``; empty where it is no such text."""
    parts = [part.rpartition("=") for part in text.split(",")]
    return {name.strip(): _number(weight) for name, _, weight in parts} if all(name for name, _, _ in parts) else {}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


class TrainSpec(Spec):
    """How to train. Alone, the defaults are the tutorial's: Adam at 0.001, batches of 128, 15 epochs, 10% held out.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in a mini-batch; the last one of an epoch may be smaller.
        learning_rate: The highest learning rate; the schedule says what share of it holds at each step.
        optimizer: A name (adam, adamw, sgd) or an optimizer with its settings.
        schedule: A name (constant, cosine, one_cycle) or a schedule with its settings.
        label_smoothing: Share of the target that is spread evenly over all classes.
        class_weights: How much each image counts in the training loss, by its class: ``balanced`` gives every class
            the same share of it, a mapping of names (or text such as ``cat=2,dog=0.5``) gives those that it names
            their weights and 1 to the others; None lets all images count alike.
        augmentation: How training images are varied: `AugmentSpec`, or text such as ``shift=0.1,rotation=10``; None
            varies nothing.
        patience: Training ends when the validation loss has not become less for so many epochs; None trains all epochs.
        validation_split: Share of the training images held out, class by class, give or take chance; None holds out
            nothing.
        start_from: The run whose weights the training begins from, layer by layer where name and shape fit: a folder, a
            name, or `StartFrom`; None begins from fresh weights.
        freeze: Names of layers that keep the weights which they took from that run, and batch normalisation's
            statistics; a ``*`` in a name stands for any text. As text, they are parted by commas.
        seed: All randomness of the training follows from it.
        vote: How many networks are trained, each from weights of its own; the average of their probabilities answers.
        test_time_augmentation: How images are varied in prediction, where the average of the probabilities over the
            image and its variants answers: each setting alone, as far as it goes, to either side. Given as
            ``augmentation`` is; None looks at the image alone.
    """

    error_kind: ClassVar = SettingError

    epochs: PositiveInt = 15
    batch_size: PositiveInt = 128
    learning_rate: Positive = 0.001
    optimizer: Annotated[Adam | AdamW | SGD, BeforeValidator(_optimizer)] = Adam()
    schedule: Annotated[Constant | Cosine | OneCycle, BeforeValidator(_schedule)] = Constant()
    label_smoothing: Share = 0.0
    class_weights: Annotated[Literal["balanced"] | dict[str, float] | None, BeforeValidator(_class_weights)] = None
    augmentation: Annotated[AugmentSpec | None, BeforeValidator(_augmentation)] = None
    validation_split: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=0.1, description="Use None (--no-validation) to hold out nothing."
    )
    patience: PositiveInt | None = None
    start_from: Annotated[StartFrom | None, BeforeValidator(_start)] = None
    freeze: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    seed: NonNegativeInt = 0
    vote: Annotated[int, Field(ge=1, le=MOST_MEMBERS)] = 1
    test_time_augmentation: Annotated[
        AugmentSpec | None, BeforeValidator(_augmentation), AfterValidator(_with_sides)
    ] = None

    @model_validator(mode="after")
    def _patience_needs_validation(self) -> Self:
        if self.patience and self.validation_split is None:
            remedy = "Set a validation_split, or leave patience out."
            raise own_faults([Fault("patience needs a validation split to watch", "none", remedy)])
        return self

    @model_validator(mode="after")
    def _freeze_needs_a_start(self) -> Self:
        if self.freeze and not self.start_from:
            remedy = "Set start_from (--start-from), or leave freeze out."
            raise own_faults([Fault("freeze needs a run to start from: fresh weights must learn", "none", remedy)])
        return self

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Learning rate of one update, counted from 0 over the whole training."""
        return self.learning_rate * self.schedule.factor(step, steps)


class TrainSettings(TypedDict, total=False):
    """The settings of `TrainSpec` as keywords of `fit`."""

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str | Adam | AdamW | SGD
    schedule: str | Constant | Cosine | OneCycle
    label_smoothing: float
    class_weights: str | Mapping[str, float] | None
    augmentation: str | AugmentSpec | None
    validation_split: float | None
    patience: int | None
    start_from: str | PathLike[str] | StartFrom | None
    freeze: str | Sequence[str]
    seed: int
    vote: int
    test_time_augmentation: str | AugmentSpec | None
