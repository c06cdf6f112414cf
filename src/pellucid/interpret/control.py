"""The control that pictures are held against: the same network before training."""

from __future__ import annotations

from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of


def untrained(run: Run | Predictor) -> Predictor:
    """The network of a run with fresh weights: those from which its training began, unless it began from another run.

    What a picture shows of both alike comes from the architecture, and not from what was learned.

    Raises:
        SpecError: The network comes from a factory that cannot be imported here.

    Source: Adebayo et al. 2018, arXiv:1810.03292, section 3.
    """
    predictor = predictor_of(run)
    return predictor.with_fresh_weights(predictor.record.train.seed)
