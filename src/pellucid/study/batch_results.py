"""What trials of batch sizes measure, what they come to, and which size to take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.record import Record
from pellucid.study.statistics import Summary, summarize_known

VIEWS = ("equal_epochs", "equal_updates", "equal_time")
Point = tuple[float, float, float]


@dataclass(frozen=True)
class BatchTrial:
    """One training at one size.

    Attributes:
        size: Images in a mini-batch.
        seed: Seed of weights and order.
        precision: Precision of the activations.
        learning_rate: Learning rate, constant throughout.
        whole: Whether the epochs were made whole; where not, their time is scaled up from a timed part.
        updates_per_epoch: Images over size, rounded up.
        epoch_seconds: Duration of an epoch.
        updates_per_second: Updates a second over the whole trial.
        images_per_second: Images a second over the whole trial.
        equal_updates_seconds: Duration of the number of updates that all sizes make; None where the trial ended before.
        accuracy_equal_epochs: Validation accuracy after as many epochs as all sizes make; None for a timed part.
        accuracy_equal_updates: Validation accuracy after as many updates as all sizes make.
        accuracy_equal_time: Validation accuracy after as many seconds as all sizes get.
        loss_deviation: Standard deviation of the loss from update to update, over the second half of the equal updates.
        noise_scale: Gradient noise scale after the equal updates, in images; None where it is lost in noise.
        peak_memory_mib: Greatest resident memory of the process during the trial; None where the system does not tell.
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


class SizeFindings(Record):
    """One size over all seeds; a measurement that is not known for every seed is None.

    Attributes:
        whole: Whether the epochs were made whole.
        updates_per_epoch: Images over size, rounded up.
        diverged: In how many trials the loss became infinite.
    """

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


SUMMARIES = [name for name in SizeFindings.model_fields if name not in {"whole", "updates_per_epoch", "diverged"}]


def recommend(sizes: dict[int, SizeFindings]) -> tuple[int | None, str]:
    """The size to take, and why: of those as accurate as the best after equal time, the one with the shortest epoch."""
    known = {
        size: found.accuracy_equal_time
        for size, found in sizes.items()
        if found.accuracy_equal_time and not found.diverged
    }
    seconds = {size: time.mean for size in known if (time := sizes[size].epoch_seconds)}
    if not known:
        return None, "No size can be recommended: none came to the equal time unharmed. Lower the learning rate."
    best = max(known, key=lambda size: known[size].mean)
    error = known[best].error
    good = [size for size, found in known.items() if found.mean + max(error, found.error) >= known[best].mean]
    chosen = min(good, key=lambda size: (seconds.get(size, math.inf), size))
    others = ", ".join(str(size) for size in good if size != chosen)
    reason = f"Recommended size: {chosen}. After equal time it reaches {known[chosen].mean:.2%}"
    if known[chosen].count == 1:
        reason += ", and of those as good its epoch is the shortest; one seed tells no spread, so take more to be sure."
    elif others:
        reason += f", within a standard error of the best as do {others}, and of these its epoch is the shortest."
    else:
        reason += ", more than any other by above a standard error."
    return chosen, reason


def findings_of(rows: Sequence[BatchTrial]) -> SizeFindings:
    """Sum the trials of one size up."""
    first = rows[0]
    return SizeFindings(
        whole=first.whole,
        updates_per_epoch=first.updates_per_epoch,
        diverged=sum(row.diverged for row in rows),
        **{name: summarize_known([getattr(row, name) for row in rows]) for name in SUMMARIES},
    )


def cells(size: int, found: SizeFindings) -> list[str]:
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


def point(found: Summary | None) -> Point | None:
    """Mean, least and greatest, for a point with error bars; None where there is nothing."""
    return (found.mean, found.least, found.greatest) if found else None
