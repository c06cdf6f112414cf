"""`pellucid study learning-rate`."""

from __future__ import annotations

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.study_answer import FirstSeed, Out, answer, subject_of
from pellucid.cli.study_setting import setting
from pellucid.cli.training import BatchSize, DataArgument, ModelText, OptimizerName, RecipeName, training_settings
from pellucid.study.settings import LearningRateSettings


@reads_data()
def learning_rate_study(
    data: DataArgument = "mnist",
    recipe: RecipeName = None,
    model: ModelText = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = None,
    seeds: int = setting(LearningRateSettings, "seeds"),
    seed: FirstSeed = None,
    low: float = setting(LearningRateSettings, "low"),
    high: float = setting(LearningRateSettings, "high"),
    updates: int = setting(LearningRateSettings, "updates"),
    *,
    reading: Reading,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Which learning rate to take: a range test from a fresh network, and what it suggests.

    \b
    Examples:
      pellucid study learning-rate
      pellucid study learning-rate --recipe tutorial --optimizer sgd
    """
    settings = training_settings(batch_size=batch_size, optimizer=optimizer, seed=seed)
    asked = {"seeds": seeds, "low": low, "high": high, "updates": updates, "device": device, "precision": precision}
    splits = load(data, reading)
    answer("learning-rate", splits, asked | {"subject": subject_of(splits, model, recipe, settings)}, out, as_json)
