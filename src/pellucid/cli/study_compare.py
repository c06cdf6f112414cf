"""`pellucid study compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data, require_idle
from pellucid.cli.study_answer import Out, answer, subject_of
from pellucid.cli.study_setting import setting
from pellucid.cli.training import BatchSize, Epochs, training_settings
from pellucid.study.settings import CompareSettings, text_of

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits

SPLIT = CompareSettings.model_fields["split"].default


@reads_data()
def compare_study(
    contenders: Annotated[
        list[str], typer.Argument(metavar="A B...", help="Recipes and models, or else runs; two or more.")
    ],
    data: Annotated[str | None, typer.Option(help="A data set's name, or your own images.  [default: mnist]")] = None,
    seeds: int = setting(CompareSettings, "seeds"),
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    split: Annotated[
        str | None,
        typer.Option(help=f"{text_of(CompareSettings, 'split')}  [default: {SPLIT}; of runs, test]"),
    ] = None,
    time: bool = setting(CompareSettings, "time", "--time"),
    *,
    reading: Reading,
    processes: int = setting(CompareSettings, "processes"),
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Whether one network is better than another, on the same images from the same seeds, in pairs.

    \b
    Examples:
      pellucid study compare fast tiny --seeds 5 --time
      pellucid study compare fast "conv 16 5x5 relu, maxpool 2x2, flatten, dense 10 softmax"
      pellucid study compare fast runs/study-search-mnist-20261124T120000Z/best.json
      pellucid study compare runs/first runs/second
    """
    if len(contenders) < 2:
        raise typer.BadParameter("give two contenders or more")
    from pellucid.study.compare import as_run

    runs = [as_run(name) for name in contenders]
    first = next((run for run in runs if run), None)
    if first and data is None:
        require_idle(reading, "runs are compared on their own data, as they read them")
        splits = first.own_data()  # in the shape in which the run has read them
    else:
        splits = load(data or "mnist", reading)
    settings = training_settings(epochs=epochs, batch_size=batch_size)
    asked = {
        "contenders": tuple(
            _contender(splits, name, run, settings) for name, run in zip(contenders, runs, strict=True)
        ),
        "runs": tuple(str(run.path) for run in runs if run),
        "seeds": seeds,
        "split": split or ("test" if any(runs) else SPLIT),
        "time": time,
        "processes": processes,
        "device": device,
        "precision": precision,
    }
    answer("compare", splits, asked, out, as_json)


def _contender(splits: DataSplits, name: str, run: Any, settings: dict[str, Any]) -> Any:
    from pellucid.spec.recipes import names_recipe

    if run:
        return run.recipe.replace(name=name)
    model, recipe = (None, name) if names_recipe(name) else (name, None)
    return subject_of(splits, model, recipe, settings).replace(name=name)
