"""Where the features of each class lie: a normal distribution a class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float16, Float32, Float64, Int64

MOST_FACTOR_BYTES = 2 * 2**20  # beyond, all classes have one covariance
LEAST_DEVIATION = 1e-3  # of a feature, as a share of the greatest: one that never changed is held against images too
AT_ONCE = 1_000  # images


@dataclass(frozen=True, eq=False)
class Gaussians:
    """A normal distribution of features for each class.

    A covariance is that of the images seen, and as if as many more had been seen as there are features: of a class,
    with the covariance that all classes share; of that one, with independent features. So few images suffice.

    Attributes:
        centre: Mean of each feature, [features].
        deviation: Standard deviation of each feature, [features].
        whitening: Makes the shared covariance the identity, [features, features].
        means: Of each class that images were seen of, in whitened features, [present, features].
        factors: Lower triangle of a factor of each class's inverse covariance there, row by row, [present, triangle];
            None where all have the shared one.

    Source: Lee et al. 2018, arXiv:1807.03888, section 2.1; covariances as in Friedman 1989, JASA 84(405), 165-175.
    """

    centre: Float32[ndarray, " features"]
    deviation: Float32[ndarray, " features"]
    whitening: Float32[ndarray, "features features"]
    means: Float32[ndarray, "present features"]
    factors: Float16[ndarray, "present triangle"] | None

    @classmethod
    def of(
        cls,
        features: Float32[ndarray, "count features"],
        labels: Int64[ndarray, " count"],
        *,
        own_covariances: bool = True,
    ) -> Gaussians:
        """Measured on images whose classes are known.

        Args:
            features: Of each image.
            labels: Class of each image.
            own_covariances: Give each class a covariance of its own, if they do not take more than 2 MiB.
        """
        values = features.astype(np.float64)
        centre, deviation = values.mean(axis=0), values.std(axis=0)
        deviation = np.maximum(deviation, LEAST_DEVIATION * deviation.max() or 1.0)
        present, classes = np.unique(labels, return_inverse=True)
        white, whitening = _whitened((values - centre) / deviation, classes)
        means = _means(white, classes)
        width = values.shape[1]
        fits = len(present) * width * (width + 1) <= MOST_FACTOR_BYTES  # two bytes a number, half of a square
        factors = _factors(white - means[classes], classes) if own_covariances and fits else None
        return cls(
            centre.astype(np.float32),
            deviation.astype(np.float32),
            whitening.astype(np.float32),
            means.astype(np.float32),
            None if factors is None else factors.astype(np.float16),
        )

    def distances(self, features: Float32[ndarray, "count features"]) -> Float32[ndarray, " count"]:
        """Squared Mahalanobis distance of each image to the nearest class."""
        if not len(features):
            return np.zeros(0, np.float32)
        parts = np.array_split(features, max(1, -(-len(features) // AT_ONCE)))
        return np.concatenate([self._nearest(part) for part in parts])

    @cached_property
    def _whole_factors(self) -> Float32[ndarray, "present features features"] | None:
        """Kept, as a server asks about one image at a time."""
        return None if self.factors is None else _unpacked(self.factors, len(self.centre))

    def _nearest(self, features: Float32[ndarray, "count features"]) -> Float32[ndarray, " count"]:
        factors = self._whole_factors
        white = ((features - self.centre) / self.deviation) @ self.whitening
        nearest = np.full(len(features), np.inf, np.float32)
        for number, mean in enumerate(self.means):
            away = white - mean if factors is None else (white - mean) @ factors[number]
            nearest = np.minimum(nearest, np.square(away).sum(axis=1))
        return nearest


def _whitened(
    values: Float64[ndarray, "count features"], classes: Int64[ndarray, " count"]
) -> tuple[Float64[ndarray, "count features"], Float64[ndarray, "features features"]]:
    """The values where the shared covariance is the identity, and what brings them there."""
    count, width = values.shape
    away = values - _means(values, classes)[classes]
    shared = (away.T @ away + width * np.eye(width)) / (count + width)
    whitening = np.linalg.inv(np.linalg.cholesky(shared)).T
    return values @ whitening, whitening


def _means(
    values: Float64[ndarray, "count features"], classes: Int64[ndarray, " count"]
) -> Float64[ndarray, "present features"]:
    return np.stack([values[classes == number].mean(axis=0) for number in range(classes.max() + 1)])


def _factors(
    away: Float64[ndarray, "count features"], classes: Int64[ndarray, " count"]
) -> Float64[ndarray, "present triangle"]:
    """Factors of the classes' inverse covariances, from how far whitened images are away from the means of theirs."""
    width = away.shape[1]
    triangle = np.tril_indices(width)
    factors = []
    for number in range(classes.max() + 1):
        own = away[classes == number]
        covariance = (own.T @ own + width * np.eye(width)) / (len(own) + width)
        factors.append(np.linalg.cholesky(np.linalg.inv(covariance))[triangle])
    return np.stack(factors)


def _unpacked(
    factors: Float16[ndarray, "present triangle"], width: int
) -> Float32[ndarray, "present features features"]:
    whole = np.zeros((len(factors), width, width), np.float32)
    whole[:, *np.tril_indices(width)] = factors
    return whole
