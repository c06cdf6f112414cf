"""What comes of a run's "I don't know" on judged images."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64
from numpy import ndarray
from pydantic import model_validator

from pellucid.judge.drift import Drift, drift_of
from pellucid.judge.intervals import wilson_interval
from pellucid.judge.refusal import Doubts, Kind, Limits, Scores
from pellucid.record import OpenRecord, Record

BINS = 40


class Histogram(Record):
    """How a score of doubt is spread over held-out images of the training, and over judged ones.

    Attributes:
        kind: What it tells: ``foreign`` or ``doubtful`` images.
        limit: The greatest score that is answered.
        edges: Ends of the bins; of ``foreign`` they grow by the same factor.
        held_out: Held-out images in each bin.
        judged: Judged images in each bin.
    """

    kind: Kind
    limit: float
    edges: tuple[float, ...]
    held_out: tuple[int, ...]
    judged: tuple[int, ...]

    @model_validator(mode="after")
    def _as_many_counts_as_bins(self) -> Histogram:
        if not len(self.edges) - 1 == len(self.held_out) == len(self.judged):
            raise ValueError("a histogram must have as many counts as bins")
        return self


class Unknown(OpenRecord):
    """What comes of a run's "I don't know".

    Attributes:
        keep: Share of images like the held-out ones that is to be answered.
        promised: Share of them that is; less where the held-out ones are too few for the other.
        held_out: Held-out images that the limits are from.
        answered: Judged images that are answered.
        foreign: Those that are refused as unlike anything trained on.
        doubtful: Those that are refused as between classes.
        wrong: Wrong answers among those answered.
        wrong_refused: Wrong answers among those refused.
        accuracy: Share of right answers among those answered; None where there are none.
        accuracy_interval: 95% Wilson interval of that.
        drift: Whether the judged images are unlike the held-out ones as a whole; None where there are too few to tell.
        histograms: How the scores are spread, one for each kind of doubt.
    """

    keep: float
    promised: float
    held_out: int
    answered: int
    foreign: int
    doubtful: int
    wrong: int
    wrong_refused: int
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    drift: Drift | None
    histograms: tuple[Histogram, ...]

    @model_validator(mode="after")
    def _of_some_images(self) -> Unknown:
        if min(self.answered, self.foreign, self.doubtful) < 0 or not self.answered + self.foreign + self.doubtful:
            raise ValueError("images must have been answered or refused")
        return self


def unknown_of(
    doubts: Doubts, limits: Limits, scores: Scores, answered: Int64[ndarray, " count"], right: Bool[ndarray, " count"]
) -> Unknown:
    """Judge a run's "I don't know".

    Args:
        doubts: What the run knows of held-out images.
        limits: The greatest doubt that is answered.
        scores: Doubt about the judged images.
        answered: Class that each of them is answered with.
        right: Whether that is so.
    """
    kinds = np.array([kind or "" for kind in scores.kinds(limits)])
    kept = kinds == ""
    count, hits = int(kept.sum()), int(right[kept].sum())
    return Unknown(
        keep=limits.keep,
        promised=limits.promised,
        held_out=limits.held_out,
        answered=count,
        foreign=int((kinds == "foreign").sum()),
        doubtful=int((kinds == "doubtful").sum()),
        wrong=count - hits,
        wrong_refused=int((~right[~kept]).sum()),
        accuracy=hits / count if count else None,
        accuracy_interval=wilson_interval(hits, count) if count else None,
        drift=_drift(doubts, scores, answered),
        histograms=_histograms(doubts.held_out, scores, limits),
    )


def _drift(doubts: Doubts, scores: Scores, answered: Int64[ndarray, " count"]) -> Drift | None:
    known = doubts.held_out
    if scores.foreign is not None and known.foreign is not None:
        return drift_of(scores.foreign, answered, known.foreign, doubts.answered)
    return drift_of(scores.doubtful, answered, known.doubtful, doubts.answered)


def _histograms(held_out: Scores, judged: Scores, limits: Limits) -> tuple[Histogram, ...]:
    found = [_histogram("doubtful", limits.doubtful, np.linspace(0, 1, BINS + 1), held_out.doubtful, judged.doubtful)]
    if held_out.foreign is not None and judged.foreign is not None and limits.foreign is not None:
        both = np.concatenate((held_out.foreign, judged.foreign, [limits.foreign]))
        least = max(float(both.min()), 1e-6)
        edges = np.geomspace(least, max(float(both[np.isfinite(both)].max()), 2 * least), BINS + 1)
        found.insert(0, _histogram("foreign", limits.foreign, edges, held_out.foreign, judged.foreign))
    return tuple(found)


def _histogram(
    kind: Kind,
    limit: float,
    edges: Float[ndarray, " edges"],
    held_out: Float32[ndarray, " held"],
    judged: Float32[ndarray, " judged"],
) -> Histogram:
    """Scores beyond the outer edges are counted in the outer bins, so that none is missing."""
    counts = [np.histogram(np.clip(each, edges[0], edges[-1]), edges)[0].tolist() for each in (held_out, judged)]
    return Histogram(kind=kind, limit=limit, edges=edges.tolist(), held_out=counts[0], judged=counts[1])
