"""`pellucid study batch-size`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.reading import Reading, load, reads_data
from pellucid.cli.study_answer import Out, answer, subject_of
from pellucid.cli.study_setting import setting
from pellucid.cli.training import DataArgument, LearningRate, ModelText, OptimizerName, training_settings
from pellucid.study.settings import BatchSizeSettings, text_of

SIZES = BatchSizeSettings.model_fields["sizes"].default


@reads_data()
def batch_size_study(
    data: DataArgument = "mnist",
    sizes: Annotated[
        str | None,
        typer.Option(
            help=f"{text_of(BatchSizeSettings, 'sizes')} Commas between."
            f"  [default: {','.join(map(str, SIZES))}, as far as there are images]"
        ),
    ] = None,
    seeds: int = setting(BatchSizeSettings, "seeds"),
    recipe: Annotated[
        str | None, typer.Option(help="The recipe: fast, accurate, tiny or tutorial.  [default: tutorial]")
    ] = None,
    model: ModelText = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    scaling: str = setting(BatchSizeSettings, "scaling"),
    images: int = setting(BatchSizeSettings, "images"),
    epochs: int = setting(BatchSizeSettings, "epochs"),
    updates: int = setting(BatchSizeSettings, "updates"),
    seconds: float = setting(BatchSizeSettings, "seconds"),
    minutes: float = setting(BatchSizeSettings, "minutes"),
    full: bool = setting(BatchSizeSettings, "full", "--full"),
    *,
    reading: Reading,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """How batch size changes the speed and the stability of training: the tutorial's experiment, with error bars.

    \b
    Examples:
      pellucid study batch-size
      pellucid study batch-size photos/ --recipe fast --sizes 16,64,256 --seeds 5
    """
    settings = training_settings(learning_rate=learning_rate, optimizer=optimizer)
    wanted = _numbers(sizes) if sizes is not None else ()
    splits = load(data, reading)
    asked = {
        "sizes": wanted or tuple(size for size in SIZES if size <= len(splits.train) / 2),
        "seeds": seeds,
        "images": images,
        "epochs": epochs,
        "updates": updates,
        "seconds": seconds,
        "scaling": scaling,
        "minutes": minutes,
        "full": full,
        "device": device,
        "precision": precision,
    }
    name = recipe or (None if model else "tutorial")
    answer("batch-size", splits, asked | {"subject": subject_of(splits, model, name, settings)}, out, as_json)


def _numbers(text: str) -> tuple[int, ...]:
    from pellucid.errors import Fault, SettingError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise SettingError([Fault("--sizes must be numbers above 0 with commas between", repr(text))])
    return tuple(int(part) for part in parts)
