"""The network of a user's own code as an ONNX file, by torch's exporter, in a process of its own."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from pellucid.errors import RunError
from pellucid.export.interface import BATCH, IMAGES, MODEL, OPSET, PROBABILITIES
from pellucid.export.whole import Whole
from pellucid.export.witness import Question, answer
from pellucid.model.blame import reason
from pellucid.predict.predictor import Predictor


def trace(question: Question) -> dict[str, Any]:
    """Leave the file in the folder of the question.

    Torch's older exporter is asked, since the newer needs a library more. What it makes wrong, the proof notices.

    Raises:
        RunError: The network has operations that the exporter cannot write.
    """
    predictor = Predictor.load(question.run, device="cpu", trust=question.trust)
    images = torch.zeros(2, *predictor.input_shape, dtype=torch.uint8)
    axes = {name: {0: BATCH} for name in (IMAGES, PROBABILITIES)}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # that it is the older exporter, and what it makes of shapes as it goes along
        try:
            torch.onnx.export(
                Whole(predictor),
                (images,),
                question.work / MODEL,
                dynamo=False,
                input_names=[IMAGES],
                output_names=[PROBABILITIES],
                dynamic_axes=axes,
                opset_version=OPSET,
            )
        except Exception as error:  # noqa: BLE001 - user code and the exporter fail in many ways
            raise RunError(f"The network of {question.run} cannot be written as ONNX: {reason(error)}") from None
    return {}


if __name__ == "__main__":
    answer(trace)
