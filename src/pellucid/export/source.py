"""What an export is made from: a run folder, and what is asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import safetensors.numpy
from jaxtyping import Shaped
from numpy import ndarray
from safetensors import SafetensorError

from pellucid.errors import Fault, RunError, SpecError
from pellucid.export.witness import Question
from pellucid.run.folder import WEIGHTS, RunFolder, require_whole
from pellucid.run.record import RunRecord
from pellucid.spec.model import FactorySpec, ModelSpec


@dataclass(frozen=True, eq=False)
class Source:
    """A run as those find it who write it in a format.

    Attributes:
        run: Its folder.
        record: What run.json says.
        question: What the processes are asked that answer for the proof.
        maps: Whether what each layer makes of an image is to be given, too.
        raw_images: Whether there is to be a file for images of any size, too.
    """

    run: RunFolder
    record: RunRecord
    question: Question
    maps: bool = False
    raw_images: bool = False

    @property
    def work(self) -> Path:
        """The folder that the files are written to."""
        return self.question.work

    def layers(self, title: str) -> ModelSpec:
        """The network, which is one of layers.

        Args:
            title: Of the format.

        Raises:
            SpecError: It is made by the user's own code.
        """
        if isinstance(self.record.model, FactorySpec):
            remedy = "Take the format onnx or torch, which follow the code."
            raise SpecError([Fault(f"{title} holds networks of layers only", "a network of one's own code", remedy)])
        return self.record.model

    def weights_file(self) -> bytes:
        """The file of the weights, as the run wrote it.

        Raises:
            RunError: It is missing, or has changed.
        """
        raw = self.run.read_bytes(WEIGHTS)
        require_whole(self.run, self.record.weights_sha256, hashlib.sha256(raw).hexdigest())
        return raw

    def weights(self) -> dict[str, Shaped[ndarray, ...]]:
        """The weights, by the names of their file.

        Raises:
            RunError: They are missing or damaged.
        """
        try:
            return safetensors.numpy.load(self.weights_file())
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self.run.path / WEIGHTS} is truncated or not safetensors ({error}).") from None
