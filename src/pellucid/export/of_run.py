"""What a run answers for its held-out images, in a process of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data.portions import answered_at_once
from pellucid.export.held_out import answered, held_out_images
from pellucid.export.parity import versions_of
from pellucid.export.witness import RUN_ANSWERS, Question, answer
from pellucid.predict.predictor import Predictor


def ask_run(question: Question) -> dict[str, Any]:
    """Leave the probabilities in the folder of the question.

    Raises:
        RunError: The run cannot be loaded.
        DataError: There are no held-out images.
    """
    predictor = Predictor.load(question.run, device="cpu", trust=question.trust)
    held = held_out_images(predictor.record, question)
    at_once = answered_at_once(*predictor.input_shape[:2])
    np.save(question.work / RUN_ANSWERS, answered(predictor.probabilities, held.images, at_once, "the run answers"))
    return {"data": held.data.model_dump(), "versions": versions_of("torch", "numpy", "pillow")}


if __name__ == "__main__":
    answer(ask_run)
