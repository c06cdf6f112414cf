"""A network asked about the validation images of its training, so that its probabilities can be calibrated."""

from __future__ import annotations

import torch

from pellucid.data.dataset import DataSplits
from pellucid.data.spread import evenly_spread
from pellucid.judge.calibration import fit_temperature
from pellucid.predict.predictor import Predictor
from pellucid.run.record import Calibration
from pellucid.trained.splits import held_out

MOST_IMAGES, AT_ONCE = 10_000, 1_000


def calibration_of(predictor: Predictor, data: DataSplits) -> Calibration | None:
    """Fit the temperature of a run's answers on its own validation images.

    Args:
        predictor: The network.
        data: The data that it was trained on. Of more than 10,000 validation images, so many are taken evenly spread.

    Returns:
        The temperature with the log loss before and after; None where the training held no images out, or where the
        answers are not finite.
    """
    spec = predictor.record.train
    if spec.validation_split is None:
        return None
    split = held_out(data, spec.validation_split, spec.seed)["validation"]
    rows = split.rows[evenly_spread(len(split), MOST_IMAGES)]
    logits = []
    for start in range(0, len(rows), AT_ONCE):  # some at a time, as taking them copies them
        logits += [
            answers.cpu() for answers, _ in predictor.answers(split.dataset.subset(rows[start : start + AT_ONCE]))
        ]
    return fit_temperature(torch.cat(logits).numpy(), split.dataset.labels[rows])
