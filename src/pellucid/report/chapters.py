"""The chapters of a report in their order; one more is a function here and a line in `CHAPTERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pellucid.audit.duplicates import leaks
from pellucid.errors import PellucidError
from pellucid.judge.advice.facts import Facts
from pellucid.judge.advice.rules import advise
from pellucid.judge.speed import Speed
from pellucid.language import tell
from pellucid.sections.advice import advice_section
from pellucid.sections.calibration import calibration_section
from pellucid.sections.confusion import confusion_section
from pellucid.sections.curves import curves_section
from pellucid.sections.doubt import doubt_section
from pellucid.sections.environment import environment_section
from pellucid.sections.guide import guide_section
from pellucid.sections.mistakes import mistakes_section
from pellucid.sections.origin import Origin
from pellucid.sections.robustness import robustness_section
from pellucid.sections.samples import samples_section
from pellucid.sections.section import Section
from pellucid.sections.shapes import shapes_section
from pellucid.sections.slices import slices_section
from pellucid.sections.speed import speed_section
from pellucid.spec.model import FactorySpec
from pellucid.text import printable
from pellucid.trained.facts import with_data
from pellucid.trained.material import Material

OnChapter = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Chapter:
    """One matter on the page.

    Attributes:
        anchor: Where links lead to.
        heading: The matter.
        lead: What is shown, in a plain sentence.
        section: What there is to say.
    """

    anchor: str
    heading: str
    lead: str
    section: Section


def chapters_of(found: Material, on_chapter: OnChapter | None = None) -> Iterator[Chapter]:
    """The chapters that there is something to say in. What goes wrong in one is told there.

    Args:
        found: What there is of the run.
        on_chapter: Told the name of each chapter before it is made.
    """
    for make in CHAPTERS:
        if on_chapter:
            on_chapter(make.__name__.removeprefix("_").replace("_", " "))
        chapter = make(found)
        if chapter is not None:
            yield chapter


def _network(found: Material) -> Chapter | None:
    model, votes = found.record.model, found.record.train.vote
    lead = tell("An image goes from left to right; each block is what a layer makes of it.")
    if not isinstance(model, FactorySpec):
        return Chapter("network", tell("What was trained"), lead, shapes_section(model, votes))
    said = tell(
        "The network is made by code of its author, {factory}; a file tells nothing of its layers.",
        factory=model.factory,
    )
    return Chapter("network", tell("What was trained"), "", Section(said, {"factory": model.factory}, body=(said,)))


def _samples(found: Material) -> Chapter | None:
    lead = tell("How many images there are of each class, and what some of them look like.")

    def section() -> Section:
        leaking = len(leaks(found.data)) if found.data and found.data.has_test else None
        return samples_section(found.record, found.data, leaking)

    return Chapter("data", tell("What it was trained on"), lead, made(section))


def _curves(found: Material) -> Chapter | None:
    if not found.history.epochs:
        return None
    lead = tell("Accuracy should rise and loss fall. Where validation stays behind training, it learns by heart.")
    section = curves_section(found.history, found.record, found.path)
    return Chapter("curves", tell("How the training went"), lead, section)


def _confusion(found: Material) -> Chapter | None:
    if found.evaluation is None:
        return None
    lead = tell("Blue on the diagonal is right; orange beside it is one class taken for another.")
    return Chapter("confusion", tell("What it confuses"), lead, confusion_section(found.evaluation))


def _mistakes(found: Material) -> Chapter | None:
    if found.evaluation is None:
        return None
    lead = tell("The images whose right class it thought least probable. Would you have read them rightly?")
    evaluation, training = found.evaluation, found.data.train if found.data else None
    section = made(lambda: mistakes_section(evaluation, found.judged_images, training))
    return Chapter("mistakes", tell("Where it is wrong"), lead, section)


def _slices(found: Material) -> Chapter | None:
    if found.evaluation is None or not found.evaluation.slices:
        return None
    lead = tell("Images that have something in common, held against all others.")
    return Chapter("slices", tell("Which images fare worse"), lead, slices_section(found.evaluation.slices))


def _calibration(found: Material) -> Chapter | None:
    if found.evaluation is None:
        return None
    lead = tell("Of the answers that are given with 90%, nine in ten should be right.")
    section = calibration_section(found.evaluation, found.path)
    return Chapter("calibration", tell("Whether its probabilities can be believed"), lead, section)


def _doubt(found: Material) -> Chapter | None:
    if found.evaluation is None:
        return None
    lead = tell(
        "An image that is unlike all that it knows, or that may be either of two classes, is better not answered."
    )
    section = doubt_section(found.evaluation, found.record, found.path)
    return Chapter("doubt", tell("When it says “I don't know”"), lead, section)


def _advice(found: Material) -> Chapter | None:
    if not found.history.epochs:
        return None
    lead = tell("What the figures give reason to do, with the evidence and a command to copy.")
    files = Facts(found.record, found.history, str(found.path), found.evaluation)
    section = made(lambda: advice_section(advise(with_data(files, found.data, with_leaks=False))))
    return Chapter("advice", tell("What to do next"), lead, section)


def _robustness(found: Material) -> Chapter | None:
    if found.robustness is None:
        return None
    lead = tell("What is left of the accuracy when the images get worse and worse.")
    section = robustness_section(found.robustness, found.path)
    return Chapter("robustness", tell("How much it can bear"), lead, section)


def _filters(found: Material) -> Chapter | None:
    run = found.run
    if run is None:
        return None
    from pellucid.interpret.filters import filters_on_data
    from pellucid.sections.filters import filters_section

    lead = tell("The patterns that the first convolution looks for.")

    def section() -> Section:
        layer, without = filters_on_data(run, with_images=found.data is not None)
        return filters_section(layer, _origin(found), without)

    return Chapter("filters", tell("What it looks for"), lead, made(section))


def _maximised(found: Material) -> Chapter | None:
    run = found.run
    if run is None or not found.whole:
        return None
    from pellucid.interpret.maximize import class_targets
    from pellucid.interpret.maximize.portraits import portray
    from pellucid.sections.maximisation import maximisation_section

    lead = tell(
        "For each class an input made from noise so that the network answers it as strongly as can be: raw, and held to"
        " what training images share (constrained). Beside each stands the nearest training image with its distance. A"
        " star is the control passed: nearer to the data than an untrained network and noise come in the same way."
    )

    def section() -> Section:
        targets = class_targets(run)[:MOST_PORTRAYED]
        return maximisation_section(portray(run, targets, on_step=found.on_step), _origin(found))

    return Chapter("maximised", tell("What it would see at its strongest"), lead, made(section))


def _speed(found: Material) -> Chapter | None:
    if found.record.results is None:
        return None
    lead = tell("How long the training took, and how long an answer takes.")
    return Chapter("speed", tell("How fast it is"), lead, made(lambda: speed_section(found.record, _timed(found))))


def _environment(found: Material) -> Chapter | None:
    lead = tell("Machine and versions, and fingerprints by which data and weights are known again.")
    return Chapter("environment", tell("Where it was trained"), lead, environment_section(found.record))


def _guide(_: Material) -> Chapter | None:
    return Chapter("guide", tell("How to read this page"), tell("The words that are used here."), guide_section())


MOST_PORTRAYED = 20  # classes
CHAPTERS: tuple[Callable[[Material], Chapter | None], ...] = (
    _network,
    _samples,
    _curves,
    _confusion,
    _mistakes,
    _slices,
    _calibration,
    _doubt,
    _robustness,
    _advice,
    _filters,
    _maximised,
    _speed,
    _environment,
    _guide,
)


def _origin(found: Material) -> Origin:
    return Origin(found.path, found.record.train.seed)


def _timed(found: Material) -> Speed | None:
    model = found.record.model
    if not found.whole or found.run is None or isinstance(model, FactorySpec):
        return None
    from pellucid.trained.speed import measure_speed

    return measure_speed(model, found.record.train.vote, device=str(found.run.device))


def made(make: Callable[[], Section]) -> Section:
    """A section, or what kept it from being made."""
    try:
        return make()
    except PellucidError as error:
        return Section(str(error), {"fault": str(error)}, warnings=(printable(str(error)),))
