"""ONNX Runtime, asked about images."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.data.dataset import answered_at_once
from pellucid.errors import PellucidError, RunError
from pellucid.export.interface import IMAGES, PROBABILITIES
from pellucid.words import counted

ONLY_FATAL = 4  # what goes wrong otherwise is raised


def require_library(name: str) -> None:
    """See that a library of the extra ``export`` is installed.

    Raises:
        PellucidError: It is not.
    """
    if find_spec(name) is None:
        raise PellucidError(f"An export needs {name}. Install it with: pip install 'pellucid[export]'")


class Engine:
    """An ONNX file as a function from images to probabilities, on the processor.

    Attributes:
        at_once: How many images it is asked about at once.
    """

    def __init__(self, content: bytes, place: Path) -> None:
        require_library("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ONLY_FATAL
        try:  # of bytes, so that it takes no further file
            self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            _, height, width, _ = self._session.get_inputs()[0].shape
            self.at_once = answered_at_once(height, width)
        except Exception as error:  # noqa: BLE001 - its errors have no common kind
            raise RunError(f"{place} cannot be loaded by ONNX Runtime ({_first_words(error)}).") from None

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class, for all images at once.

        Raises:
            RunError: The network does not take so many images; one of the user's own code may count on a number.
        """
        try:
            (found,) = self._session.run([PROBABILITIES], {IMAGES: np.ascontiguousarray(images)})
        except Exception as error:  # noqa: BLE001 - its errors have no common kind
            rule = f"The export must answer for {counted(len(images), 'image')} at once"
            remedy = "A network of one's own code must leave the number open, as reshape(-1, …) does."
            raise RunError(f"{rule}; ONNX Runtime says: {_first_words(error)}. {remedy}") from None
        return found


def _first_words(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
