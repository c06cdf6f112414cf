"""What a study asks: a specification that plans its trials, makes each, and draws conclusions from their rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self, Unpack

import torch
from pydantic import BaseModel, ConfigDict, PositiveInt

from pellucid.data.dataset import DataSplits
from pellucid.device import choose_device, choose_precision
from pellucid.errors import Fault, SettingError
from pellucid.spec.base import Spec
from pellucid.spec.model import AnyModelSpec, FactorySpec, names_factory
from pellucid.spec.train import TrainSettings, TrainSpec
from pellucid.study.folder import StudyFolder
from pellucid.train.choice import Model, choose, multiply_adds
from pellucid.train.fit import fit
from pellucid.train.placed import splits_to_train_on
from pellucid.trained.run import Run

Key = tuple[Any, ...]


class Subject(Spec):
    """A network and how it is trained: what a study varies.

    Attributes:
        name: Of the recipe, or ``custom``.
        model: The network.
        train: How it is trained.
    """

    error_kind: ClassVar = SettingError

    name: str
    model: AnyModelSpec
    train: TrainSpec

    @classmethod
    def of(
        cls,
        data: DataSplits,
        *,
        model: Model | None = None,
        recipe: str | None = None,
        **settings: Unpack[TrainSettings],
    ) -> Self:
        """From what `fit` takes.

        Raises:
            SpecError: The model does not fit the data, or a setting breaks a rule.
            DataError: There are fewer than two classes.
        """
        name, model_spec, train_spec = choose(data, model, recipe, settings)
        if isinstance(model_spec, FactorySpec) and not names_factory(model_spec.factory):
            rule = "A study builds its network many times, so that a factory must be known by its name"
            raise SettingError([Fault(rule, model_spec.factory, "Give package.module:factory.")])
        return cls(name=name, model=model_spec, train=train_spec)

    def fit(self, data: DataSplits, **settings: Any) -> Run:
        """Train once, with other settings than the subject's where they are given.

        Raises:
            KeyboardInterrupt: The user asked to stop.
        """
        run = fit(data, model=self.model, **(self.settings | settings))
        if run.asked_to_stop:
            raise KeyboardInterrupt
        return run

    def check(self, data: DataSplits) -> None:
        """See that the training images can be split as asked.

        Raises:
            DataError: They cannot.
        """
        splits_to_train_on(data, self.train)

    def require_validation(self, what: str) -> None:
        """See that images are held out to judge by.

        Raises:
            SettingError: They are not.
        """
        if self.train.validation_split is None:
            rule = f"{what} needs a validation split; validation_split must be given"
            raise SettingError([Fault(rule, "None", "Set it to 0.1 in the recipe, say.")])

    @property
    def settings(self) -> dict[str, Any]:
        """Those of `TrainSpec`, as keywords of `fit`."""
        return {name: getattr(self.train, name) for name in TrainSpec.model_fields}


class Findings(BaseModel):
    """What a study came to: plain values, from which the figures are drawn.

    Attributes:
        conclusion: In words, a sentence a line.
    """

    model_config = ConfigDict(frozen=True)

    conclusion: tuple[str, ...]


class Question(Spec):
    """One kind of study. A new kind says which trials there are, how one is made, and what follows from all.

    Attributes:
        device: Where to train; see `fit`.
        precision: Of the activations; see `fit`.
        processes: How many trials are made at once; they share the cores.
        row: The dataclass of a row of trials.csv.
    """

    error_kind: ClassVar = SettingError
    row: ClassVar[type[Any]]

    device: str = "auto"
    precision: str = "auto"
    processes: PositiveInt = 1

    @property
    def at_once(self) -> str:
        """What is said of times that were taken while other trials were made; empty where none were."""
        return f", {self.processes} trainings at a time" if self.processes > 1 else ""

    @property
    @abstractmethod
    def title(self) -> str:
        """The kind, as it is called on the command line."""

    @abstractmethod
    def check(self, data: DataSplits) -> None:
        """See that the question can be asked of these data.

        Raises:
            SettingError: A setting does not fit them.
            DataError: They do not suffice.
        """

    @abstractmethod
    def plan(self, data: DataSplits) -> Sequence[Key]:
        """What tells the trials apart, in the order in which they are made."""

    @abstractmethod
    def key(self, row: Any) -> Key:
        """Which trial a row is of."""

    def seconds_of(self, key: Key, data: DataSplits) -> float | None:
        """How long a trial will take; None where that is not known beforehand."""
        return None

    def reads_test(self, data: DataSplits) -> bool:
        """Whether the trials are judged on the test split."""
        return False

    @abstractmethod
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> Any:
        """Make one trial. What is too much for a row goes into files of the folder."""

    @abstractmethod
    def conclude(self, rows: Sequence[Any], data: DataSplits, folder: StudyFolder) -> Findings:
        """What follows from all rows, in the order of the plan."""

    @abstractmethod
    def draw(self, findings: Any, rows: Sequence[Any], folder: StudyFolder) -> dict[str, bytes]:
        """The figures, by the names of their files."""

    def table(self, findings: Any) -> tuple[list[str], list[list[str]]] | None:
        """The findings as the header and the rows of a table; None where words suffice."""
        return None

    def describe(self, key: Key) -> str:
        """A trial in a few words."""
        return ", ".join(map(str, key))

    def prepared(self, data: DataSplits) -> Self:
        """The question with what must be known of the machine before the trials can be planned."""
        return self

    def begin(self, folder: StudyFolder) -> None:
        """Make ready what the trials share, when the study begins and when it is resumed."""

    def placing(self, subject: Subject, batch_size: int) -> tuple[torch.device, str]:
        """The device, and the precision of activations there, as `fit` chooses them."""
        device = choose_device(self.device)
        return device, choose_precision(self.precision, device, multiply_adds(subject.model) * batch_size)

    def require_device(self) -> None:
        """See that the device and the precision are there before anything is written.

        Raises:
            SettingError: That is no name of them, or a device that several processes cannot share.
            DeviceError: This machine does not offer them.
        """
        device = choose_device(self.device)
        choose_precision(self.precision, device)
        if self.processes > 1 and device.type != "cpu":
            rule = "Trials can share the CPU alone; processes must be 1 on another device"
            raise SettingError([Fault(rule, f"{self.processes} on {device}")])
