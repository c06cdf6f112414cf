"""Which learning rate to take, by range tests from several seeds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import ClassVar, Self

from pydantic import model_validator
from typing_extensions import override

from pellucid.data.dataset import DataSplits
from pellucid.errors import Fault
from pellucid.plots.studies import range_figure
from pellucid.run.table import from_csv, rows_to_csv
from pellucid.sections.section import Picture
from pellucid.spec.base import own_faults
from pellucid.spec.train import OneCycle
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question
from pellucid.study.rate_range import range_test
from pellucid.study.settings import LearningRateSettings
from pellucid.study.subject import require_split

PEAK = 0.5  # of the rate with the lowest loss, for a schedule that stays near its peak only for a while
PEAK_REASON = "The schedule peaks, so that it may come near to where the loss stops falling: half of that rate."
STEEPEST_REASON = "The rate holds for long, so that it should lie where the loss falls fastest."


@dataclass(frozen=True)
class RangeTrial:
    """One range test.

    Attributes:
        seed: Seed of weights and batches.
        steepest: Learning rate at which the loss falls fastest.
        lowest: Learning rate of the lowest loss.
        diverged: Learning rate at which the loss had exploded; None where it did not.
        seconds: Duration of the range test.
    """

    seed: int
    steepest: float
    lowest: float
    diverged: float | None
    seconds: float


@dataclass(frozen=True)
class RangePoint:
    """One update of a range test: a row of curve-<seed>.csv.

    Attributes:
        learning_rate: Learning rate of the update.
        loss: Loss of its mini-batch, before the update, in nats.
        smoothed: The loss, smoothed over the updates.
    """

    learning_rate: float
    loss: float
    smoothed: float


class LearningRateFindings(Findings):
    """What the range tests say, each the median over the seeds.

    Attributes:
        suggestion: Learning rate to take: for a schedule that peaks, half of ``lowest``; else ``steepest``.
        steepest: Learning rate at which the loss falls fastest.
        lowest: Learning rate at which the loss is lowest; beyond it training gets worse.
        diverged: Learning rate at which the loss explodes; None where it does not within the range.
        given: Learning rate that the recipe has.
    """

    suggestion: float
    steepest: float
    lowest: float
    diverged: float | None
    given: float


class LearningRateStudy(LearningRateSettings, Question):
    """Range tests of a fresh network.

    Its settings are those of `LearningRateSettings`.

    Source: Smith 2015, arXiv:1506.01186.
    """

    row: ClassVar = RangeTrial

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.low >= self.high:
            raise own_faults([Fault("low must be below high", f"{self.low:g} and {self.high:g}")])
        return self

    @property
    @override
    def title(self) -> str:
        return "learning-rate"

    @override
    def check(self, data: DataSplits) -> None:
        require_split(self.subject, data)

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        first = self.subject.train.seed
        return [(seed,) for seed in range(first, first + self.seeds)]

    @override
    def key(self, row: RangeTrial) -> Key:
        return (row.seed,)

    @override
    def describe(self, key: Key) -> str:
        return f"seed {key[0]}"

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> RangeTrial:
        (seed,) = key
        started = time.perf_counter()
        found = range_test(
            data,
            recipe=self.subject,
            lowest=self.low,
            highest=self.high,
            updates=self.updates,
            device=self.device,
            precision=self.precision,
            seed=seed,
        )
        points = [RangePoint(*point) for point in zip(found.rates, found.losses, found.smoothed, strict=True)]
        folder.write(_curve(seed), rows_to_csv(RangePoint, points))
        return RangeTrial(seed, found.steepest, found.lowest, found.diverged, time.perf_counter() - started)

    @override
    def conclude(self, rows: Sequence[RangeTrial], data: DataSplits, folder: StudyFolder) -> LearningRateFindings:
        steepest, lowest = median(row.steepest for row in rows), median(row.lowest for row in rows)
        peaks = isinstance(self.subject.train.schedule, OneCycle)
        suggestion, reason = (PEAK * lowest, PEAK_REASON) if peaks else (steepest, STEEPEST_REASON)
        exploded = [row.diverged for row in rows if row.diverged is not None]
        diverged = median(exploded) if len(exploded) == len(rows) else None
        given, optimizer = self.subject.train.learning_rate, self.subject.train.optimizer.kind
        end = f"explodes from {diverged:.2g} on" if diverged else f"does not explode up to {self.high:g}"
        batches = f"batches of {self.subject.train.batch_size}"
        told = (
            f"Suggested learning rate: {suggestion:.2g}, for {optimizer} and {batches}.",
            reason,
            f"The loss falls fastest at {steepest:.2g}, is lowest at {lowest:.2g}, {end} ({len(rows)} seeds, medians).",
            f"{self.subject.name} has {given:g}. A range test is a hint: pellucid study compare is the judge.",
        )
        return LearningRateFindings(
            conclusion=told,
            suggestion=suggestion,
            steepest=steepest,
            lowest=lowest,
            diverged=diverged,
            given=given,
        )

    @override
    def pictures(
        self, findings: LearningRateFindings, rows: Sequence[RangeTrial], folder: StudyFolder
    ) -> tuple[Picture, ...]:
        curves = {row.seed: from_csv(RangePoint, folder.place(_curve(row.seed)), "a range test") for row in rows}
        lines = {
            f"seed {seed}": ([p.learning_rate for p in points], [p.loss for p in points], [p.smoothed for p in points])
            for seed, points in curves.items()
        }
        marks = {
            "suggested": findings.suggestion,
            "steepest": findings.steepest,
            "lowest loss": findings.lowest,
            "in the recipe": findings.given,
        }
        title = f"{self.subject.name} on {folder.data_name}: loss at rising learning rates"
        text = f"Loss against the learning rate, with the rates that stand out marked. {title}."
        return (Picture("learning-rate", text, partial(range_figure, lines, marks, title)),)


def _curve(seed: int) -> str:
    return f"curve-{seed}.csv"
