"""One section's measurements: how much is measured, with which data, and the JSON file that keeps every run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.compare.machine import describe_machine, find_versions
from benchmarks.compare.processes import Program, measure

PROGRAMS = Path(__file__).parent.parent
MNIST_IMAGES = 60_000


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        rounds: Of every interleaved comparison.
        seconds: The least that a rate is measured.
        sizes: Batch sizes.
        images: Training images of a whole training.
        part_images: Training images where a part is timed and scaled up.
        epochs: Passes over the images by the tutorial's program.
        second_epochs: Of the second point of the recipe ``fast``.
        seeds: Of that recipe's accuracy.
        processes: Fresh ones that must not stall.
        growth: Counts of images whose time is measured.
        memory: Counts of images whose memory is measured.
        filters: Counts of filters.
        test_images: Images to judge on.
    """

    rounds: int = 5
    seconds: float = 2.0
    sizes: tuple[int, ...] = (1, 10, 128, 1024)
    images: int = MNIST_IMAGES
    part_images: int = 6_000
    epochs: int = 15
    second_epochs: int = 3
    seeds: int = 20
    processes: int = 20
    growth: tuple[int, ...] = (6_000, 60_000, 600_000)
    memory: tuple[int, ...] = (6_000, 60_000, 300_000)
    filters: tuple[int, ...] = (1, 4, 16, 64)
    test_images: int = 10_000


QUICK = Scale(
    rounds=2,
    seconds=0.1,
    sizes=(1, 32),
    images=1_000,
    part_images=500,
    epochs=2,
    second_epochs=1,
    seeds=2,
    processes=2,
    growth=(500, 1_000),
    memory=(500, 1_000),
    filters=(1, 4),
    test_images=500,
)


@dataclass
class Bench:
    """The measurements of one section.

    Attributes:
        section: Its name.
        scale: How much is measured.
        out: Folder of the results.
        scratch: Folder that goes away.
    """

    section: str
    scale: Scale
    out: Path
    scratch: Path
    runs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._head = {
            "section": self.section,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": describe_machine(),
            "versions": find_versions(),
            "scale": asdict(self.scale),
        }

    def run(self, program: Program, **facts: Any) -> None:
        """Run a program once and keep what it gave, with facts about the run."""
        self._keep(program, measure(program), facts)

    def run_at_once(self, programs: Sequence[Program], **facts: Any) -> None:
        """Run programs at the same time, each once, and keep what each gave."""
        with ThreadPoolExecutor(len(programs)) as pool:
            measured = list(pool.map(measure, programs))
        for program, figures in zip(programs, measured, strict=True):
            self._keep(program, figures, facts)

    def _keep(self, program: Program, figures: dict[str, Any], facts: dict[str, Any]) -> None:
        self.runs.append({**facts, **figures, "command": self._shown(program.command)})
        self.save()
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        print(f"{self.section}: {program.name}, {told}: {figures['total_seconds']:.1f} s", file=sys.stderr, flush=True)

    def interleave(self, programs: Sequence[Program], **facts: Any) -> None:
        """A B C A B C ...: every program once a round."""
        for turn in range(self.scale.rounds):
            for program in programs:
                self.run(program, round=turn, **facts)

    def mnist(self, images: int, test_images: int | None = None) -> str:
        """An .npz file of so many training images of MNIST, repeated where they do not suffice."""
        tests = test_images or self.scale.test_images
        file = self.scratch / f"mnist-{images}-{tests}.npz"
        if not file.exists():
            script = str(PROGRAMS / "peers" / "mnist_npz.py")
            counts = ("--images", str(images), "--test-images", str(tests))
            subprocess.run([sys.executable, script, str(file), *counts], check=True)
        return str(file)

    def pellucid_data(self) -> str:
        """What Pellucid trains on: MNIST by its name, but for a trial."""
        return "mnist" if self.scale.images == MNIST_IMAGES else self.mnist(self.scale.images)

    def save(self) -> None:
        """Write all runs so far, atomically."""
        self.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**self._head, "runs": self.runs}, indent=1) + "\n"
        with tempfile.NamedTemporaryFile("w", dir=self.out, encoding="utf-8", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(self.out / f"{self.section}.json")

    def _shown(self, command: tuple[str, ...]) -> str:
        """A command without the folders of this machine."""
        text = " ".join(command).replace(f"{self.scratch}/", "").replace(f"{PROGRAMS}/", "benchmarks/")
        return text.replace(sys.executable, "python").replace(f"{Path(sys.executable).parent}/", "")
