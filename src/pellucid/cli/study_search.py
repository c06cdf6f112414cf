"""`pellucid study search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.study_answer import Out, answer, subject_of
from pellucid.cli.study_setting import setting
from pellucid.cli.training import DataArgument, Epochs, ModelText, RecipeName, Seed, training_settings
from pellucid.study.settings import SearchSettings


@reads_data()
def search_study(
    data: DataArgument = "mnist",
    trials: int = setting(SearchSettings, "trials"),
    space: Annotated[
        Path | None, typer.Option(help="A .json file that says what is varied; the study's folder keeps a copy.")
    ] = None,
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    seed: Seed = None,
    *,
    reading: Reading,
    processes: int = setting(SearchSettings, "processes"),
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Search for the settings and the network that do best on the validation split.

    Bad choices are ended early. The best is written as best.json, which train --recipe takes.

    \b
    Examples:
      pellucid study search --trials 30 --epochs 2
      pellucid study search photos/ --space space.json --processes 2
      pellucid train --recipe runs/study-search-mnist-20261124T120000Z/best.json
    """
    from pellucid.study.space import DEFAULT, read_space

    settings = training_settings(epochs=epochs, seed=seed)
    asked = {"trials": trials, "space": read_space(space) if space else DEFAULT, "processes": processes}
    asked |= {"device": device, "precision": precision}
    splits = load(data, reading)
    answer("search", splits, asked | {"subject": subject_of(splits, model, recipe, settings)}, out, as_json)
