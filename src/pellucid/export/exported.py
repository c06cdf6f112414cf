"""An export as a function: images in, probabilities out, without torch."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import safetensors.numpy
from jaxtyping import Float32, Shaped, UInt8
from numpy import ndarray
from safetensors import SafetensorError

from pellucid.errors import DataError, RunError
from pellucid.export.engine import Engine
from pellucid.export.folder import LABELS, MODEL, PROOF, ExportFolder
from pellucid.export.parity import Parity
from pellucid.untrusted import parsed_json


class Exported:
    """A trained network in another format, which is as it was when it was proved.

    Attributes:
        path: The folder.
        parity: What was proved.
        class_names: Name of each class, in the order of the probabilities.
        input_shape: (height, width, channels) of the images that it takes.
        engine: What answers.
    """

    def __init__(self, folder: ExportFolder, parity: Parity) -> None:
        self.path: Path = folder.path
        self.parity = parity
        self._folder = folder
        self.engine = Engine(folder.read(MODEL, parity), folder.path / MODEL)
        try:
            labels = parsed_json(folder.read(LABELS, parity).decode())
            self.class_names: tuple[str, ...] = tuple(map(str, labels["classes"]))
            height, width, channels = map(int, labels["input"]["shape"])
        except (ValueError, TypeError, KeyError):
            raise RunError(f"{folder.path / LABELS} is not of an export of Pellucid's.") from None
        self.input_shape: tuple[int, int, int] = (height, width, channels)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Exported:
        """Load an export, and see that nothing that matters to its answers has changed since it was proved.

        Raises:
            RunError: A file is missing, damaged or has changed.
            PellucidError: ONNX Runtime is not installed.
        """
        folder = ExportFolder(path)
        return cls(folder, folder.read_parity())

    def probabilities(self, images: Shaped[ndarray, "count ..."]) -> Float32[ndarray, "count classes"]:
        """Probability of each class.

        Args:
            images: uint8, [count, height, width, channels], of the shape that the run was trained for.

        Raises:
            DataError: The images have another shape or type.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            wanted = ", ".join(map(str, self.input_shape))
            raise DataError(f"images must be uint8 [count, {wanted}]; received {images.dtype} {list(images.shape)}.")
        if not len(images):
            return np.empty((0, len(self.class_names)), np.float32)
        at_once = self.engine.at_once
        parts = [self.engine.probabilities(images[start : start + at_once]) for start in range(0, len(images), at_once)]
        return np.concatenate(parts)

    def proof(self) -> tuple[UInt8[ndarray, "count height width channels"], Float32[ndarray, "count classes"]] | None:
        """Held-out images and what the run answers for them; None where they were left out.

        Raises:
            RunError: They are missing, damaged or have changed.
        """
        if PROOF not in self.parity.files:
            return None
        try:
            found = safetensors.numpy.load(self._folder.read(PROOF, self.parity))
            return found["images"], found["probabilities"]
        except (SafetensorError, KeyError):
            raise RunError(f"{self.path / PROOF} is not of an export of Pellucid's.") from None
