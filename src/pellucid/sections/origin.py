"""Whose network a section is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pellucid.text import shortened


@dataclass(frozen=True)
class Origin:
    """The network that is looked into.

    Attributes:
        path: The run folder.
        seed: From which the run was trained.
        untrained: Whether it is the control: the same network with the weights from which its training began.
    """

    path: Path
    seed: int
    untrained: bool = False

    @property
    def name(self) -> str:
        """The run, for titles."""
        return shortened(self.path.resolve().name)

    @property
    def suffix(self) -> str:
        """What tells the control's files from those of the trained network."""
        return "-untrained" if self.untrained else ""

    def control(self, words: str) -> str:
        """The words where the control is shown, and else nothing."""
        return words if self.untrained else ""
