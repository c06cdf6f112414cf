"""Options that say what to train and how, shared by those commands that train."""

from __future__ import annotations

from typing import Annotated, Any

import typer

DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help="A data set's name, a folder, a table, an .npz file or an archive.")
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="Gives what is not set here: fast, accurate, tiny, tutorial or a .json file.  [default: fast]",
    ),
]
ModelText = Annotated[
    str | None, typer.Option("--model", help="The network: shorthand, a .json file, or package.module:factory.")
]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training images.")]
BatchSize = Annotated[int | None, typer.Option(help="How many images a mini-batch has.")]
LearningRate = Annotated[float | None, typer.Option(help="The highest learning rate.")]
OptimizerName = Annotated[str | None, typer.Option("--optimizer", help="The optimizer: adam, adamw or sgd.")]
ScheduleName = Annotated[
    str | None, typer.Option("--schedule", help="How the learning rate goes on: constant, cosine or one_cycle.")
]
LabelSmoothing = Annotated[float | None, typer.Option(help="Share of the target spread over all classes.")]
ClassWeights = Annotated[
    str | None,
    typer.Option(
        metavar="balanced|NAME=W,...",
        help="Let images of some classes count more in the training loss: balanced, or weights by name.",
    ),
]
StartFrom = Annotated[
    str | None,
    typer.Option(
        metavar="RUN", help="Begin from the weights of a trained run, layer by layer where name and shape fit."
    ),
]
Freeze = Annotated[
    str | None,
    typer.Option(
        metavar="LAYERS", help="Keep the weights that these layers take from --start-from: names, or conv2d_*."
    ),
]
Augmentation = Annotated[
    str | None, typer.Option("--augment", help="Vary the training images: shift=0.1,rotation=10,scale=0.1,noise=0.05 …")
]
ValidationSplit = Annotated[
    float | None, typer.Option(help="Share of the training images that is held out.  [default: 0.1]")
]
NoValidation = Annotated[bool, typer.Option("--no-validation", help="Hold out no validation split.")]
Patience = Annotated[
    int | None,
    typer.Option(help="End when the validation loss has not become less for so many epochs.  [default: never]"),
]
Seed = Annotated[int | None, typer.Option(help="All randomness follows from it.  [default: 0]")]


def training_settings(*, no_validation: bool = False, **options: Any) -> dict[str, Any]:
    """Settings of `TrainSpec` from those options that were given.

    Raises:
        typer.BadParameter: Two options contradict each other.
    """
    if no_validation and options.get("validation_split") is not None:
        raise typer.BadParameter("give either --validation-split or --no-validation")
    given = {name: value for name, value in options.items() if value is not None}
    return given | ({"validation_split": None} if no_validation else {})
