"""ONNX Runtime, asked about images."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float32, UInt8
from pellucid.data.portions import answered_at_once
from pellucid.errors import PellucidError, RunError
from pellucid.export.interface import IMAGES, MODEL, PROBABILITIES
from pellucid.machine import cores
from pellucid.words import counted

OUTPUTS = [PROBABILITIES]
# Else a failure is printed, on stdout, and what failed is tried a second time.
QUIETLY: dict[str, Any] = {"enable_fallback": 0}
ONLY_FATAL = 4  # what goes wrong otherwise is raised
LEAST_OF_A_THREAD = 16  # images, for which a thread of their own pays


def require_library(name: str) -> None:
    """See that a library of the extra ``export`` is installed.

    Raises:
        PellucidError: It is not.
    """
    if find_spec(name) is None:
        raise PellucidError(f"An export needs {name}. Install it with: pip install 'pellucid[export]'")


class Engine:
    """An ONNX file as a function from images to probabilities, on the processor.

    ONNX Runtime works on a call with one thread, as several take longer to agree than one image takes. Many images are
    shared out to threads instead, which then need not agree on anything.

    Attributes:
        name: What answers.
        input_shape: (height, width, channels) of the images that it takes.
        classes: How many probabilities it gives for each; None where the file does not say.
        at_once: How many images it is asked about at once.
    """

    name = "onnxruntime"

    def __init__(self, content: bytes, place: Path) -> None:
        require_library("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ONLY_FATAL
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:  # of bytes, so that it takes no further file
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], **QUIETLY
            )
        except Exception as error:  # noqa: BLE001 - its errors have no common kind
            raise RunError(f"{place} cannot be loaded by ONNX Runtime ({_first_words(error)}).") from None
        self.input_shape, self.classes = _required(self._session, place)
        height, width, _ = self.input_shape
        self.at_once = answered_at_once(height, width)
        self._threads = _threads()
        self._local = threading.local()

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class, for all images at once.

        Raises:
            RunError: The network does not take so many images; one of the user's own code may count on a number.
        """
        shares = min(self._threads, len(images) // LEAST_OF_A_THREAD)
        if shares < 2:
            return self._asked(images)
        return np.concatenate(list(self._pool.map(self._asked, np.array_split(images, shares))))

    @cached_property
    def _pool(self) -> Any:
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(self._threads, "pellucid-export")

    @property
    def _one(self) -> _One:
        """What is asked about one image; each thread has its own."""
        if not hasattr(self._local, "one"):
            self._local.one = _One(self._session, self.input_shape, self.classes or 0)
        return self._local.one

    def _asked(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        try:
            if len(images) == 1 and self.classes:
                return self._one.asked(images)
            return self._session.run(OUTPUTS, {IMAGES: np.ascontiguousarray(images)})[0]
        except Exception as error:  # noqa: BLE001 - its errors have no common kind
            rule = f"The export must answer for {counted(len(images), 'image')} at once"
            remedy = "A network of one's own code must leave the number open, as reshape(-1, …) does."
            raise RunError(f"{rule}; ONNX Runtime says: {_first_words(error)}. {remedy}") from None


class _One:
    """A network asked about one image at a time, through memory that stays, which small ones notice in their time."""

    def __init__(self, session: Any, input_shape: tuple[int, int, int], classes: int) -> None:
        self._session = session
        self._image, self._answer = np.empty((1, *input_shape), np.uint8), np.empty((1, classes), np.float32)
        self._bound = session.io_binding()
        self._bound.bind_cpu_input(IMAGES, self._image)
        place = self._answer.ctypes.data
        self._bound.bind_output(PROBABILITIES, "cpu", 0, self._answer.dtype, self._answer.shape, place)

    def asked(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        self._image[...] = images
        self._session.run_with_iobinding(self._bound)
        return self._answer.copy()


def _required(session: Any, place: Path) -> tuple[tuple[int, int, int], int | None]:
    """The shape of images that a network takes, and how many probabilities it gives.

    Raises:
        RunError: It takes or gives something else, as an ONNX file from elsewhere does, or takes images of any size.
    """
    given = {each.name: (each.type, each.shape) for each in session.get_inputs()}
    found = {each.name: each.shape for each in session.get_outputs()}
    kind, shape = given.get(IMAGES, ("", []))
    takes = len(given) == 1 and kind == "tensor(uint8)" and len(shape) == 4 and type(shape[3]) is int
    if not takes or len(found.get(PROBABILITIES, [])) != 2:
        rule = f"{place} must take {IMAGES} (uint8, [batch, height, width, channels]) and give {PROBABILITIES}"
        taken = ", ".join(f"{name} ({kind} {shape})" for name, (kind, shape) in given.items())
        raise RunError(f"{rule}; it takes {taken[:200]}, and gives {', '.join(found)[:200]}. Export it by Pellucid.")
    height, width, channels = shape[1:]
    if not (isinstance(height, int) and isinstance(width, int)):
        raise RunError(f"{place} takes images of any size. Pellucid asks the file of one size, {MODEL}, beside it.")
    classes = found[PROBABILITIES][1]
    return (height, width, channels), classes if isinstance(classes, int) else None


def _threads() -> int:
    """How many threads images are shared out to: one a core, or fewer where OpenMP's programs are told so."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores(), int(told)) if told.isdecimal() and int(told) else cores()


def _first_words(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
