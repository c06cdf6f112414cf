"""A C file compiled by the compiler of this machine, and asked."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.errors import PellucidError, RunError

COMPILERS = ("cc", "gcc", "clang")
OPTIONS = ("-std=c99", "-O3", "-shared", "-fPIC")


def compiler() -> list[str]:
    """The command of the compiler: what the variable CC says, or else the first of `COMPILERS` that is there.

    Raises:
        PellucidError: There is none.
    """
    told = shlex.split(os.environ.get("CC", ""))
    for command in [told] if told else [[name] for name in COMPILERS]:
        if shutil.which(command[0]):
            return command
    looked = told[0] if told else ", ".join(COMPILERS)
    rule = "The proof of an export in C needs a C compiler"
    raise PellucidError(f"{rule}; none of {looked} is here. Install one, or name it by the variable CC.")


def compiler_version() -> str:
    """The first line of what the compiler says of itself."""
    done = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return (done.stdout.splitlines() or [compiler()[0]])[0][:200]


class Library:
    """A C file as a function from images to probabilities, one image after another.

    Attributes:
        name: What answers.
        at_once: How many images it is asked about at once.
    """

    name = "c"
    at_once = 1

    def __init__(self, source: bytes, classes: int, place: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="pellucid-c-", ignore_cleanup_errors=True) as work:
            file, library = Path(work) / "model.c", Path(work) / "model.so"
            file.write_bytes(source)
            done = subprocess.run(  # noqa: S603 - the user's compiler, on a file that is trusted
                [*compiler(), *OPTIONS, str(file), "-o", str(library), "-lm"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                told = " ".join(done.stderr.split())[:300]
                raise RunError(f"{place} cannot be compiled by {compiler()[0]} ({told}).")
            try:
                self._predict = ctypes.CDLL(str(library)).pellucid_predict
            except (OSError, AttributeError) as error:
                raise RunError(f"{place} is not of an export of Pellucid's ({error}).") from None
        self._predict.restype = None
        self._classes = classes

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class."""
        whole, answers = np.ascontiguousarray(images), np.empty((len(images), self._classes), np.float32)
        for image, answer in zip(whole, answers, strict=True):
            self._predict(image.ctypes.data_as(ctypes.c_void_p), answer.ctypes.data_as(ctypes.c_void_p))
        return answers
