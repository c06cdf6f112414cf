"""A run as a program of torch.export: written in a process of its own, and asked."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.data.portions import answered_at_once
from pellucid.errors import RunError
from pellucid.export.formats.table import FORMATS
from pellucid.export.whole import Whole
from pellucid.export.witness import Question, answer
from pellucid.model.blame import reason
from pellucid.predict.predictor import Predictor

(FILE,) = FORMATS["torch"].files


def write_program(question: Question) -> dict[str, Any]:
    """Leave the file in the folder of the question.

    Raises:
        RunError: torch.export cannot follow the network.
    """
    predictor = Predictor.load(question.run, device="cpu", trust=question.trust)
    images = torch.zeros(2, *predictor.input_shape, dtype=torch.uint8)
    batch = {"images": {0: torch.export.Dim("batch")}}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of tensors that share memory, which it saves once
        try:
            program = torch.export.export(Whole(predictor).eval(), (images,), dynamic_shapes=batch)
            torch.export.save(program, question.work / FILE)
        except Exception as error:  # noqa: BLE001 - user code and the exporter fail in many ways
            raise RunError(f"torch.export cannot follow the network of {question.run}: {reason(error)}") from None
    return {}


class Program:
    """A program of torch.export as a function from images to probabilities, on the processor.

    Attributes:
        name: What answers.
        at_once: How many images it is asked about at once.
    """

    name = "torch"

    def __init__(self, content: bytes, place: Path) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                program = torch.export.load(io.BytesIO(content))
            self._module = program.module()
            _, height, width, _ = _input_shape(program)
            self.at_once = answered_at_once(height, width)
        except Exception as error:  # noqa: BLE001 - a damaged archive fails in many ways
            raise RunError(f"{place} cannot be loaded by torch.export ({reason(error)}).") from None

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class, for all images at once.

        Raises:
            RunError: The program does not take them.
        """
        try:
            with torch.inference_mode():
                return self._module(torch.from_numpy(images)).numpy()
        except Exception as error:  # noqa: BLE001 - it may be any program
            raise RunError(f"The program does not answer: {reason(error)}") from None


def _input_shape(program: torch.export.ExportedProgram) -> tuple[Any, ...]:
    """Of the images: the batch, which is open, height, width, channels."""
    (name,) = program.graph_signature.user_inputs
    (node,) = [node for node in program.graph.nodes if node.name == name]
    return tuple(node.meta["val"].shape)


if __name__ == "__main__":
    answer(write_program)
