"""How far a map can be trusted: what its pixels do to the answer, and whether it depends on the weights at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64, Shaped
from numpy import ndarray

from pellucid.batches.images import as_input
from pellucid.device import enough_memory, repeatable
from pellucid.interpret.attribution.attribution import Attribution, attribute
from pellucid.interpret.attribution.pixel_question import VALUES_A_PASS
from pellucid.interpret.layers import undisturbed
from pellucid.predict.predictor import Predictor
from pellucid.spec.seeds import derive_seed
from pellucid.trained.run import Run, predictor_of

STEPS = 50
RANDOM_ORDERS = 8
RANDOM_NETWORKS = 3
UNCHANGED = 0.5


@dataclass(frozen=True)
class Curves:
    """The class's probability while pixels go or come, one curve for each order of them.

    Attributes:
        moved: Share of the pixels that were moved, from 0 to 1.
        deletion: Probability after those pixels became black.
        insertion: Probability after those pixels came back to a black image.
    """

    moved: Float[ndarray, " points"]
    deletion: Float[ndarray, "orders points"]
    insertion: Float[ndarray, "orders points"]

    @property
    def deletion_areas(self) -> Float[ndarray, " orders"]:
        """Area below each curve of deletion, 0 to 1; lower is better."""
        return np.trapezoid(self.deletion, self.moved)

    @property
    def insertion_areas(self) -> Float[ndarray, " orders"]:
        """Area below each curve of insertion, 0 to 1; higher is better."""
        return np.trapezoid(self.insertion, self.moved)


@dataclass(frozen=True)
class Score:
    """What the checks say of one map.

    Attributes:
        curves: What the probability does as the pixels are moved, the strongest for the class first; None for a
            degenerate map.
        correlation: Spearman's rank correlation of its absolute values with those that networks of random weights give,
            the mean over three; None for a degenerate map, or where theirs are.
        signed_correlation: The rank correlation of the values with their sign; None where the method gives none.
    """

    curves: Curves | None
    correlation: float | None
    signed_correlation: float | None

    @property
    def verdict(self) -> str | None:
        """What random weights do to the map; None when that is not known.

        ``changed``; ``signs changed``, when they mark the same places with other signs; or ``unchanged``, when the map
        does not show what was learned. Maps that mark opposite places are changed.
        """
        if self.correlation is None:
            return None
        if self.correlation <= UNCHANGED:
            return "changed"
        signs = self.signed_correlation
        return "signs changed" if signs is not None and abs(signs) <= UNCHANGED else "unchanged"


@dataclass(frozen=True)
class Scores:
    """What the checks say of several maps of one image.

    Attributes:
        chance: The curves of random orders, which a map must beat.
        each: The score of each map.
    """

    chance: Curves
    each: tuple[Score, ...]

    def against_chance(self, score: Score) -> tuple[str, str] | None:
        """Where the areas of deletion and insertion stand to those of all random orders: below, within or above.

        A good map's deletion stands below and its insertion above; None for a degenerate map.
        """
        if score.curves is None:
            return None
        deletion = _standing(score.curves.deletion_areas[0], self.chance.deletion_areas)
        return deletion, _standing(score.curves.insertion_areas[0], self.chance.insertion_areas)


def score_maps(
    run: Run | Predictor, image: Shaped[ndarray, "*shape"], maps: Sequence[Attribution], seed: int = 0
) -> Scores:
    """Check maps of one image and class, beside chance and beside networks of random weights.

    Args:
        run: The run, or its predictor alone.
        image: uint8, [height, width, channels].
        maps: Maps of this image, all for one class.
        seed: Random orders, ties and weights follow from it.

    Raises:
        DeviceError: The memory does not suffice.
        SpecError: The network comes from a factory that cannot be imported here.

    Source: Petsiuk et al. 2018, arXiv:1806.07421, section 3.2, for deletion and insertion; Adebayo et al. 2018,
    arXiv:1810.03292, section 3, for random weights.
    """
    predictor = predictor_of(run)
    sound = [found for found in maps if found.degenerate is None]
    target = maps[0].target if maps else 0
    random = np.random.default_rng(derive_seed(seed, "random order"))
    drawn = list(random.random((RANDOM_ORDERS, *image.shape[:2])))
    curves = curves_of(predictor, image, target, [*(found.values for found in sound), *drawn], seed)
    networks = [randomised(predictor, seed, number) for number in range(RANDOM_NETWORKS)] if sound else []
    with_curves = {id(found): _row(curves, row) for row, found in enumerate(sound)}
    each = tuple(
        Score(with_curves[id(found)], *_correlations(networks, image, found))
        if id(found) in with_curves
        else Score(None, None, None)
        for found in maps
    )
    return Scores(Curves(curves.moved, curves.deletion[len(sound) :], curves.insertion[len(sound) :]), each)


def curves_of(
    predictor: Predictor,
    image: Shaped[ndarray, "height width channels"],
    target: int,
    importance: Sequence[Float[ndarray, "height width"]],
    seed: int = 0,
) -> Curves:
    """Move an image's pixels in up to 50 steps, the most important first, and watch the class's probability.

    Pixels of equal importance go in a random order.

    Args:
        predictor: The run.
        image: uint8.
        target: Number of the class.
        importance: A map for each order.
        seed: The order of equal pixels follows from it.
    """
    count = image.shape[0] * image.shape[1]
    moved = np.round(np.linspace(0, count, min(STEPS, count) + 1)).astype(np.int64)
    ties = np.random.default_rng(derive_seed(seed, "ties")).permutation(count)
    ranks = np.stack([_ranks_to_go(values.ravel(), ties) for values in importance])
    deletion, insertion = np.empty((2, len(ranks) * len(moved)))
    batch = max(1, VALUES_A_PASS // image.size)
    with repeatable(), enough_memory(), undisturbed(predictor.model):
        for start in range(0, deletion.size, batch):
            rows = np.arange(start, min(start + batch, deletion.size))
            gone = ranks[rows // len(moved)] < moved[rows % len(moved), np.newaxis]
            deletion[rows] = _probabilities(predictor, image, ~gone, target)
            insertion[rows] = _probabilities(predictor, image, gone, target)
    shape = (len(ranks), len(moved))
    return Curves(moved / count, deletion.reshape(shape), insertion.reshape(shape))


def randomised(predictor: Predictor, seed: int, number: int = 0) -> Predictor:
    """The network of a run with weights that were never trained, and that are not those it began with.

    Raises:
        SpecError: The network comes from a factory that cannot be imported here.
    """
    return predictor.with_fresh_weights(derive_seed(seed, "random weights", number))


def rank_correlation(first: Float[ndarray, "*shape"], second: Float[ndarray, "*shape"]) -> float | None:
    """Spearman's rank correlation, equal values sharing their mean rank; None when one side is constant."""
    from scipy.stats import spearmanr

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    found: Any = spearmanr(first.ravel(), second.ravel())
    return float(found.statistic)


def _correlations(
    networks: Sequence[Predictor], image: Shaped[ndarray, "*shape"], found: Attribution
) -> tuple[float | None, float | None]:
    absolute, signed = [], []
    for network in networks:
        other = attribute(network, image, found.method, found.target, found.layer, found.seed)
        if other.degenerate is None:
            absolute.append(rank_correlation(np.abs(found.values), np.abs(other.values)))
            signed.append(rank_correlation(found.values, other.values) if found.signed else None)
    return _mean(absolute), _mean(signed)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _standing(area: float, areas: Float[ndarray, " orders"]) -> str:
    return "below" if area < areas.min() else "above" if area > areas.max() else "within"


def _row(curves: Curves, row: int) -> Curves:
    return Curves(curves.moved, curves.deletion[row : row + 1], curves.insertion[row : row + 1])


def _ranks_to_go(importance: Float[ndarray, " pixels"], ties: Int64[ndarray, " pixels"]) -> Int64[ndarray, " pixels"]:
    """For each pixel how many go before it."""
    ranks = np.empty(len(importance), np.int64)
    ranks[np.lexsort((ties, -importance))] = np.arange(len(importance))
    return ranks


def _probabilities(
    predictor: Predictor,
    image: Shaped[ndarray, "height width channels"],
    kept: Bool[ndarray, "batch pixels"],
    target: int,
) -> Float[ndarray, " batch"]:
    images = image * kept.reshape(-1, *image.shape[:2], 1)
    logits = predictor.logits(as_input(torch.from_numpy(images).to(predictor.device)))
    return predictor.softmax(logits)[:, target].cpu().numpy()
