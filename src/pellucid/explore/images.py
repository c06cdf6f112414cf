"""Images that are in the page: those that are answered wrongly first, then some of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from pellucid.data.spread import evenly_spread
from pellucid.explore.held_out import HeldOut
from pellucid.explore.sprite import sprite

MOST_IMAGES, LEAST_IMAGES = 400, 16
MOST_VALUES = 1_200_000  # of pixels, together


def chosen(held: HeldOut) -> Int64[ndarray, " images"]:
    """Which of the images asked about are in the page: mistakes, the greatest loss first, then some of each class.

    The latter are answered right and evenly spread, and at least half of all where there are as many.
    """
    height, width, channels = held.dataset.input_shape
    most = min(MOST_IMAGES, max(LEAST_IMAGES, MOST_VALUES // (height * width * channels)))
    wrong = np.flatnonzero(held.predicted != held.labels)
    right = np.flatnonzero(held.predicted == held.labels)
    mistakes = wrong[np.argsort(-held.losses[wrong], kind="stable")][: most - min(len(right), most // 2)]
    return np.concatenate([mistakes, _of_each_class(right, held.labels, most - len(mistakes))])


def images_of(held: HeldOut, places: Int64[ndarray, " images"]) -> dict[str, Any]:
    """The images themselves, and what the run answers for them.

    Args:
        held: The held-out images.
        places: Which of them.
    """
    sources, location = held.dataset.sources, held.run.record.data.location or ""
    rows = zip(
        held.rows[places].tolist(), held.labels[places].tolist(), held.predicted[places].tolist(), places, strict=True
    )
    return {
        "split": held.split,
        "sprite": sprite(held.dataset.images[held.rows[places]]),
        "answers": [
            {
                "index": row,
                "source": sources[row].removeprefix(location).lstrip("/\\, ") if sources else None,
                "label": label,
                "predicted": answer,
                "probability": round(float(held.probabilities[place, answer]), 7),
            }
            for row, label, answer, place in rows
        ],
    }


def _of_each_class(
    right: Int64[ndarray, " right"], labels: Int64[ndarray, " rows"], most: int
) -> Int64[ndarray, " some"]:
    """At most so many, class by class in turn, so that each class has as many as another as long as it has any."""
    own = [right[labels[right] == label] for label in np.unique(labels[right])]
    share = -(-most // max(1, len(own)))
    spread = [rows[evenly_spread(len(rows), share)] for rows in own]
    turns = [(turn, number, row) for number, rows in enumerate(spread) for turn, row in enumerate(rows.tolist())]
    return np.array([row for *_, row in sorted(turns)[:most]], np.int64)
