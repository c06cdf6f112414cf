"""`pellucid study seeds`."""

from __future__ import annotations

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.study_answer import FirstSeed, Out, answer, subject_of
from pellucid.cli.study_setting import setting
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
from pellucid.study.settings import SeedSettings


@reads_data()
def seeds_study(
    data: DataArgument = "mnist",
    n: int = setting(SeedSettings, "n", "--n"),
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    augment: Augmentation = None,
    seed: FirstSeed = None,
    *,
    reading: Reading,
    processes: int = setting(SeedSettings, "processes"),
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """How much accuracy and time vary from seed to seed.

    \b
    Examples:
      pellucid study seeds --n 20
      pellucid study seeds photos/ --recipe tiny --n 5
    """
    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        augmentation=augment,
        seed=seed,
    )
    asked = {"n": n, "processes": processes, "device": device, "precision": precision}
    splits = load(data, reading)
    answer("seeds", splits, asked | {"subject": subject_of(splits, model, recipe, settings)}, out, as_json)
