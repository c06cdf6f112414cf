"""Cross-validation: k networks, each judged on the fold that it was trained without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from typing_extensions import override

from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.stratified import Folds, assign_folds, leave_out
from pellucid.errors import DataError, Fault, RunError, SettingError
from pellucid.plots.studies import folds_figure
from pellucid.sections.section import Picture
from pellucid.study.folder import StudyFolder
from pellucid.study.question import Findings, Key, Question
from pellucid.study.settings import FoldSettings
from pellucid.study.statistics import Summary, summarize
from pellucid.study.subject import trained
from pellucid.trained.evaluate import evaluate

PREDICTIONS = "out-of-fold.npz"
Probabilities = Float32[ndarray, "count classes"]


@dataclass(frozen=True)
class FoldTrial:
    """One fold held out, and how it was answered.

    Attributes:
        fold: Number of the fold, from 0.
        images: Images in the fold.
        accuracy: Accuracy on the fold of the network that was trained without it.
        loss: Mean loss of that network on the fold, in nats.
        train_seconds: Duration of the training.
    """

    fold: int
    images: int
    accuracy: float
    loss: float
    train_seconds: float


class FoldFindings(Findings):
    """What k folds say.

    Attributes:
        accuracy: Accuracy over the folds. Its interval is a rough one, as any two networks share most of their images.
        pooled_accuracy: Share of all images that are answered right out of fold.
        loss: Mean loss over the folds, in nats.
        train_seconds: Duration of a training.
    """

    accuracy: Summary
    pooled_accuracy: float
    loss: Summary
    train_seconds: Summary


class FoldStudy(FoldSettings, Question):
    """Stratified k-fold cross-validation on the training split; groups are never parted.

    Its settings are those of `FoldSettings`.

    Source: Stone 1974, JRSS B 36(2), 111-147; Kohavi 1995, IJCAI, for stratification; Bengio and Grandvalet 2004, JMLR
    5, 1089-1105, for why no unbiased interval exists.
    """

    row: ClassVar = FoldTrial

    @property
    @override
    def title(self) -> str:
        return "folds"

    @override
    def check(self, data: DataSplits) -> None:
        counts = np.bincount(data.train.labels, minlength=len(data.class_names))
        smallest = int(np.where(counts == 0, counts.max(), counts).argmin())
        if self.k > counts[smallest]:
            rule = (
                f"k must be at most the images of the smallest class, {counts[smallest]} ({data.class_names[smallest]})"
            )
            raise SettingError([Fault(rule, str(self.k), "Take fewer folds, or add images of it.")])
        self._folds(data)

    @override
    def reads_test(self, data: DataSplits) -> bool:
        return "test" in self._others(data)

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        return [(fold,) for fold in range(self.k)]

    @override
    def key(self, row: FoldTrial) -> Key:
        return (row.fold,)

    @override
    def describe(self, key: Key) -> str:
        return f"fold {key[0]} held out"

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> FoldTrial:
        (fold,) = key
        part, rows = leave_out(data, self._folds(data), fold)
        held_out = data.train.subset(rows)
        run = trained(
            self.subject,
            part,
            folder.trial(key),
            validation_split=None,
            patience=None,
            device=self.device,
            precision=self.precision,
        )
        judged = evaluate(run.predictor, held_out, data=data.name, split="train")
        answers = {split: run.probabilities(others.images) for split, others in self._others(data).items()}
        folder.write_arrays(_name(fold), probabilities=run.probabilities(held_out.images), **answers)
        seconds = run.record.results.train_seconds if run.record.results else 0.0
        return FoldTrial(fold, len(held_out), judged.accuracy, judged.loss, seconds)

    @override
    def conclude(self, rows: Sequence[FoldTrial], data: DataSplits, folder: StudyFolder) -> FoldFindings:
        folds = self._folds(data)
        probabilities = np.empty((len(folds), len(data.class_names)), np.float32)
        for row in rows:
            probabilities[folds == row.fold] = folder.read_array(_name(row.fold), "probabilities")
        labels = data.train.labels
        files = [_name(row.fold) for row in rows]
        others = {split: _mean([folder.read_array(file, split) for file in files]) for split in self._others(data)}
        folder.write_arrays(PREDICTIONS, probabilities=probabilities, folds=folds, labels=labels, **others)
        accuracy, seconds = summarize([row.accuracy for row in rows]), summarize([row.train_seconds for row in rows])
        pooled = float((probabilities.argmax(axis=1) == labels).mean())
        told = (
            f"{self.subject.name}, {self.k} folds of {data.name}: accuracy {accuracy.words('.2%')}.",
            f"Out of fold, {pooled:.2%} of {len(folds):,} images are answered right.",
            "The interval is a rough one: any two of the networks share most of their images.",
            f"Training {seconds.words('.2f')} s{self.at_once}.",
        )
        return FoldFindings(
            conclusion=told,
            accuracy=accuracy,
            pooled_accuracy=pooled,
            loss=summarize([row.loss for row in rows]),
            train_seconds=seconds,
        )

    @override
    def pictures(self, findings: FoldFindings, rows: Sequence[FoldTrial], folder: StudyFolder) -> tuple[Picture, ...]:
        title = f"{self.subject.name} on {folder.data_name}: {self.k}-fold cross-validation"
        text = f"Accuracy on each fold, and the mean. {title}."
        return (Picture("folds", text, partial(folds_figure, [row.accuracy for row in rows], title)),)

    def _folds(self, data: DataSplits) -> Folds:
        return _assigned(data.train, self.k, self.subject.train.seed)

    def _others(self, data: DataSplits) -> dict[str, ImageDataset]:
        """The splits beside the training split that the networks answer as well."""
        datasets = Pool.of(data).datasets if self.all_splits else {}
        return {split: dataset for split, dataset in datasets.items() if split != "train"}


def out_of_fold(folder: StudyFolder, data: DataSplits) -> tuple[int, dict[str, Probabilities]]:
    """What a finished study answered for each image with networks that never saw it.

    Args:
        folder: Folder of the study.
        data: The data that the study was made on.

    Returns:
        The number of folds; and for each split that was answered the probabilities, a row an image: for ``train`` of
        the one network that was trained without it, for the others the mean of all networks.

    Raises:
        RunError: The folder is of no study of folds, or of one that is not done.
        DataError: The data are others than the study's.
    """
    record = folder.read_record()
    if record.kind != "folds" or record.findings is None:
        rule = "Predictions out of fold come from a study of folds that is done"
        raise RunError(f"{rule}; {folder.path} is a study of {record.kind}, {record.status}.")
    own = {"train": record.data.fingerprint}
    if record.question.get("all_splits"):
        own |= {"validation": record.data.validation_fingerprint, "test": record.data.test_fingerprint}
    answered = [split for split, fingerprint in own.items() if fingerprint]
    datasets = Pool.of(data).datasets if len(answered) > 1 else {"train": data.train}
    if any(split not in datasets or datasets[split].fingerprint != own[split] for split in answered):
        raise DataError(f"The data are not those of {folder.path}: their fingerprints differ.")
    names = {split: "probabilities" if split == "train" else split for split in answered}
    return int(record.question["k"]), {split: folder.read_array(PREDICTIONS, name) for split, name in names.items()}


def _mean(answers: Sequence[Probabilities]) -> Probabilities:
    return np.stack(answers).mean(axis=0, dtype=np.float64).astype(np.float32)


@lru_cache(maxsize=1)
def _assigned(dataset: ImageDataset, k: int, seed: int) -> Folds:
    return assign_folds(dataset, k, seed)


def _name(fold: int) -> str:
    return f"fold-{fold}.npz"
