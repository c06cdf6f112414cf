"""Asking a trained network about labelled images, so that its answers can be judged."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy

from pellucid.data.dataset import ImageDataset
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.predict.predictor import Predictor
from pellucid.trained.data import require_shape
from pellucid.trained.other import in_classes_of


def evaluate(predictor: Predictor, dataset: ImageDataset, *, data: str, split: str = "test") -> Evaluation:
    """Judge a network on a split.

    Args:
        predictor: The network.
        dataset: The images, of the shape that it was trained for, and of classes that it knows by name.
        data: Name of the data set.
        split: Name of the split.

    Raises:
        DataError: The images have another shape, or one is of a class that the network does not know.
        RunError: The network's answers are not finite.
    """
    require_shape(predictor.record, dataset)
    dataset = in_classes_of(predictor.record, dataset)
    losses, predicted, confidence = [], [], []
    for logits, labels in predictor.answers(dataset):
        losses.append(cross_entropy(logits, labels, reduction="none").cpu().double())
        best = predictor.softmax(logits).max(dim=1)
        confidence.append(best.values.cpu())
        predicted.append(best.indices.cpu())
    answers = Answers(*(torch.cat(parts).numpy() for parts in (predicted, confidence, losses)))
    return evaluation_of(dataset, answers, data=data, split=split, precision=predictor.precision)
