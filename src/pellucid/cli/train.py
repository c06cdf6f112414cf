"""`pellucid train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.interrupts import INTERRUPTED, uninterrupted
from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.output import print_json, print_path, say
from pellucid.cli.reading import Reading, load, reads_data, tell_classes
from pellucid.cli.show import tell
from pellucid.cli.training import (
    Augmentation,
    BatchSize,
    ClassWeights,
    DataArgument,
    Epochs,
    Freeze,
    LabelSmoothing,
    LearningRate,
    ModelText,
    NoValidation,
    OptimizerName,
    Patience,
    RecipeName,
    ScheduleName,
    Seed,
    StartFrom,
    ValidationSplit,
    training_settings,
)
from pellucid.errors import PellucidError
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.judge.advice.facts import Advice
    from pellucid.trained.run import Run

KEPT_SHOWN = 20


@reads_data()
def train(
    context: typer.Context,
    data: DataArgument = "mnist",
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    schedule: ScheduleName = None,
    label_smoothing: LabelSmoothing = None,
    class_weights: ClassWeights = None,
    augment: Augmentation = None,
    validation_split: ValidationSplit = None,
    no_validation: NoValidation = False,
    patience: Patience = None,
    start_from: StartFrom = None,
    freeze: Freeze = None,
    seed: Seed = None,
    vote: Annotated[
        int | None, typer.Option(help="Train so many networks; the average of their probabilities answers.")
    ] = None,
    test_time_augment: Annotated[
        str | None,
        typer.Option(help="Average the answers over variants of an image: shift=0.04,rotation=6,scale=0.05 …"),
    ] = None,
    *,
    reading: Reading,
    device: Device = "auto",
    precision: Precision = "auto",
    gpu_memory_mib: Annotated[int | None, typer.Option(help="The most to take of a GPU's memory, in MiB.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder.  [default: runs/<data>-<recipe>-<UTC time>]")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an older run in that place; your own files there stay.")
    ] = False,
    svg: Annotated[bool, typer.Option("--svg", help="Draw curves.svg as well as curves.png.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.html.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a training that was interrupted or killed, to the same bits; or train a run that is done "
            "further, to more --epochs.",
        ),
    ] = None,
    inexact: Annotated[
        bool, typer.Option("--inexact", help="With --resume: go on even where this machine would give other bits.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a network, judge it once on the test split, and write a run folder.

    Ctrl-C ends the training early and keeps what was trained; --resume goes on with it, also after a power cut.

    \b
    Examples:
      pellucid train
      pellucid train mnist --recipe tutorial --seed 1 --out runs/first
      pellucid train photos/ --image-size 64x64 --augment shift=0.1,horizontal_flip
      pellucid train photos/ --class-weights balanced
      pellucid train letters/ --start-from runs/digits --freeze "conv2d_*"
      pellucid train --model "conv 16 3x3 relu, maxpool 2x2, flatten, dense 10 softmax" --epochs 3
      pellucid train --resume runs/first
      pellucid train --resume runs/first --epochs 10
    """
    from datetime import UTC, datetime

    if resume is not None:
        _require_alone(context)
        _go_on(resume, epochs, inexact, svg, not no_report, as_json)
        return
    if inexact:
        raise typer.BadParameter("--inexact belongs to --resume")
    with uninterrupted():
        from pellucid.run.folder import default_path
        from pellucid.sections.data_notes import parted_notes
        from pellucid.sections.shapes import blind_note
        from pellucid.train.choice import choose
        from pellucid.train.fit import fit as train_on

    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        label_smoothing=label_smoothing,
        class_weights=class_weights,
        augmentation=augment,
        validation_split=validation_split,
        no_validation=no_validation,
        patience=patience,
        start_from=start_from,
        freeze=freeze,
        seed=seed,
        vote=vote,
        test_time_augmentation=test_time_augment,
    )
    splits = load(data, reading)
    tell_classes(splits)
    chosen = choose(splits, model=model, recipe=recipe, **settings)
    for note in parted_notes(splits, chosen.train.validation_split, chosen.train.seed):
        say(note)
    if blind := blind_note(chosen.model):
        say(blind)
    run = train_on(
        splits,
        recipe=chosen,
        out=out or default_path(splits.name, chosen.name, datetime.now(UTC)),
        overwrite=overwrite,
        numbered=out is None,
        device=device,
        precision=precision,
        gpu_memory_mib=gpu_memory_mib,
        progress=True,
    )
    _tell_kept(run)
    _conclude(run, svg, not no_report, as_json)


def _is_given(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"


def _require_alone(context: typer.Context) -> None:
    """See that nothing else is set where a run says all by itself."""
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in {"resume", "epochs", "inexact", "svg", "no_report", "as_json"}
        and _is_given(context, option.name)
    ]
    if given:
        raise typer.BadParameter(f"--resume goes on as the training was begun; leave out {', '.join(given)}")


def _go_on(name: str, epochs: int | None, inexact: bool, svg: bool, report: bool, as_json: bool) -> None:
    """Take up a training that was put down, or train a finished run further."""
    with uninterrupted():
        from pellucid.run.folder import find_run
        from pellucid.train.further import require_further, told
        from pellucid.train.resume import resume

    if epochs is not None:
        folder = find_run(name)
        record = folder.read_record()
        require_further(record, folder, epochs)
        say(told(record, folder, epochs))
    _conclude(resume(name, epochs=epochs, inexact=inexact, progress=True), svg, report, as_json)


def _conclude(run: Run, svg: bool, report: bool, as_json: bool) -> None:
    """Judge a run, draw it, report on it, and tell what came out; the run folder last."""
    from pellucid.sections.advice import advice_section
    from pellucid.sections.training import training_section
    from pellucid.train.finish import finish

    out = run.path or Path()
    try:
        finish(run, out, svg=svg, on_judged=lambda judged: _tell(judged, out, as_json))
    except KeyboardInterrupt:
        say(f"interrupted; the training is done and kept; finish it with: pellucid evaluate {out}")
        raise typer.Exit(INTERRUPTED) from None
    if run.record.status == "interrupted":
        raise typer.Exit(INTERRUPTED)
    page = _report(run) if report else None
    if as_json:
        document = training_section(run.record, out).document | advice_section(_advice(run)).document
        print_json(document | {"report": page and str(page)})
        return
    if page:
        print_path(page)
    print_path(out)


def _report(run: Run) -> Path | None:
    """Write the quick report; a training that is done does not fail for want of it."""
    from pellucid.report.write import write_report

    try:
        return write_report(run, whole=False)
    except PellucidError as error:
        say(f"There is no report: {error}")
        return None


def _tell_kept(run: Run) -> None:
    """Name what the user has in a folder whose run was replaced."""
    kept = run.folder.kept if run.folder else ()
    if kept:
        more = f" and {len(kept) - KEPT_SHOWN} more" if len(kept) > KEPT_SHOWN else ""
        say(f"kept, since Pellucid did not write it: {', '.join(map(str, kept[:KEPT_SHOWN]))}{more}")


def _tell(run: Run, out: Path, as_json: bool) -> None:
    """Tell what came out, before the curves are drawn."""
    from pellucid.sections.advice import briefly
    from pellucid.sections.training import training_section

    if run.record.status == "interrupted":
        from pellucid.run.folder import GO_ON

        trained = counted(len(run.history.epochs), "epoch")
        say(f"interrupted after {trained}; what was trained is in {out}. {GO_ON.format(out)}")
        if run.folder and run.folder.replaced:
            say(f"the older run is kept in {run.folder.replaced}")
    elif not as_json:
        tell(training_section(run.record, out))
        for line in briefly(_advice(run)):
            say(line)


def _advice(run: Run) -> tuple[Advice, ...]:
    """What the run gives reason to do, but for leaks, which are told before the training."""
    from pellucid.judge.advice.rules import advise
    from pellucid.trained.facts import facts_of

    return advise(facts_of(run, with_leaks=False))
