"""Scores of doubt: the higher, the less an answer is to be believed. Each is one function.

Scores of probabilities or logits tell a doubtful image, which lies between classes. Scores of features tell a foreign
one, which is like nothing that was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float, Float32
from pellucid.judge.gaussians import Gaussians

AT_ONCE = 500  # images


def msp(probabilities: Float[ndarray, "count classes"]) -> Float[ndarray, " count"]:
    """What the greatest probability lacks to 1.

    Source: Hendrycks and Gimpel 2017, arXiv:1610.02136.
    """
    return 1 - probabilities.max(axis=1)


def gen(probabilities: Float[ndarray, "count classes"], gamma: float = 0.1) -> Float[ndarray, " count"]:
    """Generalised entropy, which also hears small probabilities.

    Source: Liu et al. 2023, CVPR, "GEN: Pushing the limits of softmax-based out-of-distribution detection", equation 4.
    """
    return (probabilities**gamma * (1 - probabilities) ** gamma).sum(axis=1)


def energy(logits: Float[ndarray, "count classes"]) -> Float[ndarray, " count"]:
    """Free energy: how small the logits are on the whole.

    Source: Liu et al. 2020, arXiv:2010.03759, equation 4.
    """
    greatest = logits.max(axis=1)
    return -(greatest + np.log(np.exp(logits - greatest[:, None]).sum(axis=1)))


def mahalanobis(features: Float32[ndarray, "count features"], classes: Gaussians) -> Float32[ndarray, " count"]:
    """Squared Mahalanobis distance to the nearest class.

    Source: Lee et al. 2018, arXiv:1807.03888, equation 2.
    """
    return classes.distances(features)


def nearest_neighbours(
    features: Float32[ndarray, "count features"], known: Float32[ndarray, "known features"], neighbours: int = 10
) -> Float32[ndarray, " count"]:
    """Distance to one of the nearest training images, all features brought to the length 1.

    Args:
        features: Of the images to judge.
        known: Of training images.
        neighbours: Which of the nearest the distance is to.

    Source: Sun et al. 2022, arXiv:2204.06507, section 3.
    """
    known = _unit(known)
    place = min(neighbours, len(known)) - 1
    scores = []
    for part in np.array_split(_unit(features), max(1, -(-len(features) // AT_ONCE))):
        squares = np.maximum(2 - 2 * part @ known.T, 0)
        scores.append(np.sqrt(np.partition(squares, place, axis=1)[:, place]))
    return np.concatenate(scores)


@dataclass(frozen=True, eq=False)
class Subspace:
    """Where the features of training images lie, as virtual-logit matching takes it.

    Attributes:
        origin: Where the logits are without bias, [features].
        residual: Directions in which training images differ least, [features, directions].
        scale: Brings the length of what lies in them to the size of logits.
    """

    origin: Float[ndarray, " features"]
    residual: Float[ndarray, "features directions"]
    scale: float

    @classmethod
    def of(
        cls,
        features: Float32[ndarray, "count features"],
        logits: Float32[ndarray, "count classes"],
        weight: Float32[ndarray, "classes features"],
        bias: Float32[ndarray, " classes"],
    ) -> Subspace:
        """Measured on training images; half of the directions are taken for principal.

        Args:
            features: What goes into the last layer.
            logits: What comes out.
            weight: Of the last layer.
            bias: Of the last layer.
        """
        origin = -np.linalg.pinv(weight.astype(np.float64)) @ bias
        values = features - origin
        _, directions = np.linalg.eigh(values.T @ values)  # the least first
        residual = directions[:, : values.shape[1] // 2]
        return cls(
            origin, residual, float(logits.max(axis=1).mean() / np.linalg.norm(values @ residual, axis=1).mean())
        )


def vim(
    features: Float32[ndarray, "count features"], logits: Float32[ndarray, "count classes"], known: Subspace
) -> Float[ndarray, " count"]:
    """Virtual-logit matching: what the training images' subspace leaves over, against the logits.

    Source: Wang et al. 2022, arXiv:2203.10807, section 4.
    """
    rest = np.linalg.norm((features - known.origin) @ known.residual, axis=1)
    return known.scale * rest + energy(logits)


def _unit(features: Float32[ndarray, "count features"]) -> Float32[ndarray, "count features"]:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.float32(1e-12))
