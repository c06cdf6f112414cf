"""What advice may follow from, and what it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.judge.evaluation import Evaluation
from pellucid.judge.intervals import difference_interval, wilson_interval
from pellucid.judge.writers import Writers
from pellucid.run.history import Epoch, History
from pellucid.run.record import RunRecord

LEAST_UPDATES = 100  # of the weights, before which averages lag behind them


@dataclass(frozen=True)
class DeadFilters:
    """Filters of a layer that gave nothing on any image that was looked at.

    Attributes:
        layer: The layer.
        dead: How many of its filters are dead.
        filters: How many it has.
        images: How many images were looked at.
    """

    layer: str
    dead: int
    filters: int
    images: int


@dataclass(frozen=True)
class Facts:
    """What advice may follow from.

    Attributes:
        record: run.json.
        history: history.csv.
        run: The run as a command takes it.
        evaluation: evaluation.json; None where the run was not judged.
        class_counts: Training images of each class, held out for validation or not; None where not counted.
        dead: Dead filters by layer; empty where none was looked for.
        leaked: Test images that are training images too, pixel by pixel; None where none was looked for.
        writers: Groups that the names of files tell of; None where they tell of none, or were not looked at.
    """

    record: RunRecord
    history: History
    run: str
    evaluation: Evaluation | None = None
    class_counts: Mapping[str, int] | None = None
    dead: tuple[DeadFilters, ...] = ()
    leaked: int | None = None
    writers: Writers | None = None

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs of one network under one schedule, in which each goes on from the one before.

        Those since a finished run was trained further, and of a vote those of its last network, where all were trained
        in full; where that cannot be told, none.
        """
        epochs, vote, further = tuple(self.history.epochs), self.record.train.vote, self.record.further
        if vote == 1:
            return epochs[further[-1] :] if further else epochs
        own = self.record.train.epochs
        return epochs[-own:] if not further and len(epochs) == vote * own else ()

    @property
    def last(self) -> Epoch | None:
        """The last of the epochs."""
        return self.epochs[-1] if self.epochs else None

    @property
    def updates_an_epoch(self) -> int:
        """How many updates an epoch had; 0 where it is not known."""
        results, finished = self.record.results, len(self.history.epochs)
        return results.steps // finished if results and finished else 0

    @property
    def settled(self) -> bool:
        """Whether the weights had 100 updates or more.

        Before, the averages that batch normalisation answers with lag behind them, so that a network may answer its
        own training images no better than others.
        """
        return self.record.results is not None and self.record.results.steps >= LEAST_UPDATES

    @property
    def trained(self) -> int:
        """How many images were trained on."""
        return self.record.data.counts.get("train", 0)

    @property
    def validated(self) -> int:
        """How many images were validated on."""
        return self.record.data.counts.get("validation", 0)

    @property
    def guessing(self) -> float:
        """The loss of an answer that gives each class the same probability, in nats."""
        return math.log(max(2, len(self.record.data.class_names)))


@dataclass(frozen=True)
class Advice:
    """What to do, and why.

    Attributes:
        rule: The rule's name.
        what: What is the matter.
        evidence: In numbers.
        remedy: A command to copy.
    """

    rule: str
    what: str
    evidence: str
    remedy: str


def upper_bound(share: float, count: int) -> float:
    """Upper end of the 95% interval of a share of so many images."""
    return wilson_interval(round(share * count), count)[1]


def change(before: float, after: float, count: int) -> tuple[float, float]:
    """95% interval of how much an accuracy rose from one epoch to another, each as of so many other images."""
    return difference_interval(round(after * count), count, round(before * count), count)


def gap(facts: Facts, epoch: Epoch) -> tuple[float, float]:
    """95% interval of the training accuracy less the validation accuracy of an epoch that has both."""
    trained, validated = facts.trained, facts.validated
    validation = round((epoch.val_accuracy or 0.0) * validated)
    return difference_interval(round(epoch.accuracy * trained), trained, validation, validated)
