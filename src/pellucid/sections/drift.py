"""What is said where a share cannot be promised, or images are unlike those trained on as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from pellucid.arrays import Int64
from pellucid.judge.conformal import least_held_out
from pellucid.judge.drift import Drift
from pellucid.language import tell
from pellucid.text import shortened
from pellucid.words import percent, some

MOST_NAMED = 5  # classes


def shortfall(keep: float, promised: float, held_out: int) -> tuple[str, ...]:
    """What is said where there are too few held-out images to keep a share; nothing where they suffice.

    Args:
        keep: The share that was asked for.
        promised: The share that they promise.
        held_out: How many there are.
    """
    if promised >= keep:
        return ()
    told = tell(
        "The run's {count} held-out images are too few to keep {keep} of images like them: they promise {promised}.",
        keep=percent(keep),
        count=f"{held_out:,}",
        promised=percent(promised),
    )
    return (told,)


def wide_sets(labels: Int64[ndarray, " count"], names: Sequence[str], coverage: float) -> tuple[str, ...]:
    """What is said where classes stand in every set, since too few of their images were held out; else nothing.

    Args:
        labels: Class of each held-out image.
        names: Of the classes.
        coverage: Share of each class's images whose set is to hold that class.
    """
    counts, least = np.bincount(labels, minlength=len(names)), least_held_out(coverage)
    if not (few := [name for name, count in zip(names, counts.tolist(), strict=True) if count < least]):
        return ()
    told = tell(
        "In every set: {classes}. For {coverage} at least {least} held-out images of a class are needed; the fewest"
        " have {fewest}.",
        classes=some([shortened(name) for name in few], MOST_NAMED),
        coverage=percent(coverage),
        least=f"{least:,}",
        fewest=int(counts.min()),
    )
    return (told,)


def drift_remarks(drift: Drift | None) -> tuple[str, ...]:
    """What is said where many images are unlike those trained on; nothing where they are not, or are few."""
    if drift is None or not drift.shifted:
        return ()
    chance = f"p = {drift.p_value:.1g}" if drift.p_value >= 1e-12 else "p < 1e-12"
    told = tell(
        "These {count} images are unlike those trained on: answers may be wrong. In {farther} of all pairs one of them "
        "is stranger to the run than a held-out image, where 50% would be usual ({chance}).",
        count=f"{drift.count:,}",
        farther=percent(drift.farther, 0),
        chance=chance,
    )
    return (told,)
