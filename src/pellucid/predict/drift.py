"""Whether images that are answered one after another are unlike those trained on, as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.judge.drift import Drift, drift_of
from pellucid.judge.refusal import Doubts
from pellucid.predict.prediction import Prediction


class DriftWatch:
    """Hears answers for images of one origin; of each it keeps two numbers."""

    def __init__(self, doubts: Doubts, names: Sequence[str]) -> None:
        self._doubts = doubts
        self._places = {name: number for number, name in enumerate(names)}
        self._answered: list[int] = []
        self._scores: list[float] = []

    def hear(self, answer: Prediction) -> None:
        """Take one more answer in."""
        score = answer.doubtful if self._doubts.classes is None else answer.foreign
        if score is not None:
            self._answered.append(self._places[answer.label])
            self._scores.append(score)

    def found(self) -> Drift | None:
        """Whether the images heard of are unlike those trained on; None where they are too few to tell."""
        held_out = self._doubts.held_out
        known = held_out.doubtful if self._doubts.classes is None else held_out.foreign
        if known is None:
            return None
        answered = np.array(self._answered, np.int64)
        return drift_of(np.array(self._scores, np.float32), answered, known, self._doubts.answered)
