"""How the size of a mini-batch changes speed and stability: the tutorial's experiment, with error bars."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np
from pydantic import model_validator
from torch import nn
from typing_extensions import override

from pellucid.batches.augment import augment
from pellucid.batches.images import shuffled
from pellucid.data.dataset import DataSplits
from pellucid.device import place
from pellucid.errors import DivergedError, Fault, SettingError
from pellucid.model.frozen import in_training
from pellucid.plots.studies import batch_accuracy_figure, batch_speed_figure, batch_stability_figure
from pellucid.sections.section import Picture
from pellucid.spec.base import own_faults
from pellucid.spec.train import Constant, TrainSpec
from pellucid.study.batch_results import (
    SUMMARIES,
    VIEWS,
    BatchTrial,
    SizeFindings,
    cells,
    findings_of,
    point,
    recommend,
)
from pellucid.study.folder import StudyFolder
from pellucid.study.noise_scale import noise_scale
from pellucid.study.question import Findings, Key, Question
from pellucid.study.settings import BatchSizeSettings
from pellucid.study.subject import require_validation
from pellucid.study.watch import Watch
from pellucid.train.choice import build_chosen
from pellucid.train.interrupt import interruptible
from pellucid.train.learner import Learner, batches_of
from pellucid.train.loop import measure, train, update
from pellucid.train.placed import PlacedSplit, place_splits, splits_to_train_on
from pellucid.words import counted

PROBE_SECONDS, PROBE_UPDATES = 0.4, 3
SCALING = {"none": 0.0, "sqrt": 0.5, "linear": 1.0}  # power of the ratio of sizes


class BatchSizeFindings(Findings):
    """What the sizes come to.

    Attributes:
        sizes: What each size comes to, by size.
        recommendation: The size to take; None where every one diverged.
    """

    sizes: dict[int, SizeFindings]
    recommendation: int | None


class BatchSizeStudy(BatchSizeSettings, Question):
    """Train the same network with mini-batches of several sizes, each from several seeds, one trial at a time.

    Each trial goes on until it has come to all of: the epochs, the updates, and the seconds. The learning rate is
    constant, so that each of these is a fair place to look. Measuring is not counted as time.

    Its settings are those of `BatchSizeSettings`.
    """

    row: ClassVar = BatchTrial

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Self:
        faults = []
        if self.processes > 1:
            faults.append(Fault("Times are measured in one process; processes must be 1", str(self.processes)))
        if len(set(self.sizes)) < len(self.sizes):
            faults.append(Fault("Sizes must differ", ", ".join(map(str, self.sizes))))
        if faults:
            raise own_faults(faults)
        return self

    @property
    @override
    def title(self) -> str:
        return "batch-size"

    @override
    def check(self, data: DataSplits) -> None:
        require_validation(self.subject, "A study of batch sizes")
        count = self._count(data)
        above = [size for size in self.sizes if size > count]
        if above:
            rule = f"Sizes must be at most the training images, {count:,}"
            raise SettingError([Fault(rule, ", ".join(map(str, above)))])

    @override
    def prepared(self, data: DataSplits) -> Self:
        taken = {size: self._probe(size, data) for size in self.sizes}
        return self.replace(update_seconds=taken, look_seconds=self._probe_look(data))

    @override
    def plan(self, data: DataSplits) -> Sequence[Key]:
        return [(size, seed) for seed in range(self.seeds) for size in self.sizes]

    @override
    def key(self, row: BatchTrial) -> Key:
        return (row.size, row.seed)

    @override
    def describe(self, key: Key) -> str:
        return f"batch size {key[0]}, seed {key[1]}"

    @override
    def seconds_of(self, key: Key, data: DataSplits) -> float:
        return self._seconds_of(key[0], self._count(data), self._parts(data))

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> BatchTrial:
        size, seed = key
        spec = self._train(size, seed)
        network, splits, precision = self._begin(spec, data)
        per_epoch = len(batches_of(network, spec, len(splits["train"])))
        whole = size not in self._parts(data)
        watch = Watch(network, splits, per_epoch * self.epochs if whole else 0, self.updates, self.seconds)
        learner, diverged = Learner(network, spec, precision), False
        with interruptible() as stop:
            watch.begin()
            try:
                train(
                    learner,
                    splits["train"],
                    None,
                    spec,
                    until=lambda _: watch.has_seen_all,
                    precision=precision,
                    callbacks=[watch],
                    stop=stop,
                )
            except DivergedError:
                diverged = True
        if learner.progress.ending == "interrupted":
            raise KeyboardInterrupt
        return BatchTrial(
            size=size,
            seed=seed,
            precision=precision,
            learning_rate=spec.learning_rate,
            whole=whole,
            updates_per_epoch=per_epoch,
            epoch_seconds=watch.epoch_seconds(per_epoch, self.epochs, whole),
            updates_per_second=watch.updates / watch.elapsed,
            images_per_second=watch.updates * len(splits["train"].rows) / per_epoch / watch.elapsed,
            equal_updates_seconds=watch.times.get("equal_updates"),
            **{f"accuracy_{view}": watch.accuracies.get(view) for view in VIEWS},
            loss_deviation=watch.loss_deviation(),
            noise_scale=watch.noise_scale,
            peak_memory_mib=watch.peak_memory_mib,
            diverged=diverged,
        )

    @override
    def conclude(self, rows: Sequence[BatchTrial], data: DataSplits, folder: StudyFolder) -> BatchSizeFindings:
        sizes = {size: findings_of([row for row in rows if row.size == size]) for size in sorted(self.sizes)}
        recommendation, reason = recommend(sizes)
        told = [
            f"Size {size}: the loss became infinite in {found.diverged} of {self.seeds} trials."
            for size, found in sizes.items()
            if found.diverged
        ]
        parts = [str(size) for size, found in sizes.items() if not found.whole]
        if parts:
            told.append(
                f"* The epochs of size {', '.join(parts)} are scaled up from a timed part; --full makes them whole."
            )
        return BatchSizeFindings(conclusion=(*told, reason), sizes=sizes, recommendation=recommendation)

    @override
    def pictures(
        self, findings: BatchSizeFindings, rows: Sequence[BatchTrial], folder: StudyFolder
    ) -> tuple[Picture, ...]:
        sizes = list(findings.sizes)
        found = {name: [point(getattr(findings.sizes[size], name)) for size in sizes] for name in SUMMARIES}
        title = f"{self.subject.name} on {folder.data_name}, {self.seeds} seeds"
        views = {label: found[f"accuracy_{view}"] for view, label in self._labels().items()}
        return (
            Picture(
                "speed",
                f"Time of an epoch, and images a second, against the batch size. {title}.",
                partial(batch_speed_figure, sizes, found["epoch_seconds"], found["images_per_second"], title),
            ),
            Picture(
                "stability",
                f"Spread of the loss from update to update, and gradient noise scale, against the batch size. {title}.",
                partial(batch_stability_figure, sizes, found["loss_deviation"], found["noise_scale"], title),
            ),
            Picture(
                "accuracy",
                f"Validation accuracy against the batch size, after {', '.join(views)}. {title}.",
                partial(batch_accuracy_figure, sizes, views, title),
            ),
        )

    @override
    def table(self, findings: BatchSizeFindings) -> tuple[list[str], list[list[str]]]:
        header = ["size", "updates/epoch", "s/epoch", "updates/s", "images/s", f"s for {self.updates} updates"]
        header += [f"% after {label}" for label in self._labels().values()]
        header += ["loss spread", "noise scale", "MiB"]
        return header, [cells(size, found) for size, found in findings.sizes.items()]

    def _labels(self) -> dict[str, str]:
        return {
            "equal_epochs": counted(self.epochs, "epoch"),
            "equal_updates": f"{self.updates} updates",
            "equal_time": f"{self.seconds:g} s",
        }

    def _train(self, size: int, seed: int = 0) -> TrainSpec:
        """How a trial trains: at a constant rate."""
        own = self.subject.train
        rate = own.learning_rate * (size / own.batch_size) ** SCALING[self.scaling]
        return own.replace(batch_size=size, seed=seed, learning_rate=rate, schedule=Constant())

    def _begin(self, spec: TrainSpec, data: DataSplits) -> tuple[nn.Module, dict[str, PlacedSplit], str]:
        device, precision = self.placing(self.subject, spec.batch_size)
        splits = place_splits(splits_to_train_on(data, spec), device)
        images = splits["train"]
        chosen = shuffled(images.rows, spec.seed, 0)[: self.images]
        begun = build_chosen(None, self.subject.model, spec.replace(vote=1), data.class_names)
        network = place(begun.network, device)
        return network, splits | {"train": PlacedSplit(images.data, chosen)}, precision

    def _count(self, data: DataSplits) -> int:
        return min(self.images, len(splits_to_train_on(data, self.subject.train)["train"]))

    def _probe(self, size: int, data: DataSplits) -> float:
        """Seconds of an update, the median of a few after a first one."""
        spec = self._train(size)
        network, splits, precision = self._begin(spec, data)
        learner = Learner(in_training(network), spec, precision)
        images, taken = splits["train"], []
        started = time.perf_counter()
        for rows in images.rows.split(batches_of(network, spec, len(images))):
            begun = time.perf_counter()
            batch, labels = images.data.batch(rows)
            if spec.augmentation:
                batch = augment(batch, spec.augmentation, 0)
            float(update(learner.trained, learner.optimizer, batch, labels, spec.learning_rate, precision=precision)[0])
            taken.append(time.perf_counter() - begun)
            if len(taken) > PROBE_UPDATES and time.perf_counter() - started > PROBE_SECONDS:
                break
        return float(np.median(taken[1:] or taken))

    def _updates_of(self, size: int, count: int, *, whole: bool = True) -> int:
        """How many updates a trial of this size makes."""
        epochs = math.ceil(count / size) * self.epochs if whole else 0
        return max(epochs, self.updates, math.ceil(self.seconds / self.update_seconds[size]))

    def _probe_look(self, data: DataSplits) -> float:
        """Seconds that the measuring of one trial takes."""
        network, splits, _ = self._begin(self._train(self.sizes[0]), data)
        begun = time.perf_counter()
        measure(network, splits["validation"])
        looked = time.perf_counter() - begun
        noise_scale(network, splits["train"], 0)
        return (len(VIEWS) - 1) * looked + time.perf_counter() - begun

    def _seconds_of(self, size: int, count: int, parts: frozenset[int]) -> float:
        return self.look_seconds + self.update_seconds[size] * self._updates_of(size, count, whole=size not in parts)

    def _parts(self, data: DataSplits) -> frozenset[int]:
        """The sizes whose epochs are timed in part: those by which most time is saved, until all fits the minutes."""
        count, everything = self._count(data), frozenset(self.sizes)
        saved = {
            size: self._seconds_of(size, count, frozenset()) - self._seconds_of(size, count, everything)
            for size in self.sizes
        }
        parts = frozenset[int]()
        for size in sorted((size for size in self.sizes if saved[size]), key=lambda size: -saved[size]):
            total = self.seeds * sum(self._seconds_of(other, count, parts) for other in self.sizes)
            if self.full or total <= 60 * self.minutes:
                break
            parts |= {size}
        return parts
