"""What a study asks: a specification that plans its trials, makes each, and draws conclusions from their rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch

from pellucid.data.dataset import DataSplits
from pellucid.device import choose_device, choose_precision
from pellucid.errors import Fault, SettingError
from pellucid.record import Record
from pellucid.sections.section import Picture
from pellucid.spec.recipes import Recipe
from pellucid.study.folder import StudyFolder
from pellucid.study.settings import StudySettings
from pellucid.train.choice import multiply_adds

Key = tuple[Any, ...]


class Findings(Record):
    """What a study came to: plain values, from which the figures are drawn.

    Attributes:
        conclusion: What the study came to in words, a sentence a line.
    """

    conclusion: tuple[str, ...]


class Question(StudySettings):
    """One kind of study. A new kind says which trials there are, how one is made, and what follows from all.

    Its settings are those of a class in `pellucid.study.settings`, and its row is a dataclass.

    Attributes:
        row: The dataclass of a row of trials.csv.
    """

    row: ClassVar[type[Any]]

    @property
    def at_once(self) -> str:
        """What is said of times that were taken while other trials were made; empty where none were."""
        return f", {self.processes} trainings at a time" if self.processes > 1 else ""

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """What is trained."""
        return (getattr(self, "subject"),)  # noqa: B009 - all kinds have one but a comparison

    @property
    @abstractmethod
    def title(self) -> str:
        """The kind, as it is called on the command line."""

    @abstractmethod
    def check(self, data: DataSplits) -> None:
        """See that the question can be asked of these data.

        Raises:
            SettingError: A setting does not fit them.
            DataError: The data do not suffice.
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
    def pictures(self, findings: Any, rows: Sequence[Any], folder: StudyFolder) -> tuple[Picture, ...]:
        """What there is to see; the folder keeps each as a PNG."""

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

    def placing(self, subject: Recipe, batch_size: int) -> tuple[torch.device, str]:
        """The device, and the precision of activations there, as `fit` chooses them."""
        device = choose_device(self.device)
        return device, choose_precision(self.precision, device, multiply_adds(subject.model) * batch_size)

    def require_device(self) -> None:
        """See that the device and the precision are there before anything is written.

        Raises:
            SettingError: A name is unknown, or several processes cannot share the device.
            DeviceError: This machine does not offer them.
        """
        device = choose_device(self.device)
        choose_precision(self.precision, device)
        if self.processes > 1 and device.type != "cpu":
            rule = "Trials can share the CPU alone; processes must be 1 on another device"
            raise SettingError([Fault(rule, f"{self.processes} on {device}")])
