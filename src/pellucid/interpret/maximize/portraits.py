"""Pictures that maximise targets, by one method or several, held against real images of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pellucid.errors import DataError
from pellucid.interpret.control import untrained as untrained_of
from pellucid.interpret.legibility import Reference, reference_of
from pellucid.interpret.maximize.ascent import maximize
from pellucid.interpret.maximize.bar import Bar, bar_of, ignorant_pictures
from pellucid.interpret.maximize.findings import Finding, Summary, findings_of
from pellucid.interpret.maximize.maximized import Maximized
from pellucid.interpret.maximize.prior import DataPrior, fit_prior
from pellucid.interpret.maximize.targets import OUTPUT, Target, class_targets
from pellucid.trained.run import Run
from pellucid.trained.sample import sample_of

RAW, CONSTRAINED = "raw", "constrained"
STARTS_OF_CLASSES, STARTS_OF_FILTERS = 8, 2
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Portraits:
    """What targets look like to a network.

    Attributes:
        made: The pictures of each method, of the same targets.
        findings: Of each method, what is shown of each target.
        bars: How near a picture of each method must come to be starred; empty where the data cannot be had.
        summaries: How all pictures of a method stand to real images, by its name.
        reference: The real images; None where the data cannot be had.
        without_data: Why they cannot be had; None where they can.
    """

    made: tuple[Maximized, ...]
    findings: tuple[tuple[Finding, ...], ...]
    bars: dict[str, Bar]
    summaries: dict[str, Summary]
    reference: Reference | None
    without_data: str | None


def portray(
    run: Run,
    targets: Sequence[Target],
    methods: Sequence[str] = (RAW, CONSTRAINED),
    *,
    prior: bool = True,
    untrained: bool = False,
    starts: int | None = None,
    steps: int = 128,
    seed: int = 0,
    frames: int = 0,
    on_step: OnStep | None = None,
) -> Portraits:
    """Make pictures of targets by each method, and hold them against training images and held-out ones.

    They are starred where they come nearer to a training image (of a class, to one of that class) than pictures that
    know nothing of the data: those of the same network before training, made in the same way, and noise.

    Args:
        run: The run. It is left as it was found.
        targets: What to maximise; at least one.
        methods: ``raw``, ``constrained`` or both.
        prior: Draw the constrained pictures from what training images share, where these can be had.
        untrained: Show the control: the same network before training.
        starts: Pictures of each target; unless given 8 of classes, and 2 of filters and neurons.
        steps: Of the ascent.
        seed: From which the noise follows.
        frames: How many pictures to keep of the way.
        on_step: Told the method, how many steps are done, and how many there are.

    Raises:
        SettingError: A method is unknown, there are no targets, or a number is below its least.
        SpecError: The network comes from a factory that cannot be imported here.
        RunError: The weights or the answers are not finite.
        DeviceError: The memory does not suffice.
    """
    reference, fitted, without_data = _real_images(run, prior and CONSTRAINED in methods)
    control = untrained_of(run)
    shown = control if untrained else run.predictor
    of_classes = all(target.layer == OUTPUT for target in targets)
    settings = {
        "starts": starts or (STARTS_OF_CLASSES if of_classes else STARTS_OF_FILTERS),
        "steps": steps,
        "seed": seed,
    }
    priors = {method: fitted if method == CONSTRAINED else None for method in methods}
    made = {
        method: maximize(
            shown, targets, method=method, prior=own, frames=frames, on_step=_named(method, on_step), **settings
        )
        for method, own in priors.items()
    }
    bars = dict[str, Bar]()
    if reference:
        asked = class_targets(control) if of_classes else targets
        for method, own in priors.items():
            told = _named(f"{method}, before training", on_step)
            ignorant = ignorant_pictures(control, asked, method, own, on_step=told, **settings)
            bars[method] = bar_of(ignorant, reference)
    found = {method: findings_of(each, reference, bars.get(method)) for method, each in made.items()}
    return Portraits(
        made=tuple(made.values()),
        findings=tuple(tuple(findings) for findings, _ in found.values()),
        bars=bars,
        summaries={method: summary for method, (_, summary) in found.items()},
        reference=reference,
        without_data=without_data,
    )


def _real_images(run: Run, prior: bool) -> tuple[Reference | None, DataPrior | None, str | None]:
    """Real images of the run and a prior from them, or else why the data cannot be had."""
    try:
        sample = sample_of(run)
        return reference_of(sample), fit_prior(sample.train.images) if prior else None, None
    except DataError as error:
        return None, None, str(error)


def _named(method: str, on_step: OnStep | None) -> Callable[[int, int], None] | None:
    return None if on_step is None else lambda done, total: on_step(method, done, total)
