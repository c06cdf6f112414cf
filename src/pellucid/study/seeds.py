"""How much accuracy and time vary from seed to seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from typing_extensions import override

from pellucid.data.dataset import DataSplits
from pellucid.errors import DivergedError
from pellucid.plots.studies import seeds_figure
from pellucid.sections.section import Picture
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question
from pellucid.study.settings import SeedSettings
from pellucid.study.statistics import Summary, summarize_known
from pellucid.study.subject import require_split, trained


@dataclass(frozen=True)
class SeedTrial:
    """One training from one seed.

    Attributes:
        seed: The seed from which the randomness of the training follows, the validation split too.
        val_accuracy: Accuracy on the validation split after the last epoch; None without one.
        test_accuracy: Accuracy on the test split; None where the data have none.
        test_loss: Mean loss on the test split, in nats; None where the data have none.
        train_seconds: Duration of the training; None for one that diverged.
        diverged: Whether the loss became infinite, which ends a training.
    """

    seed: int
    val_accuracy: float | None
    test_accuracy: float | None
    test_loss: float | None
    train_seconds: float | None
    diverged: bool


class SeedFindings(Findings):
    """The spread over the seeds; those that diverged are counted, and are in no mean.

    Attributes:
        diverged: How many trainings diverged.
        val_accuracy: Accuracy on the validation splits; None without them.
        test_accuracy: Accuracy on the test split; None where the data have none.
        train_seconds: Duration of a training.
    """

    diverged: int
    val_accuracy: Summary | None
    test_accuracy: Summary | None
    train_seconds: Summary | None


class SeedStudy(SeedSettings, Question):
    """Train the same network from several seeds.

    Its settings are those of `SeedSettings`.
    """

    row: ClassVar = SeedTrial

    @property
    @override
    def title(self) -> str:
        return "seeds"

    @override
    def check(self, data: DataSplits) -> None:
        require_split(self.subject, data)

    @override
    def reads_test(self, data: DataSplits) -> bool:
        return data.has_test

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        first = self.subject.train.seed
        return [(seed,) for seed in range(first, first + self.n)]

    @override
    def key(self, row: SeedTrial) -> Key:
        return (row.seed,)

    @override
    def describe(self, key: Key) -> str:
        return f"seed {key[0]}"

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> SeedTrial:
        (seed,) = key
        try:
            run = trained(
                self.subject, data, folder.trial(key), seed=seed, device=self.device, precision=self.precision
            )
        except DivergedError:
            return SeedTrial(seed, None, None, None, None, diverged=True)
        judged = run.evaluate(data) if data.has_test else None
        results = run.record.results
        return SeedTrial(
            seed=seed,
            val_accuracy=results.validation.accuracy if results and results.validation else None,
            test_accuracy=judged.accuracy if judged else None,
            test_loss=judged.loss if judged else None,
            train_seconds=results.train_seconds if results else None,
            diverged=False,
        )

    @override
    def conclude(self, rows: Sequence[SeedTrial], data: DataSplits, folder: StudyFolder) -> SeedFindings:
        good = [row for row in rows if not row.diverged]
        val = summarize_known([row.val_accuracy for row in good])
        test = summarize_known([row.test_accuracy for row in good])
        seconds = summarize_known([row.train_seconds for row in good])
        bad = len(rows) - len(good)
        told = [
            f"{self.subject.name} from {self.n} seeds, " + (f"of which {bad} diverged." if bad else "none left out.")
        ]
        told += [f"validation accuracy {val.words('.2%')}."] if val else []
        told += [f"test accuracy {test.words('.2%')}."] if test else []
        told += [f"training {seconds.words('.2f')} s{self.at_once}."] if seconds else []
        return SeedFindings(
            conclusion=tuple(told), diverged=bad, val_accuracy=val, test_accuracy=test, train_seconds=seconds
        )

    @override
    def pictures(self, findings: SeedFindings, rows: Sequence[SeedTrial], folder: StudyFolder) -> tuple[Picture, ...]:
        good = [row for row in rows if not row.diverged]
        accuracies = {
            "validation": [row.val_accuracy for row in good if row.val_accuracy is not None],
            "test": [row.test_accuracy for row in good if row.test_accuracy is not None],
        }
        seeds, seconds = [row.seed for row in good], [row.train_seconds or 0.0 for row in good]
        title = f"{self.subject.name} on {folder.data_name}: {self.n} seeds"
        text = f"Accuracy and training time by seed, with their means. {title}."
        return (Picture("seeds", text, partial(seeds_figure, seeds, accuracies, seconds, title)),)
