"""Whether one network is better than another: the same images, the same seeds, in pairs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from statistics import median
from string import ascii_uppercase
from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Bool
from numpy import ndarray
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from pellucid.data.dataset import DataSplits
from pellucid.data.splits import hold_out
from pellucid.errors import DataError, Fault, SettingError
from pellucid.plots.figures import render
from pellucid.plots.studies import compare_figure
from pellucid.run.folder import RECORD, RUNS
from pellucid.spec.recipes import names_recipe
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question, Subject
from pellucid.study.statistics import CONFIDENCE, McNemar, Summary, image_interval, mcnemar, seed_interval, summarize
from pellucid.train.trained import Run, load_run

NAME_SHOWN = 40  # letters


@dataclass(frozen=True)
class CompareTrial:
    """One contender from one seed.

    Attributes:
        contender: Its number, from 0.
        name: What it is called.
        seed: From which it was trained.
        accuracy: On the split that the study judges on.
        images: In that split.
        train_seconds: Duration of the training.
    """

    contender: int
    name: str
    seed: int
    accuracy: float
    images: int
    train_seconds: float


class Comparison(BaseModel):
    """Two contenders.

    Attributes:
        first: Letter and name of one.
        second: Letter and name of the other.
        difference: Accuracy of the second less that of the first, the mean over seeds.
        image_interval: Bootstrap interval of the difference over images: what other images would give these networks.
        seed_interval: Student's interval of it over seeds: what other trainings would give. None for one seed. Of
            several pairs, all intervals of a kind together hold their differences in 95% of studies (Bonferroni).
        mcnemar: McNemar's test, seed by seed.
        times_slower: The second's training time over the first's, seed by seed; empty unless times are compared.
    """

    model_config = ConfigDict(frozen=True)

    first: str
    second: str
    difference: float
    image_interval: tuple[float, float]
    seed_interval: tuple[float, float] | None
    mcnemar: tuple[McNemar, ...]
    times_slower: tuple[float, ...]

    @property
    def is_shown(self) -> bool:
        """Whether no interval holds 0."""
        intervals = [self.image_interval, *([self.seed_interval] if self.seed_interval else [])]
        return not any(low <= 0 <= high for low, high in intervals)

    def words(self) -> str:
        """In a few sentences."""
        verdict = f"No difference shown between {self.first} and {self.second}"
        if self.is_shown:
            better, worse = (self.second, self.first) if self.difference > 0 else (self.first, self.second)
            verdict = f"{better} is better than {worse}"
        over = f"over images {_points(self.image_interval)}"
        over += f", over seeds {_points(self.seed_interval)}" if self.seed_interval else ""
        p_values = ", ".join(f"{test.p_value:.3g}" for test in self.mcnemar)
        letters = f"{self.second[0]} \u2212 {self.first[0]}"
        text = f"{verdict}: {letters} is {100 * self.difference:+.2f} percentage points ({over}); "
        text += f"McNemar's p by seed: {p_values}."
        if self.times_slower:
            ratios = f"{median(self.times_slower):.2f} ({min(self.times_slower):.2f} to {max(self.times_slower):.2f})"
            text += f" {self.second[0]} trains {ratios} times as long as {self.first[0]}."
        return text


def _points(interval: tuple[float, float]) -> str:
    low, high = (100 * bound for bound in interval)
    return f"{low:+.2f} to {high:+.2f}"


class CompareFindings(Findings):
    """All contenders, and each pair.

    Attributes:
        accuracy: Of each contender over the seeds.
        train_seconds: Likewise.
        pairs: Each two of them.
    """

    accuracy: dict[str, Summary]
    train_seconds: dict[str, Summary]
    pairs: tuple[Comparison, ...]


class Contender(Subject):
    """A recipe or model that is trained, or a run that is already.

    Attributes:
        run: Folder of the run; None for what is trained.
    """

    run: str | None = None


class CompareStudy(Question):
    """Compare recipes and models, trained from the same seeds on the same images, or runs as they are.

    Trials alternate between the contenders, so that a slow hour of the machine falls on all.

    Attributes:
        contenders: Two or more, with names that differ.
        seeds: From how many seeds each is trained; 1 for runs.
        split: What they are judged on. Who compares in order to choose takes ``validation``; ``test`` is for the last
            word. Runs have held out different images for validation, so that ``test`` alone serves for them.
        validation_split: Share of the training images that is held out, the same images in every trial and instead of
            what each contender would hold out, where the data bring no validation split.
        time: Compare training times as well, which leaves no room for several processes.
    """

    row: ClassVar = CompareTrial

    contenders: Annotated[tuple[Contender, ...], Field(min_length=2)]
    seeds: Annotated[int, Field(ge=1)] = 3
    split: Literal["validation", "test"] = "validation"
    validation_split: Annotated[float, Field(gt=0, lt=1)] = 0.1
    time: bool = False

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
        for run in self._runs:
            load_run(run, device=self.device).require_unchanged(data)
        if not self._runs:
            _held_out(data, self.validation_split)

    def _faults(self) -> list[Fault]:
        names, faults = [contender.name for contender in self.contenders], []
        if len(set(names)) < len(names):
            faults.append(Fault("Contenders must differ in their names", ", ".join(names)))
        if self.time and self.processes > 1:
            faults.append(Fault("Times are compared in one process; processes must be 1", str(self.processes)))
        if 0 < len(self._runs) < len(names):
            faults.append(Fault("Compare either runs, or recipes and models", ", ".join(names)))
        if self._runs and self.time:
            faults.append(Fault("Times of runs were not taken in turns and cannot be compared"))
        if self._runs and self.split != "test":
            faults.append(Fault("Runs are compared on the test split", self.split))
        return faults

    @override
    def reads_test(self, data: DataSplits) -> bool:
        return self.split == "test"

    @property
    def _titles(self) -> list[str]:
        """Letter and name of each contender."""
        names = [shorten(contender.name) for contender in self.contenders]
        return [f"{letter} ({name})" for letter, name in zip(letters(len(names)), names, strict=True)]

    @property
    def _runs(self) -> list[str]:
        return [contender.run for contender in self.contenders if contender.run]

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        seeds = 1 if self._runs else self.seeds
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
        if contender.run:
            run = load_run(contender.run, device=self.device)
            run.require_unchanged(data)
        else:
            data = _held_out(data, self.validation_split)
            run = contender.fit(data, seed=seed, device=self.device, precision=self.precision, progress=False)
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
    def draw(self, findings: CompareFindings, rows: Sequence[CompareTrial], folder: StudyFolder) -> dict[str, bytes]:
        accuracies = {
            title: [row.accuracy for row in rows if row.contender == number]
            for number, title in enumerate(self._titles)
        }
        pairs = [
            (f"{pair.second[0]} \u2212 {pair.first[0]}", pair.difference, pair.seed_interval, pair.image_interval)
            for pair in findings.pairs
        ]
        figure = compare_figure(accuracies, pairs, f"{self.split} accuracy", folder.data_name)
        return {"compare.png": render(figure)}


def letters(count: int) -> list[str]:
    """What contenders are called for short."""
    return [ascii_uppercase[place % 26] * (1 + place // 26) for place in range(count)]


def shorten(name: str) -> str:
    """A name for a sentence: a network's text may be long."""
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 3]}..."


def as_run(name: str) -> Run | None:
    """The run of that name; None where it names a recipe or tells a network.

    Raises:
        RunError: The run is damaged.
    """
    if names_recipe(name):
        return None
    with contextlib.suppress(OSError):  # a network's text may be longer than a file's name
        if name == "latest" or any((path / RECORD).exists() for path in (Path(name), RUNS / name)):
            return load_run(name)
    return None


def answered_right(run: Run, data: DataSplits, split: str) -> Bool[ndarray, " images"]:
    """Which images of a split a run answers right.

    Raises:
        DataError: There is no such split.
    """
    images = run.split_of(data, split)
    return run.probabilities(images.images).argmax(axis=1) == images.labels


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
