"""What the run's "I don't know" needs, so that the page says it of a drawing as the run would."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.explore.packed import packed, packed_int8
from pellucid.judge.gaussians import Gaussians
from pellucid.predict.features import MOST_FEATURES
from pellucid.trained.run import Run


def doubt_of(run: Run) -> dict[str, Any] | None:
    """Limits of doubt, and where the features of each class lie; None where the run always answers.

    Raises:
        RunError: What the run knows of its doubt is missing or damaged.
    """
    limits, doubts = run.predictor.limits(), run.predictor.doubts
    if limits is None or doubts is None:
        return None
    foreign = None
    if doubts.classes is not None and limits.foreign is not None:
        foreign = {"limit": limits.foreign, **_classes(doubts.classes)}
    return {"keep": limits.keep, "doubtful_limit": limits.doubtful, "foreign": foreign}


def _classes(classes: Gaussians) -> dict[str, Any]:
    width = len(classes.centre)
    return {
        "signs": _signs() if width == MOST_FEATURES else None,
        "centre": packed(classes.centre),
        "deviation": packed(classes.deviation),
        "whitening": packed(classes.whitening[np.triu_indices(width)]),
        "means": packed(classes.means),
        "factors": None if classes.factors is None else packed_int8(classes.factors),
    }


def _signs() -> dict[str, str]:
    """The generator that `predict.features` takes random sums by, where there are more features than it keeps."""
    state = np.random.PCG64(0).state["state"]
    return {"state": str(state["state"]), "increment": str(state["inc"])}
