"""`pellucid evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Keep, NoUnknown, Precision, RunArgument, asking
from pellucid.cli.output import print_json, print_path, print_text, say
from pellucid.cli.pictures import write_picture, write_section
from pellucid.cli.reading import AS_THE_RUN, SHAPE, SPLITS, Reading, reads_data, require_idle
from pellucid.cli.show import show, tell
from pellucid.errors import RunError
from pellucid.run.contents import PICTURES
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.judge.evaluation import Evaluation
    from pellucid.run.folder import RunFolder
    from pellucid.trained.run import Run

FITTED = "the run was not calibrated yet: from now on its probabilities are, at temperature {:.3f}, fitted on its {}"
LEARNED = "the run has learned from its {} when to say “I don't know”, and does so from now on"


@reads_data(without=SHAPE | SPLITS, default=AS_THE_RUN)
def evaluate(
    run: RunArgument = "latest",
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Other data to judge it on; the run's own unless given.")
    ] = None,
    split: Annotated[str, typer.Option(help="The split to judge it on: test, validation or train.")] = "test",
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    slice_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of the table that the images come from: judge the images of each of its values by"
            " themselves. May be given several times.",
        ),
    ] = None,
    keep: Keep = None,
    no_unknown: NoUnknown = False,
    robustness: Annotated[
        bool,
        typer.Option("--robustness", help="Judge it on corrupted images too; under a minute for recipe fast on MNIST."),
    ] = False,
    images: Annotated[
        int | None,
        typer.Option(min=1, help="Images that --robustness judges.  [default: 2,000, fewer of large images]"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="With --robustness: which images, and what is drawn for each.  [default: 0]"),
    ] = None,
    *,
    reading: Reading,
    device: Device = "auto",
    precision: Precision = "fp32",
    as_json: Json = False,
) -> None:
    """Judge a trained run: accuracy with intervals, each class, confusions, slices, calibration, the mistakes.

    What the run's own test split gives in fp32 is written to its folder as evaluation.json, with pictures of the
    confusions, the calibration, the doubt and the worst mistakes, beside the training images that the network sees as
    most alike; what stands out there, such as overfitting, is told with its evidence and a command that mends it.
    Images are sliced by class, size, brightness and how much is drawn, and by --slice-by. Other data are brought to the
    run's size and channels, and their classes found among the run's by name; what the run reaches on its own test split
    stands beside the answer, with how the images differ. The accuracy is of all images; how many of them the run
    answers with "I don't know", and how well it answers the others, stands below it.

    --robustness asks again with the images moved, turned, blurred, covered and changed otherwise, more and more; what
    the run's own test split gives is written to its folder as robustness.json.

    \b
    Examples:
      pellucid evaluate latest
      pellucid evaluate runs/first --split validation --json
      pellucid evaluate latest --robustness
      pellucid evaluate runs/digits scans/ --invert
      pellucid evaluate latest labels.csv --label-column kind --slice-by scanner
      pellucid evaluate latest --keep 0.95
    """
    how = asking(keep, no_unknown)
    if not data:
        require_idle(reading, "the run reads its own data as it did")
    if not robustness and (images, seed) != (None, None):
        raise typer.BadParameter("--images and --seed belong to --robustness")
    with uninterrupted():
        from pellucid.run.folder import find_run
        from pellucid.sections.data_notes import reading_notes
        from pellucid.sections.evaluation import evaluation_section
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device, precision=precision)
    splits = trained.read_data(data, progress=True, **reading)
    for note in reading_notes(splits) if data else ():
        say(note)
    evaluation = _judge(trained, splits, split=split, invert=invert, slice_by=slice_by or (), **how)
    judged = evaluation_section(evaluation, trained.path)
    document = dict(judged.document)
    if not as_json:
        tell(judged)
    if evaluation is trained.evaluation:  # of the run's own test split, as evaluation.json has it
        document |= _pictures(evaluation, trained, folder, splits, as_json)
    if robustness:
        settings = {"split": split, "invert": invert, "images": images, "seed": seed or 0}
        document["robustness"] = _robustness(trained, folder, splits, as_json, settings)
    if evaluation is trained.evaluation:  # of the run's own test split, which advice is about
        document |= _advice(trained, as_json)
    if as_json:
        print_json(document)


def _judge(run: Run, splits: DataSplits, **how: Any) -> Evaluation:
    """Judge a run; what it learned of itself meanwhile, or cannot know, is said."""
    from pellucid.sections.doubt import never

    before = run.record
    evaluation = run.evaluate(splits, **how)
    if before.calibration is None and (fitted := run.record.calibration):
        say(FITTED.format(fitted.temperature, counted(fitted.count, "validation image")))
    if before.doubt is None and (learned := run.record.doubt):
        say(LEARNED.format(counted(learned.held_out, "validation image")))
    if how["unknown"] and (why := never(run.record)):
        say(why)
    return evaluation


def _robustness(
    run: Run, folder: RunFolder, splits: DataSplits, as_json: bool, settings: dict[str, Any]
) -> dict[str, Any]:
    """Judge a run on corrupted images and draw the curves; it is told unless it is to be JSON."""
    from pellucid.sections.robustness import robustness_section

    section = robustness_section(run.robustness(splits, progress=True, **settings), run.path)
    written = write_section(section, None, folder)
    if not as_json:
        print_text()
        show(section, False, written)
    return section.document | written


def _advice(run: Run, as_json: bool) -> dict[str, Any]:
    """What the run gives reason to do, as a document; the first of it is told unless that is to be JSON."""
    from pellucid.interpret.dead import dead_filters_of
    from pellucid.judge.advice.rules import advise
    from pellucid.sections.advice import advice_section, briefly
    from pellucid.trained.facts import facts_of

    advice = advise(facts_of(run, dead=dead_filters_of(run)))
    for line in [] if as_json else briefly(advice):
        say(line)
    return advice_section(advice).document


def _pictures(evaluation: Evaluation, run: Run, folder: RunFolder, splits: DataSplits, as_json: bool) -> dict[str, Any]:
    """Draw an evaluation into the run folder; where that cannot be it is said, as the answer is there all the same."""
    from pellucid.sections.calibration import calibration_section
    from pellucid.sections.doubt import doubt_section
    from pellucid.sections.evaluation_pictures import evaluation_pictures

    written: dict[str, str] = {}
    seen = evaluation_pictures(evaluation, splits.test, run.own_data().train)
    judged = calibration_section(evaluation, run.path), doubt_section(evaluation, run.record, run.path)
    for picture in (*seen, *(each for section in judged for each in section.pictures)):
        try:
            path = folder.place(f"{PICTURES}/{picture.name}.png")
            write_picture(picture, path)
        except RunError as error:
            say(f"{picture.name} is not drawn: {error}")
        else:
            written[picture.name] = str(path)
    for path in [] if as_json else written.values():
        print_path(path)
    return {"pictures": written}
