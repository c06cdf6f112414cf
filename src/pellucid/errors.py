"""What can go wrong, in few kinds: each message gives the rule, what was received, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pellucid.text import shortened

MOST_KNOWN = 30  # names in a message
MOST_DIGITS = 10  # of a number that names are told apart by
MOST_FAULTS = 20  # of a specification in a message


class PellucidError(Exception):
    """The input or the run is at fault. Its text is meant to be read by the user as it is."""

    exit_status = 1


class DataError(PellucidError):
    """Images, labels or a data set cannot be used as they are."""


class RunError(PellucidError):
    """A run folder is missing, incomplete, foreign, or cannot be written."""


class ResumeError(RunError):
    """A training cannot be gone on with to the same bits: its checkpoints are damaged, or something is different."""


class DeviceError(PellucidError):
    """A device or precision was asked for that this machine does not offer."""


class TrainingError(PellucidError):
    """Training could not go on."""


class DivergedError(TrainingError):
    """A loss or a weight is not finite."""


class PellucidWarning(UserWarning):
    """Something that the user should know of, with which the work goes on all the same."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a specification.

    Attributes:
        rule: What must hold.
        received: What was given instead.
        remedy: What to do about it; may be empty.
        layer: Number of the layer, from 1, or None when the fault is not in a layer.
        kind: The layer's kind, such as ``conv2d``; empty when it is unknown.
    """

    rule: str
    received: str = ""
    remedy: str = ""
    layer: int | None = None
    kind: str = ""

    def __str__(self) -> str:
        text = self.rule
        if self.received:
            text += f"; received {self.received}"
        if self.layer is not None:
            text += f" in layer {self.layer}" + (f" ({self.kind})" if self.kind else "")
        return f"{text}. {self.remedy}".rstrip()


class SpecError(PellucidError):
    """A model specification breaks its rules; ``faults`` holds all of them, and the text the first ones."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        more = len(self.faults) - MOST_FAULTS
        told = [str(fault) for fault in self.faults[:MOST_FAULTS]]
        super().__init__("\n".join([*told, f"And {more:,} more such faults."] if more > 0 else told))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Fault, ...]]]:
        """How it goes from one process to another: by its faults, not by its text."""
        return type(self), (self.faults,)


class SettingError(SpecError):
    """A setting, or the name given for one, is not among what is allowed."""

    exit_status = 2


def suggest(name: object, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or else list them, the first few of very many."""
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), names, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    rows = [[each] for each in names] if len(names) <= MOST_KNOWN else _numbered(names)
    left = sum(map(len, rows[MOST_KNOWN:]))
    told = [" to ".join(shortened(each) for each in dict.fromkeys((row[0], row[-1]))) for row in rows[:MOST_KNOWN]]
    more = f" and {left:,} more" if left else ""
    return f"Known: {', '.join(told)}{more}." if names else ""


def _numbered(names: Iterable[str]) -> list[list[str]]:
    """Names in rows, each of which differs from the one before by the number at its end, as pixel0 and pixel1."""
    rows: list[list[str]] = []
    before = None
    for name in names:
        stem = name.rstrip("0123456789")
        number = name[len(stem) :]
        here = (stem, int(number)) if 0 < len(number) < MOST_DIGITS else None
        if rows and here and before == (stem, here[1] - 1):
            rows[-1].append(name)
        else:
            rows.append([name])
        before = here
    return rows


def unknown(what: str, name: object, known: Iterable[str]) -> Fault:
    """The fault of a name that is not among the known ones."""
    return Fault(f"Unknown {what} {str(name)!r}", remedy=suggest(name, known))
