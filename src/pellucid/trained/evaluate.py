"""Asking a trained network about labelled images, so that its answers can be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from pellucid.data.dataset import ImageDataset
from pellucid.judge.calibration import Sureness
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.judge.unknown import unknown_of
from pellucid.predict.features import tapped
from pellucid.predict.predictor import Predictor
from pellucid.trained.data import require_shape
from pellucid.trained.other import in_classes_of


def evaluate(
    predictor: Predictor,
    dataset: ImageDataset,
    *,
    data: str,
    split: str = "test",
    columns: Mapping[str, Sequence[str]] | None = None,
    unknown: bool = True,
    keep: float | None = None,
) -> Evaluation:
    """Judge a network on a split.

    Args:
        predictor: The network.
        dataset: The images, of the shape that it was trained for, and of classes that it knows by name.
        data: Name of the data set.
        split: Name of the split.
        columns: The text of each image in columns of a table, by their name, to slice by.
        unknown: Whether the run may say "I don't know".
        keep: Share of images like those trained on that is to be answered; 0.99 unless given.

    Raises:
        DataError: The images have another shape, or one is of a class that the network does not know.
        SettingError: The share to keep is out of range.
        RunError: The network's answers are not finite; or what the run knows of its doubt is missing or damaged.
    """
    require_shape(predictor.record, dataset)
    dataset = in_classes_of(predictor.record, dataset)
    calibration, limits, predicted = predictor.record.calibration, predictor.limits(keep) if unknown else None, []
    before, after, ranks, features = [], [], [], []
    with tapped(predictor.model) if limits else nullcontext() as tap:
        for logits, labels in predictor.answers(dataset):
            predicted.append(predictor.softmax(logits).argmax(dim=1).cpu().numpy())
            ranks.append((logits > logits.gather(1, labels[:, None])).sum(dim=1).cpu().numpy())
            before.append(_sureness(logits, labels))
            after += [_sureness(logits / calibration.temperature, labels)] if calibration else []
            features += [tap.take(len(logits))] if tap else []
    plain, calibrated = _joined(before), _joined(after) if after else None
    confidence, joined = (calibrated or plain).confidence, np.concatenate(predicted)
    answers = Answers(joined, confidence, plain.losses, before=plain, after=calibrated, ranks=np.concatenate(ranks))
    about = {"data": data, "split": split, "precision": predictor.precision}
    evaluation = evaluation_of(dataset, answers, **about, calibration=calibration, columns=columns)
    if limits is None or predictor.doubts is None:
        return evaluation
    scores = predictor.doubts.scores(np.concatenate(features), 1 - confidence)
    said = unknown_of(predictor.doubts, limits, scores, joined, joined == dataset.labels)
    return evaluation.model_copy(update={"unknown": said})


def _sureness(logits: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]) -> Sureness:
    probabilities = logits.softmax(dim=1)
    exact = probabilities.double()
    brier = exact.square().sum(dim=1) - 2 * exact.gather(1, labels[:, None])[:, 0] + 1
    losses = cross_entropy(logits, labels, reduction="none")
    confidence = probabilities.max(dim=1).values
    return Sureness(confidence.cpu().numpy(), brier.cpu().numpy(), losses.double().cpu().numpy())


def _joined(parts: Sequence[Sureness]) -> Sureness:
    """The sureness of a whole split, from that of its batches."""
    columns = ("confidence", "brier", "losses")
    return Sureness(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))
