"""Whether one network is better than another: the same images, the same seeds, in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool
from numpy import ndarray
from pydantic import model_validator
from typing_extensions import override

from pellucid.data.dataset import DataSplits
from pellucid.data.splits import hold_out
from pellucid.errors import DataError, Fault, SettingError
from pellucid.judge.pairs import mcnemar
from pellucid.plots.studies import compare_figure
from pellucid.run.folder import RunFolder
from pellucid.run.resolver import means
from pellucid.sections.section import Picture
from pellucid.spec.recipes import Recipe, names_recipe
from pellucid.study.comparison import Comparison
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question
from pellucid.study.settings import CompareSettings
from pellucid.study.statistics import CONFIDENCE, Summary, image_interval, seed_interval, summarize
from pellucid.study.subject import trained
from pellucid.trained.data import require_unchanged
from pellucid.trained.run import Run, load_run
from pellucid.words import titles_of


@dataclass(frozen=True)
class CompareTrial:
    """One contender, trained from one seed.

    Attributes:
        contender: Number of the contender, from 0.
        name: What the contender is called.
        seed: The seed that it was trained from.
        accuracy: Accuracy on the split that the study judges on.
        images: Images in that split.
        train_seconds: Duration of the training.
    """

    contender: int
    name: str
    seed: int
    accuracy: float
    images: int
    train_seconds: float


class CompareFindings(Findings):
    """All contenders, and each pair.

    Attributes:
        accuracy: Accuracy of each contender over the seeds.
        train_seconds: Duration of a training of each contender over the seeds.
        pairs: Each two of the contenders, compared.
    """

    accuracy: dict[str, Summary]
    train_seconds: dict[str, Summary]
    pairs: tuple[Comparison, ...]


class CompareStudy(CompareSettings, Question):
    """Compare recipes and models, trained from the same seeds on the same images, or runs as they are.

    Trials alternate between the contenders, so that a slow hour of the machine falls on all.

    Its settings are those of `CompareSettings`.
    """

    row: ClassVar = CompareTrial

    @model_validator(mode="before")
    @classmethod
    def _as_before(cls, value: Any) -> Any:
        """Take a study whose contenders have their runs themselves, as studies had them at first."""
        if not isinstance(value, dict) or not any(map(_has_run, value.get("contenders", ()))):
            return value
        contenders = [dict(contender) for contender in value["contenders"]]
        runs = [run for contender in contenders if (run := contender.pop("run", None))]
        return value | {"contenders": contenders, "runs": runs}

    @property
    @override
    def recipes(self) -> tuple[Recipe, ...]:
        return self.contenders

    @property
    @override
    def title(self) -> str:
        return "compare"

    @override
    def check(self, data: DataSplits) -> None:
        if faults := self._faults():
            raise SettingError(faults)
        if self.split == "test" and not data.has_test:
            raise DataError(f"{data.name} has no test split. Compare on the validation split.")
        for run in self.runs:
            require_unchanged(load_run(run, device=self.device).record, data)
        if not self.runs:
            _held_out(data, self.validation_split)

    def _faults(self) -> list[Fault]:
        names, faults = [contender.name for contender in self.contenders], []
        if len(set(names)) < len(names):
            faults.append(Fault("Contenders must differ in their names", ", ".join(names)))
        if self.time and self.processes > 1:
            faults.append(Fault("Times are compared in one process; processes must be 1", str(self.processes)))
        if self.runs and len(self.runs) != len(names):
            faults.append(Fault("Compare either runs, or recipes and models", ", ".join(names)))
        if self.runs and self.time:
            faults.append(Fault("Times of runs were not taken in turns and cannot be compared"))
        if self.runs and self.split != "test":
            faults.append(Fault("Runs are compared on the test split", self.split))
        return faults

    @override
    def reads_test(self, data: DataSplits) -> bool:
        return self.split == "test"

    @property
    def _titles(self) -> list[str]:
        """Letter and name of each contender."""
        return titles_of([contender.name for contender in self.contenders])

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        seeds = 1 if self.runs else self.seeds
        return [(contender, seed) for seed in range(seeds) for contender in range(len(self.contenders))]

    @override
    def key(self, row: CompareTrial) -> Key:
        return (row.contender, row.seed)

    @override
    def describe(self, key: Key) -> str:
        return f"{self.contenders[key[0]].name}, seed {key[1]}"

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> CompareTrial:
        number, seed = key
        contender = self.contenders[number]
        if self.runs:
            run = load_run(self.runs[number], device=self.device)
            require_unchanged(run.record, data)
        else:
            data = _held_out(data, self.validation_split)
            trial = folder.trial(key)
            run = trained(contender, data, trial, seed=seed, device=self.device, precision=self.precision)
        right = answered_right(run, data, self.split)
        folder.write_arrays(_name(number, seed), right=right)
        seconds = run.record.results.train_seconds if run.record.results else 0.0
        return CompareTrial(number, contender.name, seed, float(right.mean()), len(right), seconds)

    @override
    def conclude(self, rows: Sequence[CompareTrial], data: DataSplits, folder: StudyFolder) -> CompareFindings:
        names = self._titles
        own = {number: [row for row in rows if row.contender == number] for number in range(len(names))}
        right = {number: [folder.read_array(_name(number, row.seed), "right") for row in own[number]] for number in own}
        pairs = list(combinations(own, 2))
        confidence = 1 - (1 - CONFIDENCE) / len(pairs)
        compared = tuple(self._compare(pair, own, right, confidence) for pair in pairs)
        accuracy = {names[number]: summarize([row.accuracy for row in found]) for number, found in own.items()}
        seconds = {names[number]: summarize([row.train_seconds for row in found]) for number, found in own.items()}
        told = [f"{name}: {self.split} accuracy {found.words('.2%')}." for name, found in accuracy.items()]
        return CompareFindings(
            conclusion=(*told, *(pair.words() for pair in compared)),
            accuracy=accuracy,
            train_seconds=seconds,
            pairs=compared,
        )

    def _compare(
        self,
        pair: tuple[int, int],
        own: dict[int, list[CompareTrial]],
        right: dict[int, list[ndarray]],
        confidence: float,
    ) -> Comparison:
        first, second = pair
        differences = np.stack(right[second]).astype(np.float64) - np.stack(right[first])
        times = zip(own[first], own[second], strict=True)
        return Comparison(
            first=self._titles[first],
            second=self._titles[second],
            difference=float(differences.mean()),
            image_interval=image_interval(differences.mean(axis=0), confidence),
            seed_interval=seed_interval(differences.mean(axis=1).tolist(), confidence),
            mcnemar=tuple(mcnemar(one, two) for one, two in zip(right[first], right[second], strict=True)),
            times_slower=tuple(two.train_seconds / one.train_seconds for one, two in times) if self.time else (),
        )

    @override
    def pictures(
        self, findings: CompareFindings, rows: Sequence[CompareTrial], folder: StudyFolder
    ) -> tuple[Picture, ...]:
        accuracies = {
            title: [row.accuracy for row in rows if row.contender == number]
            for number, title in enumerate(self._titles)
        }
        pairs = [(pair.letters, pair.difference, pair.seed_interval, pair.image_interval) for pair in findings.pairs]
        label = f"{self.split} accuracy"
        text = f"{label.capitalize()} of each contender by seed, and the difference of each pair. {folder.data_name}."
        return (Picture("compare", text, partial(compare_figure, accuracies, pairs, label, folder.data_name)),)


def as_run(name: str) -> Run | None:
    """The run of that name; None where it names a recipe or tells a network.

    Raises:
        RunError: The run is damaged.
    """
    if names_recipe(name):
        return None
    return load_run(name) if means(RunFolder, name) else None


def answered_right(run: Run, data: DataSplits, split: str) -> Bool[ndarray, " images"]:
    """Which images of a split a run answers right.

    Raises:
        DataError: The data have no such split.
    """
    images = run.split_of(data, split)
    return run.probabilities(images.images).argmax(axis=1) == images.labels


def _has_run(contender: Any) -> bool:
    return isinstance(contender, dict) and "run" in contender


def _name(number: int, seed: int) -> str:
    return f"right-{number}-{seed}.npz"


@lru_cache(maxsize=1)
def _held_out(data: DataSplits, share: float) -> DataSplits:
    """The data with a validation split that is the same for every trial, whatever each contender would hold out."""
    if data.validation is not None:
        return data
    kept, held_out = hold_out(data.train, share, 0)
    test = (lambda: data.test) if data.has_test else None
    return DataSplits(data.name, data.train.subset(kept), test, data.train.subset(held_out))
