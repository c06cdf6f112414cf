"""A trained network asked about images under graded corruptions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from pellucid.bars import make_bar, stderr
from pellucid.data.dataset import ImageDataset
from pellucid.data.stratified import stratified_sample
from pellucid.errors import Fault, RunError, SettingError
from pellucid.judge.corruptions import Images
from pellucid.judge.robustness import Robustness, robustness_of, steps, usual_count
from pellucid.predict.predictor import Predictor
from pellucid.trained.data import require_shape
from pellucid.trained.other import in_classes_of


def robustness(
    predictor: Predictor,
    dataset: ImageDataset,
    *,
    data: str,
    split: str = "test",
    images: int | None = None,
    seed: int = 0,
    inverted: bool = False,
    progress: bool = False,
) -> Robustness:
    """Judge a network on a sample of a split, as it is and under each corruption.

    Args:
        predictor: The network.
        dataset: The images, of the shape that it was trained for, and of classes that it knows by name.
        data: Name of the data set.
        split: Name of the split.
        images: How many images to judge, the same share of each class; 2,000 unless given, fewer of large images.
        seed: Which images are taken, and what is drawn for each, follows from it.
        inverted: Whether dark and bright were exchanged in the images.
        progress: Show a bar on stderr, where that is a terminal.

    Raises:
        DataError: The images have another shape, or one is of a class that the network does not know.
        RunError: The network's answers are not finite.
        SettingError: No image is asked for.
    """
    if images is not None and images < 1:
        raise SettingError([Fault("images must be at least 1", str(images), "2,000 tell a fall of two points.")])
    require_shape(predictor.record, dataset)
    known = in_classes_of(predictor.record, dataset)
    sample = known.subset(stratified_sample(known.labels, images or usual_count(known), seed))
    about = {"data": data, "split": split, "fingerprint": dataset.fingerprint, "precision": predictor.precision}
    with make_bar(stderr(), "{task.completed}/{task.total}", shown=progress) as bar:
        task = bar.add_task("robustness", total=steps())
        return robustness_of(
            sample,
            lambda asked: _answer(predictor, asked),
            predictor.record.train.augmentation,
            seed=seed,
            on_step=lambda name: bar.update(task, advance=1, description=f"robustness: {name}"),
            available=len(dataset),
            inverted=inverted,
            **about,
        )


def _answer(predictor: Predictor, images: Images) -> Int64[ndarray, " count"]:
    probabilities = predictor.probabilities(images)
    if not np.isfinite(probabilities).all():
        raise RunError("The network's answers must be finite; received some that are not. Train it anew.")
    return probabilities.argmax(axis=1)
