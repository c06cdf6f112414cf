"""How the size of a mini-batch changes speed and stability: the seed's experiment, with error bars."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator
from torch import Tensor, nn
from typing_extensions import override

from pellucid.data.batches import shuffled
from pellucid.data.dataset import DataSplits
from pellucid.device import keep_freed_memory, peak_memory_mib, place, reset_peak_memory
from pellucid.errors import DataError, Fault, SettingError, TrainingError
from pellucid.model.build import build
from pellucid.plots.figures import render
from pellucid.plots.studies import batch_accuracy_figure, batch_speed_figure, batch_stability_figure
from pellucid.spec.base import own_faults
from pellucid.spec.train import Constant, TrainSpec
from pellucid.study.folder import StudyFolder
from pellucid.study.noise_scale import noise_scale
from pellucid.study.question import Findings, Key, Question, Subject
from pellucid.study.statistics import Summary, summarize_known
from pellucid.train.callbacks import Callback, Plan
from pellucid.train.fit import place_splits, split_data
from pellucid.train.interrupt import Stop, interruptible
from pellucid.train.loop import Split, measure, train, update
from pellucid.train.optimizers import Optimizer
from pellucid.train.reorder import pooled_first

SIZES = (1, 10, 32, 128, 512)
IMAGES = 50_000  # as many as in the seed's experiment
PROBE_SECONDS, PROBE_UPDATES = 0.4, 3
SCALING = {"none": 0.0, "sqrt": 0.5, "linear": 1.0}  # power of the ratio of sizes
VIEWS = {"equal_epochs": "equal epochs", "equal_updates": "equal updates", "equal_time": "equal time"}


@dataclass(frozen=True)
class BatchTrial:
    """One training at one size.

    Attributes:
        size: Images in a mini-batch.
        seed: Of weights and order.
        precision: Of the activations.
        learning_rate: Constant throughout.
        whole: Whether the epochs were made whole; where not, their time is scaled up from a timed part.
        updates_per_epoch: Images over size, rounded up.
        epoch_seconds: Duration of an epoch.
        updates_per_second: Over the whole trial.
        images_per_second: Likewise.
        equal_updates_seconds: Duration of the number of updates that all sizes make; None where the trial ended before.
        accuracy_equal_epochs: On the validation split after the same epochs for all; None for a timed part.
        accuracy_equal_updates: After the same updates.
        accuracy_equal_time: After the same time.
        loss_deviation: Standard deviation of the loss from update to update, over the second half of the equal updates.
        noise_scale: Gradient noise scale after the equal updates, in images; None where it is lost in noise.
        peak_memory_mib: Greatest resident memory during the trial, or memory of the GPU; None where nobody tells.
        diverged: Whether the loss became infinite, which ends a trial.
    """

    size: int
    seed: int
    precision: str
    learning_rate: float
    whole: bool
    updates_per_epoch: int
    epoch_seconds: float | None
    updates_per_second: float
    images_per_second: float
    equal_updates_seconds: float | None
    accuracy_equal_epochs: float | None
    accuracy_equal_updates: float | None
    accuracy_equal_time: float | None
    loss_deviation: float | None
    noise_scale: float | None
    peak_memory_mib: float | None
    diverged: bool


class SizeFindings(BaseModel):
    """One size over all seeds; a measurement that is not known for every seed is None.

    Attributes:
        whole: Whether the epochs were made whole.
        updates_per_epoch: Images over size, rounded up.
        diverged: In how many trials.
    """

    model_config = ConfigDict(frozen=True)

    whole: bool
    updates_per_epoch: int
    diverged: int
    epoch_seconds: Summary | None
    updates_per_second: Summary | None
    images_per_second: Summary | None
    equal_updates_seconds: Summary | None
    accuracy_equal_epochs: Summary | None
    accuracy_equal_updates: Summary | None
    accuracy_equal_time: Summary | None
    loss_deviation: Summary | None
    noise_scale: Summary | None
    peak_memory_mib: Summary | None


class BatchSizeFindings(Findings):
    """What the sizes come to.

    Attributes:
        sizes: By size.
        recommendation: The size to take; None where every one diverged.
    """

    sizes: dict[int, SizeFindings]
    recommendation: int | None


class BatchSizeStudy(Question):
    """Train the same network with mini-batches of several sizes, each from several seeds, one trial at a time.

    Each trial goes on until it has come to all of: the epochs, the updates, and the seconds. The learning rate is
    constant, so that each of these is a fair place to look. Measuring is not counted as time.

    Attributes:
        subject: What is trained.
        sizes: Images in a mini-batch.
        seeds: Trials of each size.
        images: How many training images at most.
        epochs: After which accuracies are compared.
        updates: After which accuracies are compared.
        seconds: After which accuracies are compared.
        scaling: How the learning rate grows with the size from the subject's own: none, sqrt or linear.
        minutes: How long all trials may take; where they would take longer, the sizes with the longest epochs are only
            timed in part.
        full: Make every epoch whole, however long it takes.
        update_seconds: What an update takes here at each size, by a short probe.
    """

    row: ClassVar = BatchTrial

    subject: Subject
    sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = SIZES
    seeds: PositiveInt = 3
    images: PositiveInt = IMAGES
    epochs: PositiveInt = 1
    updates: Annotated[int, Field(ge=20)] = 500
    seconds: Annotated[float, Field(gt=0)] = 5.0
    scaling: Literal["none", "sqrt", "linear"] = "none"
    minutes: Annotated[float, Field(gt=0)] = 10.0
    full: bool = False
    update_seconds: dict[int, float] = Field(default={})

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
        if self._train(0).validation_split is None and data.validation is None:
            raise DataError("A study of batch sizes needs a validation split. Leave --no-validation out.")
        count = self._count(data)
        above = [size for size in self.sizes if size > count]
        if above:
            rule = f"Sizes must be at most the training images, {count:,}"
            raise SettingError([Fault(rule, ", ".join(map(str, above)))])

    @override
    def prepared(self, data: DataSplits) -> Self:
        keep_freed_memory()
        return self.replace(update_seconds={size: self._probe(size, data) for size in self.sizes})

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
    def weight(self, key: Key) -> float:
        return self.update_seconds[key[0]] * self._updates_of(key[0], self.images)

    @override
    def estimate(self, data: DataSplits) -> float:
        return self.seeds * sum(self._seconds_of(size, self._count(data), self._parts(data)) for size in self.sizes)

    @override
    def measure(self, key: Key, data: DataSplits, folder: StudyFolder) -> BatchTrial:
        size, seed = key
        spec = self._train(size, seed)
        network, splits, precision = self._begin(spec, data)
        per_epoch = math.ceil(len(splits["train"].rows) / size)
        whole = size not in self._parts(data)
        watch = Watch(network, splits, per_epoch * self.epochs if whole else 0, self.updates, self.seconds)
        known = reset_peak_memory()
        diverged = False
        with interruptible() as stop:
            watch.stop = stop
            try:
                train(
                    pooled_first(network),
                    splits["train"],
                    None,
                    spec,
                    precision=precision,
                    callbacks=[watch],
                    stop=stop,
                )
            except TrainingError:
                diverged = True
        if stop.requested and not watch.ended:
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
            peak_memory_mib=peak_memory_mib() if known else None,
            diverged=diverged,
        )

    @override
    def conclude(self, rows: Sequence[BatchTrial], data: DataSplits, folder: StudyFolder) -> BatchSizeFindings:
        sizes = {size: _of_size([row for row in rows if row.size == size]) for size in sorted(self.sizes)}
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
    def draw(self, findings: BatchSizeFindings, rows: Sequence[BatchTrial], folder: StudyFolder) -> dict[str, bytes]:
        columns = [name for name in SizeFindings.model_fields if name not in {"whole", "updates_per_epoch", "diverged"}]
        sizes = list(findings.sizes)
        found = {name: [_points(getattr(findings.sizes[size], name)) for size in sizes] for name in columns}
        title = f"{self.subject.name}, {self.seeds} seeds"
        views = {label: found[f"accuracy_{view}"] for view, label in self._labels().items()}
        return {
            "speed.png": render(batch_speed_figure(sizes, found["epoch_seconds"], found["images_per_second"], title)),
            "stability.png": render(
                batch_stability_figure(sizes, found["loss_deviation"], found["noise_scale"], title)
            ),
            "accuracy.png": render(batch_accuracy_figure(sizes, views, title)),
        }

    @override
    def table(self, findings: BatchSizeFindings) -> tuple[list[str], list[list[str]]]:
        header = ["size", "updates/epoch", "s/epoch", "updates/s", "images/s", f"s for {self.updates} updates"]
        header += [f"% after {label}" for label in self._labels().values()]
        header += ["loss spread", "noise scale", "MiB"]
        return header, [_cells(size, found) for size, found in findings.sizes.items()]

    def _labels(self) -> dict[str, str]:
        epochs = f"{self.epochs} epoch" + ("s" if self.epochs > 1 else "")
        return {"equal_epochs": epochs, "equal_updates": f"{self.updates} updates", "equal_time": f"{self.seconds:g} s"}

    def _train(self, size: int, seed: int = 0) -> TrainSpec:
        """How a trial trains: until it is stopped, at a constant rate."""
        own = self.subject.train
        rate = own.learning_rate * (max(size, 1) / own.batch_size) ** SCALING[self.scaling]
        most = 10**6
        return own.replace(batch_size=max(size, 1), seed=seed, learning_rate=rate, schedule=Constant(), epochs=most)

    def _begin(self, spec: TrainSpec, data: DataSplits) -> tuple[nn.Module, dict[str, Split], str]:
        device, precision = self.placing(self.subject, spec.batch_size)
        splits = place_splits(split_data(data, spec), device)
        images = splits["train"]
        chosen = shuffled(images.rows, spec.seed, 0)[: self.images]
        network = place(build(self.subject.model, spec.seed), device)
        return network, splits | {"train": Split(images.data, chosen)}, precision

    def _count(self, data: DataSplits) -> int:
        return min(self.images, len(split_data(data, self._train(0))["train"][1]))

    def _probe(self, size: int, data: DataSplits) -> float:
        """Seconds of an update, the median of a few after a first one."""
        spec = self._train(size)
        network, splits, precision = self._begin(spec, data)
        learner = pooled_first(network.train())
        optimizer, images, taken = Optimizer(network.parameters(), spec.optimizer), splits["train"], []
        started = time.perf_counter()
        for rows in images.rows.split(size):
            begun = time.perf_counter()
            float(update(learner, optimizer, *images.data.batch(rows), spec.learning_rate, precision=precision)[0])
            taken.append(time.perf_counter() - begun)
            if len(taken) > PROBE_UPDATES and time.perf_counter() - started > PROBE_SECONDS:
                break
        return float(np.median(taken[1:] or taken))

    def _updates_of(self, size: int, count: int, *, whole: bool = True) -> int:
        """How many updates a trial of this size makes."""
        epochs = math.ceil(count / size) * self.epochs if whole else 0
        return max(epochs, self.updates, math.ceil(self.seconds / self.update_seconds[size]))

    def _seconds_of(self, size: int, count: int, parts: frozenset[int]) -> float:
        return self.update_seconds[size] * self._updates_of(size, count, whole=size not in parts)

    def _parts(self, data: DataSplits) -> frozenset[int]:
        """The sizes whose epochs are timed in part: the longest, until all trials fit into the minutes."""
        count, parts = self._count(data), frozenset[int]()
        for size in sorted(self.sizes, key=lambda size: -self._seconds_of(size, count, frozenset())):
            total = self.seeds * sum(self._seconds_of(other, count, parts) for other in self.sizes)
            if self.full or total <= 60 * self.minutes:
                break
            parts |= {size}
        return parts


class Watch(Callback):
    """Looks at a training after so many epochs, updates and seconds, and ends it after the last of them.

    Args:
        network: That is trained.
        splits: ``train``, and ``validation`` to measure on.
        epoch_updates: Updates of the epochs; 0 for a part.
        updates: After which to look.
        seconds: After which to look, without the time of looking.
    """

    def __init__(
        self, network: nn.Module, splits: Mapping[str, Split], epoch_updates: int, updates: int, seconds: float
    ) -> None:
        self.network, self.splits = network, splits
        self.due: dict[str, float] = {"equal_updates": updates, "equal_time": seconds}
        if epoch_updates:
            self.due["equal_epochs"] = epoch_updates
        self.stop, self.ended = Stop(), False
        self.updates, self.elapsed, self._started, self._looked = 0, 0.0, 0.0, 0.0
        self.losses: list[Tensor] = []
        self.times: dict[str, float] = {}
        self.accuracies: dict[str, float | None] = {}
        self.noise_scale: float | None = None

    @override
    def on_train_begin(self, plan: Plan) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    @override
    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """Look where it is due."""
        self.updates += 1
        if len(self.losses) < self.due["equal_updates"]:
            self.losses.append(loss)
        self.elapsed = time.perf_counter() - self._started - self._looked
        reached = {"equal_epochs": self.updates, "equal_updates": self.updates, "equal_time": self.elapsed}
        for view, wanted in self.due.items():
            if view not in self.times and reached[view] >= wanted:
                self._look(view)
        if len(self.times) == len(self.due):
            self.stop.requested = self.ended = True

    def _look(self, view: str) -> None:
        begun = time.perf_counter()
        self.times[view] = self.elapsed
        self.accuracies[view] = measure(self.network, self.splits["validation"])[1]
        if view == "equal_updates":
            self.noise_scale = noise_scale(self.network, self.splits["train"], 0)
        self.network.train()
        self._looked += time.perf_counter() - begun

    def epoch_seconds(self, per_epoch: int, epochs: int, whole: bool) -> float | None:
        """Duration of an epoch, as it was or scaled up."""
        if whole:
            return self.times["equal_epochs"] / epochs if "equal_epochs" in self.times else None
        return self.elapsed / self.updates * per_epoch if self.updates else None

    def loss_deviation(self) -> float | None:
        """Spread of the loss over the second half of the equal updates."""
        if "equal_updates" not in self.times:
            return None
        losses = torch.stack(self.losses).float()
        return float(losses[len(losses) // 2 :].std())


def recommend(sizes: dict[int, SizeFindings]) -> tuple[int | None, str]:
    """The size to take, and why: of those as accurate as the best after equal time, the one with the shortest epoch."""
    known = {size: found.accuracy_equal_time for size, found in sizes.items() if found.accuracy_equal_time}
    seconds = {size: time.mean for size in known if (time := sizes[size].epoch_seconds)}
    if not known:
        return (
            None,
            "No size can be recommended: none came to the equal time from every seed. Try a lower learning rate.",
        )
    best = max(known, key=lambda size: known[size].mean)
    error = known[best].error
    good = [size for size, found in known.items() if found.mean + max(error, found.error) >= known[best].mean]
    chosen = min(good, key=lambda size: (seconds.get(size, math.inf), size))
    others = ", ".join(str(size) for size in good if size != chosen)
    reason = f"Recommended size: {chosen}. After equal time it reaches {known[chosen].mean:.2%}"
    if others:
        reason += f", within a standard error of the best as do {others}, and of these its epoch is the shortest."
    else:
        reason += ", more than any other by above a standard error."
    return chosen, reason


def _of_size(rows: Sequence[BatchTrial]) -> SizeFindings:
    first = rows[0]
    columns = [name for name in SizeFindings.model_fields if name not in {"whole", "updates_per_epoch", "diverged"}]
    return SizeFindings(
        whole=first.whole,
        updates_per_epoch=first.updates_per_epoch,
        diverged=sum(row.diverged for row in rows),
        **{name: summarize_known([getattr(row, name) for row in rows]) for name in columns},
    )


def _cells(size: int, found: SizeFindings) -> list[str]:
    """A row of the table: means over the seeds; * marks what is scaled up from a part."""
    shares = [found.accuracy_equal_epochs, found.accuracy_equal_updates, found.accuracy_equal_time]
    return [
        str(size),
        f"{found.updates_per_epoch:,}",
        _mean(found.epoch_seconds, ".3g") + ("" if found.whole else " *"),
        _mean(found.updates_per_second, ",.0f"),
        _mean(found.images_per_second, ",.0f"),
        _mean(found.equal_updates_seconds, ".3g"),
        *(_mean(share, ".2%").removesuffix("%") for share in shares),
        _mean(found.loss_deviation, ".3f"),
        _mean(found.noise_scale, ",.0f"),
        _mean(found.peak_memory_mib, ",.0f"),
    ]


def _mean(found: Summary | None, form: str) -> str:
    return format(found.mean, form) if found else "-"


def _points(found: Summary | None) -> Any:
    """Mean, least and greatest, for a point with error bars; None where there is nothing."""
    return (found.mean, found.least, found.greatest) if found else None
