"""What run.json holds: what was trained, on what, where, and what came out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from pellucid.record import OpenRecord
from pellucid.spec.model import AnyModelSpec
from pellucid.spec.reading import ReadSpec
from pellucid.spec.train import TrainSpec

Status = Literal["running", "done", "interrupted"]
MOST_THREADS = 4096  # of a machine; a training is gone on with as many as it had


class Look(OpenRecord):
    """What images look like on the whole. Brightness goes from 0 (black) to 1 (white), lengths are shares of a side.

    Drawn is what differs from an image's background at least half as much as anything on it does; the background is
    what its border shows. Each figure is a mean over images.

    Attributes:
        brightness: Brightness of all pixels.
        background: Brightness of the background.
        drawn: Brightness of what is drawn.
        height: Over how much of the height there is something drawn.
        width: Over how much of the width there is something drawn.
        off_centre: Distance of the centre of what is drawn from the middle of the image.
    """

    brightness: float
    background: float
    drawn: float
    height: float
    width: float
    off_centre: float


class DataRecord(OpenRecord):
    """The data that a run was trained on.

    Attributes:
        name: Name of the data set.
        fingerprint: SHA-256 of the images that were trained on, before the validation split was held out.
        counts: Images in each split.
        class_names: Name of each class, in the order of the outputs.
        mean_brightness: Mean of all training values, from 0 (black) to 1.
        look: What the training images look like; None in runs of earlier versions.
        validation_fingerprint: SHA-256 of a validation split that the data bring; None where they bring none.
        test_fingerprint: SHA-256 of the test split; None until it is first read.
        location: What the data were loaded from.
        reading: How image files are brought to the run's shape; None for data that are arrays by themselves.
    """

    name: str
    fingerprint: str
    counts: dict[str, int]
    class_names: tuple[str, ...]
    mean_brightness: float
    look: Look | None = None
    validation_fingerprint: str | None = None
    test_fingerprint: str | None = None
    location: str | None = None
    reading: ReadSpec | None = None

    @field_validator("reading", mode="before")
    @classmethod
    def _full_where_unsaid(cls, reading: Any) -> Any:
        """Versions that wrote no range of values read what a file's format can hold."""
        return {"value_range": "full", **reading} if isinstance(reading, dict) else reading


class Environment(OpenRecord):
    """Where a run was trained.

    Attributes:
        versions: Versions of Python and of the libraries.
        platform: The operating system.
        device: Where the network was, such as ``cpu`` or ``cuda:0``.
        device_name: The device as its maker names it.
        threads: Processor threads in use.
        thread_spinning: How long threads spin while they wait, and who chose it; None in runs of earlier versions.
        precision: Precision of the activations.
        memory_format: Order of the channels of networks and batches, in torch's words.
        compiled: Whether the network was compiled; no rule chooses that yet, since it was slower wherever measured.
    """

    versions: dict[str, str]
    platform: str
    device: str
    device_name: str
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)]
    thread_spinning: str | None = None
    precision: str
    memory_format: str = "channels_last"
    compiled: bool = False


class Score(OpenRecord):
    """Mean cross-entropy in nats of the network as it was trained, at temperature 1, and share of right answers."""

    loss: float
    accuracy: float


class TestScore(Score):
    """A score on the test split, with the 95% Wilson interval of the accuracy."""

    __test__ = False  # not a test, whatever pytest makes of its name

    accuracy_interval: tuple[float, float]


class Results(OpenRecord):
    """What came out of a training.

    Attributes:
        epochs: Epochs that were finished.
        steps: Updates that were made, those of an unfinished epoch too.
        train_seconds: Duration of the epochs, with their validation.
        total_seconds: Duration of `fit` up to the end of training; what is written afterwards is not counted.
        peak_memory_mib: Greatest resident memory of the process up to the end of training.
        validation: Score on the validation split after the last epoch; None without one, or after an interruption.
        stopped_early: Whether a callback ended the training before its last epoch, as ``patience`` does.
        test: Score on the test split; None until the run is evaluated on it.
    """

    epochs: int
    steps: int
    train_seconds: float
    total_seconds: float
    peak_memory_mib: float
    validation: Score | None
    test: TestScore | None = None
    stopped_early: bool = False


class Calibration(OpenRecord):
    """How the probabilities of a run's answers are made to agree with how often they are right.

    Attributes:
        temperature: What the logits of the whole answer are divided by before softmax. Above 1 it makes answers less
            sure of themselves, below 1 surer; which class is answered stays the same.
        count: How many validation images it was fitted on.
        log_loss_before: Mean cross-entropy of these images without it, in nats.
        log_loss_after: The same with it.
    """

    temperature: float = Field(gt=0)
    count: int
    log_loss_before: float
    log_loss_after: float


class Origin(OpenRecord):
    """Which layers began from the weights of another run; which run it was stands in ``train.start_from``.

    Attributes:
        taken: Layers that took its weights.
        fresh: Layers that began from fresh weights, as none there has their name and shape.
        frozen: Those of the layers taken that did not learn.
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]
    frozen: tuple[str, ...] = ()


class DoubtRecord(OpenRecord):
    """When a run says "I don't know", as its held-out images taught it; the numbers behind it are in doubt.safetensors.

    Attributes:
        keep: Share of images like the held-out ones that is answered, unless another is asked for.
        foreign: What is measured to tell an image that is unlike anything trained on; None where it cannot be.
        foreign_limit: The greatest such score that is answered.
        doubtful: What is measured to tell an image that lies between classes.
        doubtful_limit: The greatest such score that is answered.
        refused: Held-out images that are refused, by the reason: ``foreign`` or ``doubtful``.
        fitted: Training images that the classes were measured on.
        held_out: Held-out images that the limits are from.
        features: Numbers that an image is told by.
        sha256: Digest of doubt.safetensors.
    """

    keep: float
    foreign: str | None
    foreign_limit: float | None
    doubtful: str
    doubtful_limit: float
    refused: dict[str, int]
    fitted: int
    held_out: int
    features: int
    sha256: str


# Of the keys of run.json, what follows from the weights that a training came to; another training begins without it.
LEARNED = ("results", "weights_sha256", "calibration", "doubt")


class RunRecord(OpenRecord):
    """The whole of run.json.

    Attributes:
        pellucid_version: Version of Pellucid that wrote the record.
        status: ``running``, ``done`` or ``interrupted``.
        started: When the training began: UTC time, ISO 8601.
        recipe: Name of the recipe, or ``custom``.
        model: What network was built.
        train: How the network was trained.
        data: The data that it was trained on.
        environment: Where it was trained.
        results: What came out of the training; None while it runs.
        weights_sha256: Digest of model.safetensors; None while there is none, and in runs of earlier versions.
        inexact: What was different where the training was gone on with, so that its bits are not those of a training
            in one go; empty where they are.
        further: After how many epochs (of each network of a vote) the run was done and trained further; empty where it
            never was.
        origin: Which layers began from the weights of another run; None where all began from fresh ones.
        class_weights: How much an image of each class counts in the training loss; None where all count alike.
        calibration: What the logits are divided by before softmax; None in runs of earlier versions, in those that held
            no validation images out, and in interrupted ones.
        doubt: When the run says "I don't know"; None in runs of earlier versions, in those that held no validation
            images out, and in interrupted ones.
    """

    pellucid_version: str
    status: Status
    started: str
    recipe: str
    model: AnyModelSpec
    train: TrainSpec
    data: DataRecord
    environment: Environment
    results: Results | None = None
    weights_sha256: str | None = None
    inexact: tuple[str, ...] = ()
    further: tuple[int, ...] = ()
    origin: Origin | None = None
    class_weights: dict[str, float] | None = None
    calibration: Calibration | None = None
    doubt: DoubtRecord | None = None

    @model_validator(mode="after")
    def _names_fit_the_network(self) -> Self:
        names = self.data.class_names
        if len(set(names)) < len(names):
            raise ValueError("class_names must differ from one another")
        if len(names) != self.model.classes:
            raise ValueError(f"class_names must be as many as the network's outputs, {self.model.classes}")
        return self

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        return self.model.input_shape

    @property
    def temperature(self) -> float:
        """What the logits of an answer are divided by before softmax; 1 where the run is not calibrated."""
        return self.calibration.temperature if self.calibration else 1.0

    @property
    def beginning(self) -> str:
        """In words, which layers began from the weights of which run; empty where all began from fresh ones."""
        if self.origin is None or self.train.start_from is None:
            return ""
        parts = {"taken": self.origin.taken, "fresh": self.origin.fresh, "frozen": self.origin.frozen}
        told = "; ".join(f"{what} {', '.join(layers)}" for what, layers in parts.items() if layers)
        return f"begins from the weights of {self.train.start_from.run}: {told}"

    @property
    def reading(self) -> ReadSpec:
        """How image files are brought to the run's shape: as its own were, or else stretched, on black."""
        height, width, channels = self.input_shape
        own = self.data.reading or ReadSpec()
        return own.replace(image_size=(height, width), channels=channels if channels in {1, 3} else None)

    def with_test(self, score: TestScore, count: int, fingerprint: str) -> RunRecord:
        """The record with what the test split gave."""
        if self.results is None:
            return self
        counts = self.data.counts | {"test": count}
        return self.model_copy(
            update={
                "results": self.results.model_copy(update={"test": score}),
                "data": self.data.model_copy(update={"counts": counts, "test_fingerprint": fingerprint}),
            }
        )
