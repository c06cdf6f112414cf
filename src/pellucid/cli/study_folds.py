"""`pellucid study folds`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.study_answer import Out, answer, subject_of
from pellucid.cli.study_setting import default_of, setting
from pellucid.cli.training import (
    Augmentation,
    BatchSize,
    DataArgument,
    Epochs,
    LearningRate,
    ModelText,
    OptimizerName,
    RecipeName,
    training_settings,
)
from pellucid.spec.train import TrainSpec
from pellucid.study.settings import FoldSettings


@reads_data()
def folds_study(
    data: DataArgument = "mnist",
    k: int = setting(FoldSettings, "k", "--k"),
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    augment: Augmentation = None,
    seed: Annotated[
        int | None, typer.Option(help=f"The folds and the trainings follow from it.{default_of(TrainSpec, 'seed')}")
    ] = None,
    *,
    reading: Reading,
    processes: int = setting(FoldSettings, "processes"),
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Cross-validate: k networks, each judged on the fold that it was trained without.

    The test split is not looked at. What each image was answered out of fold is kept in out-of-fold.npz.

    \b
    Examples:
      pellucid study folds --k 10
      pellucid study folds photos/ --k 5 --recipe accurate --processes 2
    """
    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        augmentation=augment,
        seed=seed,
    )
    asked = {"k": k, "processes": processes, "device": device, "precision": precision}
    splits = load(data, reading)
    answer("folds", splits, asked | {"subject": subject_of(splits, model, recipe, settings)}, out, as_json)
