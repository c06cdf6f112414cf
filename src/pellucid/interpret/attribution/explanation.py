"""Which pixels of an image speak for a class, by several methods, and how far each of them can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.interpret.attribution.attribution import Attribution, attribute
from pellucid.interpret.attribution.maps import map_layers
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.scores import Scores, score_maps
from pellucid.interpret.control import untrained as untrained_of
from pellucid.interpret.images import ChosenImage
from pellucid.interpret.layers import require_layer
from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of

ALL = "all"
LAYERED = tuple(name for name, method in METHODS.items() if method.layered)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps of one image for one class.

    Attributes:
        image: The image.
        label: Name of its true class; None where it is not known.
        answer: Name of the class that the trained network gives.
        confidence: Its probability, 0 to 1.
        maps: One a method; at least one.
        scores: What the checks say of them.
        left_out: Methods that were asked for among all and do not fit the network.
        seed: What was drawn follows from it.
    """

    image: ChosenImage
    label: str | None
    answer: str
    confidence: float
    maps: tuple[Attribution, ...]
    scores: Scores
    left_out: tuple[str, ...]
    seed: int


def explain(
    run: Run | Predictor,
    image: ChosenImage,
    methods: Sequence[str] = (ALL,),
    target: str | int | None = None,
    layer: str | None = None,
    *,
    untrained: bool = False,
    seed: int = 0,
) -> Explanation:
    """Make the maps of several methods for one image, and score them.

    Args:
        run: The run, or its predictor alone. It is left as it was found.
        image: Which image.
        methods: Names in `METHODS`; ``all`` takes those that fit the network.
        target: Name or number of the class; None takes the one that the trained network gives.
        layer: For the methods that need one; see `attribute`.
        untrained: Explain the control: the same network before training.
        seed: For noise, random orders and random weights.

    Raises:
        DataError: The image has another shape or type.
        DeviceError: The memory does not suffice.
        RunError: The weights or logits are not finite, or the network has no layer that a method needs.
        SettingError: A method, the class or the layer is unknown, or does not fit.
        SpecError: The network comes from a factory that cannot be imported here.
    """
    predictor = predictor_of(run)
    chosen, left_out = _fitting(predictor, methods, layer)
    probabilities = predictor.probabilities(image.pixels[None], alone=True)[0]
    best = int(probabilities.argmax())
    shown = untrained_of(predictor) if untrained else predictor
    asked = best if target is None else target
    layered = [name for name in chosen if name in LAYERED] or chosen  # a layer that fits none is a fault to be told
    maps = tuple(
        attribute(shown, image.pixels, name, asked, layer if name in layered else None, seed) for name in chosen
    )
    names = predictor.class_names
    return Explanation(
        image=image,
        label=None if image.label is None else names[image.label],
        answer=names[best],
        confidence=float(probabilities[best]),
        maps=maps,
        scores=score_maps(shown, image.pixels, maps, seed),
        left_out=left_out,
        seed=seed,
    )


def _fitting(predictor: Predictor, names: Sequence[str], layer: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The methods to use, each once, and those that are left out since no layer of the network suits them."""
    asked = tuple(dict.fromkeys(require_layer(name.replace("-", "_"), [*METHODS, ALL], "method") for name in names))
    if ALL not in asked:
        return asked, ()
    if layer is None and not map_layers(predictor):
        return tuple(name for name in METHODS if name not in LAYERED), LAYERED
    return tuple(METHODS), ()
