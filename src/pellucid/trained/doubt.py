"""What a network learns of its own doubt, once it is trained: from training images, and from held-out ones."""

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Float32, Int64
from numpy import ndarray

from pellucid.data.dataset import DataSplits
from pellucid.judge.gaussians import Gaussians
from pellucid.judge.refusal import DOUBTFUL, FOREIGN, KEEP, Doubts
from pellucid.predict.predictor import Predictor
from pellucid.run.record import DoubtRecord
from pellucid.spec.seeds import derive_seed
from pellucid.trained.splits import Split, held_out

MOST_FITTED = 5_000  # training images, as many of each class as there are
MOST_HELD_OUT = 10_000
AT_ONCE = 1_000  # images in memory


def learn_doubts(predictor: Predictor, data: DataSplits) -> None:
    """Let a predictor learn when to say "I don't know"; nothing where no images were held out in its training.

    No other images than its own take part in it. At most 5,000 of those that it was trained on tell where the classes
    lie; at most 10,000 of those that were held out tell how much doubt is usual.

    Args:
        predictor: The network, as it answers; its record is given what was learned.
        data: The data that it was trained on.
    """
    spec = predictor.record.train
    if spec.validation_split is None:
        return
    splits = held_out(data, spec.validation_split, spec.seed)
    train, validation = splits["train"], splits["validation"]
    rows = balanced(train.labels, MOST_FITTED)
    _, features = _asked(predictor, train, rows)
    classes = Gaussians.of(features, train.labels[rows]) if features.size else None
    drawn = np.random.default_rng(derive_seed(0, "held out for doubt")).permutation(len(validation))[:MOST_HELD_OUT]
    chosen = np.sort(drawn)
    said, features = _asked(predictor, validation, chosen)
    doubts = Doubts.of(classes, features, said, validation.labels[chosen])
    predictor.learn_doubts(doubts, recorded(doubts, len(rows)))


def balanced(labels: Int64[ndarray, " count"], most: int) -> Int64[ndarray, " rows"]:
    """Rows of at most so many images, as many of each class as there are up to the same number; rising."""
    random = np.random.default_rng(derive_seed(0, "sample for doubt"))
    present = np.unique(labels)
    share = max(1, most // len(present))
    each = [random.permutation(np.flatnonzero(labels == label))[:share] for label in present]
    return np.sort(np.concatenate(each))


def recorded(doubts: Doubts, fitted: int) -> DoubtRecord:
    """What run.json says of it.

    Args:
        doubts: What was learned.
        fitted: How many training images tell where the classes lie.
    """
    limits, classes = doubts.limits(KEEP), doubts.classes
    kinds = doubts.held_out.kinds(limits)
    return DoubtRecord(
        keep=KEEP,
        foreign=FOREIGN if classes else None,
        foreign_limit=limits.foreign,
        doubtful=DOUBTFUL,
        doubtful_limit=limits.doubtful,
        refused={kind: kinds.count(kind) for kind in ("foreign", "doubtful")},
        fitted=fitted,
        held_out=len(doubts.labels),
        features=len(classes.centre) if classes else 0,
        sha256=hashlib.sha256(doubts.to_bytes()).hexdigest(),
    )


def _asked(
    predictor: Predictor, split: Split, rows: Int64[ndarray, " rows"]
) -> tuple[Float32[ndarray, "rows classes"], Float32[ndarray, "rows features"]]:
    """Probabilities and features of some images of a split."""
    images = split.dataset.images
    parts = [
        predictor.with_features(images[split.rows[some]])
        for some in np.array_split(rows, max(1, -(-len(rows) // AT_ONCE)))
    ]
    said, features = zip(*parts, strict=True)
    return np.concatenate(said), np.concatenate(features)
