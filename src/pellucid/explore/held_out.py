"""Held-out images of a run, and what it answers for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.data.spread import evenly_spread
from pellucid.errors import RunError
from pellucid.trained.data import require_test_unchanged
from pellucid.trained.neighbours import last_features
from pellucid.trained.other import in_classes_of
from pellucid.trained.run import Run

MOST_IMAGES = 10_000
MOST_VALUES = 1 << 25  # of features in memory
AT_ONCE = 250  # images


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out images, with what a run answers for them.

    Attributes:
        run: The run.
        split: The split that they are of.
        dataset: All images of the split.
        rows: Those that were asked about, rising; at most 10,000, evenly spread.
        probabilities: Of each class, for each of them.
        features: What the layers make of each of them, as the run's doubt takes it.
    """

    run: Run
    split: str
    dataset: ImageDataset
    rows: Int64[ndarray, " rows"]
    probabilities: Float32[ndarray, "rows classes"]
    features: Float32[ndarray, "rows features"]

    @classmethod
    def asked(cls, run: Run) -> HeldOut:
        """The test split of a run's data, or the validation split where they have no test split.

        Raises:
            DataError: There is neither, or the data are not here any more, or have changed.
            RunError: The answers are not finite.
        """
        data = run.own_data()
        split = "test" if data.has_test else "validation"
        dataset = run.split_of(data, split)
        if split == "test":
            require_test_unchanged(run.record, data.name, dataset)
        rows = evenly_spread(len(dataset), MOST_IMAGES)
        said, features = run.predictor.with_features(dataset.images[rows])
        if not np.isfinite(said).all():
            raise RunError("The network's answers must be finite, and are not: its weights are damaged. Train it anew.")
        return cls(run, split, in_classes_of(run.record, dataset), rows, said, features)

    @property
    def labels(self) -> Int64[ndarray, " rows"]:
        """Class of each image."""
        return self.dataset.labels[self.rows]

    @property
    def predicted(self) -> Int64[ndarray, " rows"]:
        """Class that each image is answered with."""
        return self.probabilities.argmax(axis=1).astype(np.int64)

    @property
    def losses(self) -> Float64[ndarray, " rows"]:
        """Cross-entropy of each answer, in nats."""
        own = self.probabilities[np.arange(len(self.rows)), self.labels].astype(np.float64)
        return -np.log(np.maximum(own, np.finfo(np.float64).tiny))

    def before_last(self) -> tuple[Int64[ndarray, " some"], Float32[ndarray, "some features"]]:
        """What goes into the last layer, and for which of the images: all, but for as many as would take 128 MiB."""
        width = last_features(self.run.predictor, self.dataset.images[self.rows[:1]]).shape[1]
        places = evenly_spread(len(self.rows), max(1, MOST_VALUES // max(1, width)))
        parts = np.array_split(self.rows[places], max(1, -(-len(places) // AT_ONCE)))
        found = [last_features(self.run.predictor, self.dataset.images[part]).cpu().numpy() for part in parts]
        return places, np.concatenate(found)
