"""Which formats there are: read this first. A further one is an entry here, and a module of its name beside this one.

A module has three functions, see `FormatModule`: who writes the format, who answers for it in the proof, and what its
README says. It is imported when it is needed and not before, since one may need torch and another a compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from numpy import ndarray

from pellucid.arrays import Float32, UInt8
from pellucid.errors import RunError, SettingError, unknown
from pellucid.export.interface import MODEL, OPSET
from pellucid.words import some

Facts = dict[str, int | float | str]


@runtime_checkable
class Answering(Protocol):
    """A written file as a function.

    Attributes:
        name: What answers: ``onnxruntime``, ``torch`` or ``c``.
        at_once: How many images it is asked about at once.
    """

    name: str
    at_once: int

    def probabilities(self, images: UInt8[ndarray, "count height width channels"]) -> Float32[ndarray, "count classes"]:
        """Probability of each class, for at most `at_once` images."""
        ...


@runtime_checkable
class FormatModule(Protocol):
    """What a module of a format has."""

    def write(self, source: Any) -> Facts:
        """Write the files of the format into `Source.work`.

        Returns:
            What there is to tell of them in parity.json, by name, such as how much memory they need.

        Raises:
            SpecError: The format cannot hold the network.
        """
        ...

    def load(self, files: Mapping[str, bytes], place: Path) -> Answering:
        """What answers for the files in the proof and later; it needs nothing of the run.

        Args:
            files: Their content, by name.
            place: Where they lie, for messages.

        Raises:
            RunError: They are damaged, or are code that nobody said may be run.
        """
        ...

    def usage(self, about: Any) -> str:
        """The text of README.md, from a `Usage`."""
        ...


@dataclass(frozen=True)
class Format:
    """A format that networks are written in.

    Attributes:
        name: What it is called where it is chosen, and its module.
        title: What it is called in texts.
        files: What its module writes; beside these a folder has what every export has.
        asked_for: Further files, which its module writes where a setting asks for them.
        libraries: Those that write it and answer for it.
        settings: The settings of an export that only some formats heed, and this one does.
        opset: Version of ONNX's operators, where it is ONNX.
        exact: Whether it must answer as the run does within the tolerance; else its accuracy must be the run's within
            a margin.
        is_code: Whether its files are code that is run where they are asked, and must be trusted for that.
    """

    name: str
    title: str
    files: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    settings: frozenset[str] = frozenset()
    opset: int | None = None
    exact: bool = True
    is_code: bool = False

    @property
    def module(self) -> FormatModule:
        """Who writes it, answers for it and tells how it is used."""
        return cast("FormatModule", import_module(f"pellucid.export.formats.{self.name}"))


ONNX = ("onnx", "onnxruntime")
RAW = "raw.onnx"  # for images of any size
FORMATS = {
    entry.name: entry
    for entry in (
        Format(
            *("onnx", "ONNX", (MODEL,), ONNX, (RAW,)),
            settings=frozenset({"maps", "raw_images"}),
            opset=OPSET,
        ),
        Format(
            *("int8", "ONNX in 8 bits", (MODEL,), ONNX),
            settings=frozenset({"margin"}),
            opset=OPSET,
            exact=False,
        ),
        Format("torch", "torch.export", ("model.pt2",), ("torch",), is_code=True),
        Format("safetensors", "safetensors", ("model.safetensors", "network.json", "network.py"), ("torch",)),
        Format("c", "C99", ("model.c",), is_code=True),
    )
}


def format_named(name: str) -> Format:
    """The entry of a format.

    Raises:
        SettingError: There is none of that name.
    """
    if name not in FORMATS:
        raise SettingError([unknown("format", name, FORMATS)])
    return FORMATS[name]


def format_of(files: Iterable[str]) -> Format:
    """The format that an export is in, by the names of its files.

    Raises:
        RunError: They are of none.
    """
    names = set(files)
    for entry in FORMATS.values():
        if names.issuperset(entry.files):
            return entry
    raise RunError(f"The export is in a format that this version of Pellucid does not know ({some(sorted(names))}).")
